/** What is known of the calls of one trace. */
interface TraceCalls {
  /** By hash of name and arguments: hashes of the ids of the calls, each call once. */
  readonly ids: Map<number, number[]>;
  /** The call with which the threshold was reached, or undefined. */
  crossedBy: number | undefined;
}

/** Identical tool calls by trace, over batches; forgets the traces it has heard nothing new of for longest. */
export class CallMemory {
  readonly #threshold: number;
  readonly #maxCalls: number;
  readonly #traces = new Map<number, TraceCalls>();
  #calls = 0;

  /** @param maxCalls calls remembered over all traces */
  constructor(threshold: number, maxCalls: number) {
    this.#threshold = threshold;
    this.#maxCalls = maxCalls;
  }

  /**
   * Remembers a call of a trace, each by a hash; one that was sent again counts once.
   *
   * @returns whether the trace has reached the threshold with this call: for one call of a trace, and again when a client
   *   sends that call again because it was not told that it was stored
   */
  add(trace: number, call: number, id: number): boolean {
    const known = this.#traceOf(trace);
    if (known.crossedBy !== undefined) return known.crossedBy === id;
    const ids = known.ids.get(call) ?? [];
    if (ids.includes(id)) return false;
    ids.push(id);
    known.ids.set(call, ids);
    this.#calls++;
    if (ids.length >= this.#threshold) {
      known.crossedBy = id;
      this.#calls -= callsOf(known);
      known.ids.clear();
    }
    this.#forget();
    return known.crossedBy === id;
  }

  get size(): number {
    return this.#calls;
  }

  #traceOf(trace: number): TraceCalls {
    const known = this.#traces.get(trace) ?? { ids: new Map(), crossedBy: undefined };
    this.#traces.delete(trace);
    this.#traces.set(trace, known);
    return known;
  }

  #forget(): void {
    for (const [trace, known] of this.#traces) {
      if (this.#calls + this.#traces.size <= this.#maxCalls) return;
      this.#calls -= callsOf(known);
      this.#traces.delete(trace);
    }
  }
}

function callsOf({ ids }: TraceCalls): number {
  let calls = 0;
  for (const list of ids.values()) calls += list.length;
  return calls;
}

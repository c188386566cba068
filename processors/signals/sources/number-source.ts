import type { DerivedName, NumberColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** A number of each span of a batch; NaN where there is none. */
export interface NumberSource {
  /** Whether any span of the batch can have one. */
  bind(batch: SpanBatch): boolean;
  at(row: number): number;
}

export class DerivedNumber implements NumberSource {
  readonly #name: DerivedName;
  #column: NumberColumn | undefined;

  constructor(name: DerivedName) {
    this.#name = name;
  }

  bind(batch: SpanBatch): boolean {
    this.#column = batch.derivedColumn(this.#name) as NumberColumn | undefined;
    return this.#column !== undefined;
  }

  at(row: number): number {
    return this.#column?.values[row] ?? Number.NaN;
  }
}

/** End minus start, in nanoseconds; none for a span that has not ended. */
export class SpanDuration implements NumberSource {
  #start: Uint32Array = new Uint32Array(0);
  #end: Uint32Array = new Uint32Array(0);

  bind(batch: SpanBatch): boolean {
    this.#start = batch.startTimeUnixNano;
    this.#end = batch.endTimeUnixNano;
    return true;
  }

  at(row: number): number {
    const endLow = this.#end[2 * row]!;
    const endHigh = this.#end[2 * row + 1]!;
    if (endLow === 0 && endHigh === 0) return Number.NaN;
    return (endHigh - this.#start[2 * row + 1]!) * 2 ** 32 + (endLow - this.#start[2 * row]!);
  }
}

/** How long a body may stand still before others, which wait, are read as well. No option: it only says when turns change. */
const stallMs = 100;

/** The turn of one body. */
export class Turn {
  readonly bytes: number;
  readonly #end: (turn: Turn) => void;
  #progressAtMs = performance.now();

  constructor(bytes: number, end: (turn: Turn) => void) {
    this.bytes = bytes;
    this.#end = end;
  }

  /** Some of the body has come. */
  progress(): void {
    this.#progressAtMs = performance.now();
  }

  isStalled(nowMs: number): boolean {
    return nowMs - this.#progressAtMs >= stallMs;
  }

  /** The body has come, or will not. Twice is once. */
  end(): void {
    this.#end(this);
  }
}

/**
 * Lets large bodies be read some at a time, in the order in which they began. Read all at once, a hundred bodies grow side by
 * side: each has its memory for as long as all of them take, and none is in the processor's caches when it is complete. Those
 * that wait stay with the kernel and their senders.
 *
 * Nobody is refused, and nobody is held up for long by one who sends slowly: a body that stands still loses its turn, and is read
 * on beside those whose turn it is.
 */
export class ReadingTurns {
  readonly #maxBytes: number;
  readonly #turns = new Set<Turn>();
  readonly #waiting: { readonly bytes: number; readonly begin: (turn: Turn) => void }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxBytes of the bodies whose turn it is; one that is larger has it alone */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bodies that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when a body of so many bytes is to be read; `end()` of the turn must follow. */
  take(bytes: number): Promise<Turn> {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) return Promise.resolve(this.#begin(bytes));
    this.#timer ??= setInterval(() => this.#endStalled(), stallMs).unref();
    return new Promise((begin) => this.#waiting.push({ bytes, begin }));
  }

  #hasRoom(bytes: number): boolean {
    return this.#turns.size === 0 || this.#bytes + bytes <= this.#maxBytes;
  }

  #begin(bytes: number): Turn {
    const turn = new Turn(bytes, (ended) => this.#end(ended));
    this.#turns.add(turn);
    this.#bytes += bytes;
    return turn;
  }

  #end(turn: Turn): void {
    if (!this.#turns.delete(turn)) return;
    this.#bytes -= turn.bytes;
    while (this.#waiting.length > 0 && this.#hasRoom(this.#waiting[0]!.bytes)) {
      const { bytes, begin } = this.#waiting.shift()!;
      begin(this.#begin(bytes));
    }
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #endStalled(): void {
    const nowMs = performance.now();
    // Of those alone whose turn it was: the turns that begin here have not stood still.
    for (const turn of [...this.#turns]) if (turn.isStalled(nowMs)) turn.end();
  }
}

import type { Store } from "../../extensions/api/api.ts";
import { RetryableError } from "../../pipeline/errors.ts";

type Row = Readonly<Record<string, unknown>>;

/** Bounds of small inserts. */
export interface WriterLimits {
  /** Inserts under way; the server joins what arrives together. */
  readonly maxInserts: number;
  /** Inserts that wait for their turn; beyond, the sender is asked to come again. */
  readonly maxWaiting: number;
}

/** Writes rows beside the pipeline, a bounded number of inserts at a time. */
export class RowWriter {
  readonly #store: Store;
  readonly #limits: WriterLimits;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(store: Store, limits: WriterLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /**
   * Resolves when the rows can be read.
   *
   * @throws {RetryableError} too many inserts wait
   * @throws {ApiError} 503: ClickHouse cannot be reached or is overloaded; 400 or 500: it will never take the rows
   */
  async insert(table: string, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#turn();
    try {
      await this.#store.insert(table, rows);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#limits.maxInserts) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) {
      const { maxWaiting } = this.#limits;
      throw new RetryableError(`zeroeval: ${maxWaiting} inserts wait, as many as max_waiting_inserts allows`, {
        retryAfterMs: 1_000,
      });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

import { PermanentError, StatusCode } from "../../../pipeline/errors.ts";
import type { Sized } from "../table.ts";

/** Rows of one table, as JSON lines. */
export class RowBatch implements Sized {
  readonly lines: Buffer[] = [];
  /** Of each row: days since the epoch, UTC. */
  readonly days: number[] = [];
  byteLength = 0;

  get itemCount(): number {
    return this.lines.length;
  }
}

const dayNanos = 86_400_000_000_000n;

/**
 * Collects the rows of one batch, by table.
 *
 * Rows repeat what OTLP says once for many, so a small request can become very much larger: `maxBytes` bounds that.
 */
export class RowCollector<Table> {
  readonly rows = new Map<Table, RowBatch>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether rows were refused because there were too many bytes. */
  get isOverfull(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** Rows of all tables. */
  get count(): number {
    return [...this.rows.values()].reduce((sum, { itemCount }) => sum + itemCount, 0);
  }

  /**
   * @param members parts of the row: JSON members without braces; empty ones are passed over
   * @throws {PermanentError} RESOURCE_EXHAUSTED: the rows are larger than `maxBytes`
   */
  add(table: Table, nanos: bigint, members: readonly string[]): void {
    const line = Buffer.from(`{${members.filter((part) => part !== "").join(",")}}\n`);
    this.#bytes += line.length;
    if (this.isOverfull) {
      const message = `the batch's rows have more bytes than sending_queue.max_queue_bytes ${this.#maxBytes}`;
      throw new PermanentError(message, { code: StatusCode.RESOURCE_EXHAUSTED });
    }
    let batch = this.rows.get(table);
    if (batch === undefined) {
      batch = new RowBatch();
      this.rows.set(table, batch);
    }
    batch.lines.push(line);
    batch.days.push(Number(nanos / dayNanos));
    batch.byteLength += line.length;
  }
}

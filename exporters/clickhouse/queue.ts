import { RetryableError } from "../../pipeline/errors.ts";
import { queueCapacityOf, type SendingQueueConfig } from "./queue-config.ts";

/** An amount of data. */
export interface Load {
  readonly requests: number;
  readonly items: number;
  readonly bytes: number;
}

/**
 * Counts what is taken and not yet settled, in requests, items and encoded bytes, and says when there is room.
 * It holds no data: that is in open and closed blocks.
 */
export class QueueBounds {
  readonly #id: string;
  readonly #config: SendingQueueConfig;
  /** In units of the sizer. */
  readonly capacity: number;
  requests = 0;
  items = 0;
  bytes = 0;
  readonly #waiting: (() => void)[] = [];
  #closed: Error | undefined;

  constructor(id: string, config: SendingQueueConfig) {
    this.#id = id;
    this.#config = config;
    this.capacity = queueCapacityOf(config);
  }

  /** In units of the sizer. */
  get size(): number {
    return this[this.#config.sizer];
  }

  /**
   * Takes room for `load`, and waits for it where `block_on_overflow` says so. To be given back with `add` of the negative.
   *
   * @throws {RetryableError} there is no room
   */
  reserve(load: Load): Promise<void> | undefined {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#waiting.length === 0 && this.#hasRoom(load)) {
      this.add(load);
      return undefined;
    }
    if (!this.#config.block_on_overflow) throw this.#full();
    return this.#wait(load);
  }

  add({ requests, items, bytes }: Load, sign: 1 | -1 = 1): void {
    this.requests += sign * requests;
    this.items += sign * items;
    this.bytes += sign * bytes;
    if (sign < 0) this.#waiting.shift()?.();
  }

  /** Turns away everybody who waits for room, and who comes later. */
  close(error: Error): void {
    this.#closed = error;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #wait(load: Load): Promise<void> {
    do {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#closed !== undefined) throw this.#closed;
    } while (!this.#hasRoom(load));
    this.add(load);
    // There may be room for the next one too.
    this.#waiting.shift()?.();
  }

  #hasRoom(load: Load): boolean {
    // An empty queue takes anything: what never fits would never be stored.
    if (this.items === 0) return true;
    const { sizer, max_queue_bytes } = this.#config;
    return this.size + load[sizer] <= this.capacity && this.bytes + load.bytes <= max_queue_bytes;
  }

  #full(): RetryableError {
    const { sizer, max_queue_bytes } = this.#config;
    const held = `${this.size} of ${this.capacity} ${sizer}, ${this.bytes} of ${max_queue_bytes} bytes`;
    return new RetryableError(`${this.#id}: sending queue is full: ${held}`, { retryAfterMs: 1_000 });
  }
}

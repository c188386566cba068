import { setMaxListeners } from "node:events";
import { PermanentError, RetryableError } from "../../pipeline/errors.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { QueueBatchConfig, SendingQueueConfig, Sizer } from "./queue-config.ts";

/** What a queue holds: a piece of a batch, ready to be sent. */
export interface Load {
  readonly items: number;
  /** Bytes of memory. */
  readonly bytes: number;
}

/** What a queue tells and asks its owner. */
export interface QueueOwner<T extends Load> {
  /** Sends pieces as one request, retries included. Rejects when it gives up; `signal` aborts at the shutdown's deadline. */
  send(group: readonly T[], signal: AbortSignal): Promise<void>;
  /** The queue was full, or shutting down: the caller keeps its data. */
  refused(items: number): void;
  /** Pieces that were still waiting when the shutdown's deadline came. */
  abandoned(items: number, error: Error): void;
}

/** How long a refused caller should wait: the queue moves on with every answer of the server, so not long. */
const overflowRetryMs = 1_000;

/** Pieces of one `offer`, which succeeds or fails as one. */
class Offer {
  readonly done: Promise<void>;
  #pending: number;
  #error: unknown;
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(pieces: number) {
    this.#pending = pieces;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Nobody may be waiting; the error has been counted and logged by then.
    this.done.catch(() => undefined);
  }

  /** A retryable error outweighs a permanent one: the caller must keep what may still be delivered. */
  settleOne(error?: unknown): void {
    if (error !== undefined && (this.#error === undefined || this.#error instanceof PermanentError))
      this.#error = error;
    if (--this.#pending > 0) return;
    if (this.#error === undefined) this.#settle?.resolve();
    else this.#settle?.reject(this.#error);
  }
}

interface Entry<T> {
  readonly piece: T;
  readonly offer: Offer;
  readonly enqueuedAt: number;
}

interface Blocked {
  readonly proceed: () => void;
}

/**
 * A bounded queue in memory, in front of `num_consumers` concurrent sends. What is being sent counts as in the queue: it
 * holds memory until the server has answered. With `batch`, the queue itself is where pieces gather.
 */
export class SendingQueue<T extends Load> {
  readonly #config: SendingQueueConfig;
  readonly #owner: QueueOwner<T>;
  readonly #waitForResult: boolean;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #sends = new Set<Promise<void>>();
  #waiting: Entry<T>[] = [];
  #blocked: Blocked[] = [];
  #cancelFlush: (() => void) | undefined;
  #closed = false;
  #size = 0;
  #bytes = 0;

  constructor(config: SendingQueueConfig, waitForResult: boolean, owner: QueueOwner<T>, clock: Clock = systemClock) {
    // Every send listens; Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#abort.signal);
    this.#config = config;
    this.#owner = owner;
    this.#waitForResult = waitForResult;
    this.#clock = clock;
  }

  /** What waits and what is being sent, counted by `sizer`. */
  get size(): number {
    return this.#size;
  }

  get capacity(): number {
    return this.#config.queue_size;
  }

  /** Requests being sent, waits between retries included. */
  get inFlight(): number {
    return this.#sends.size;
  }

  /**
   * Puts pieces of one batch into the queue, all or none.
   *
   * @param items of the batch
   * @param makePieces not called when the queue is full already: a refusal must cost little
   * @returns when the pieces are in the queue, or with `wait_for_result` when they are delivered
   * @throws {RetryableError} the queue is full or shutting down; or what the send of a piece was given up with
   */
  async offer(items: number, makePieces: () => readonly T[]): Promise<void> {
    if (!this.#config.block_on_overflow && this.#isFull()) this.#refuse(items, "is full");
    const pieces = makePieces();
    if (pieces.length === 0) return;
    await this.#admit(pieces, items);
    const offer = new Offer(pieces.length);
    const enqueuedAt = this.#clock.now();
    for (const piece of pieces) this.#waiting.push({ piece, offer, enqueuedAt });
    this.#pump();
    if (this.#waitForResult) await offer.done;
  }

  /** Refuses what comes, sends what is there until `deadline` aborts, and gives up the rest. */
  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#closed = true;
    for (const { proceed } of this.#blocked.splice(0)) proceed();
    const giveUp = (): void => {
      this.#abandon();
      this.#abort.abort(new RetryableError("shut down before the export was done"));
    };
    if (deadline.aborted) giveUp();
    else deadline.addEventListener("abort", giveUp, { once: true });
    this.#pump();
    while (this.#sends.size > 0) await Promise.race(this.#sends);
    deadline.removeEventListener("abort", giveUp);
    this.#cancelFlush?.();
  }

  async #admit(pieces: readonly T[], items: number): Promise<void> {
    const size = sumOf(pieces, this.#config.sizer);
    const bytes = sumOf(pieces, "bytes");
    while (!this.#closed && !this.#hasRoom(size, bytes)) {
      if (!this.#config.block_on_overflow) this.#refuse(items, "is full");
      await new Promise<void>((proceed) => this.#blocked.push({ proceed }));
    }
    if (this.#closed) this.#refuse(items, "is shutting down");
    this.#size += size;
    this.#bytes += bytes;
  }

  #refuse(items: number, why: string): never {
    this.#owner.refused(items);
    throw new RetryableError(`sending queue ${why}`, { retryAfterMs: overflowRetryMs });
  }

  #isFull(): boolean {
    return this.#size >= this.#config.queue_size || this.#bytes >= this.#config.max_queue_bytes;
  }

  /** An empty queue takes anything: what is larger than the whole queue could never be delivered otherwise. */
  #hasRoom(size: number, bytes: number): boolean {
    if (this.#bytes === 0 && this.#size === 0) return true;
    return this.#size + size <= this.#config.queue_size && this.#bytes + bytes <= this.#config.max_queue_bytes;
  }

  #pump(): void {
    while (this.#sends.size < this.#config.num_consumers) {
      const group = this.#nextGroup();
      if (group.length === 0) return;
      const sending = this.#send(group);
      this.#sends.add(sending);
      void sending.then(() => {
        this.#sends.delete(sending);
        this.#pump();
      });
    }
  }

  /** Takes the pieces of the next request off the queue; none when it is better to wait. */
  #nextGroup(): Entry<T>[] {
    const { batch } = this.#config;
    if (batch === undefined) return this.#waiting.splice(0, 1);
    const count = this.#countForBatch(batch);
    return this.#waiting.splice(0, count);
  }

  #countForBatch(batch: QueueBatchConfig): number {
    let size = 0;
    for (let count = 0; count < this.#waiting.length; count++) {
      const next = sizeOf(this.#waiting[count]!.piece, batch.sizer);
      if (batch.max_size > 0 && size + next > batch.max_size && count > 0) return count;
      size += next;
      if (size >= batch.min_size) return count + 1;
    }
    return this.#isDue(batch) ? this.#waiting.length : 0;
  }

  /** Whether the oldest piece has waited long enough; otherwise sees to it that it will be looked at then. */
  #isDue(batch: QueueBatchConfig): boolean {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return false;
    const remainingMs = batch.flush_timeout - (this.#clock.now() - oldest.enqueuedAt);
    if (this.#closed || remainingMs <= 0) return true;
    this.#cancelFlush?.();
    this.#cancelFlush = this.#clock.schedule(remainingMs, () => this.#pump());
    return false;
  }

  async #send(group: readonly Entry<T>[]): Promise<void> {
    let failure: unknown;
    try {
      await this.#owner.send(
        group.map((entry) => entry.piece),
        this.#abort.signal,
      );
    } catch (error) {
      failure = error ?? new Error("export failed");
    }
    this.#settle(group, failure);
  }

  #settle(group: readonly Entry<T>[], error?: unknown): void {
    const pieces = group.map((entry) => entry.piece);
    this.#size -= sumOf(pieces, this.#config.sizer);
    this.#bytes -= sumOf(pieces, "bytes");
    for (const entry of group) entry.offer.settleOne(error);
    for (const { proceed } of this.#blocked.splice(0)) proceed();
  }

  #abandon(): void {
    const group = this.#waiting.splice(0);
    if (group.length === 0) return;
    const error = new RetryableError("shut down before the export was done");
    this.#owner.abandoned(
      group.reduce((items, entry) => items + entry.piece.items, 0),
      error,
    );
    this.#settle(group, error);
  }
}

function sizeOf(piece: Load, sizer: Sizer): number {
  return sizer === "requests" ? 1 : piece[sizer];
}

function sumOf(pieces: readonly Load[], sizer: Sizer): number {
  return pieces.reduce((sum, piece) => sum + sizeOf(piece, sizer), 0);
}

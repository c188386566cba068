import type { Logger } from "pino";
import type { Batch, Signal } from "../../pipeline/batch.ts";
import type { Exporter, Settings } from "../../pipeline/component.ts";
import { withTimeout } from "../../pipeline/with-timeout.ts";
import { ExporterInstruments } from "../../telemetry/instruments.ts";
import type { DeliveryConfig } from "./config.ts";
import { type Load, SendingQueue } from "./queue.ts";
import type { SendingQueueConfig } from "./queue-config.ts";
import { QueueGauges } from "./queue-gauges.ts";
import type { Reach } from "./reach.ts";
import { retrying } from "./retry.ts";

/** How large a piece may be; undefined for no limit. */
export interface PieceLimits {
  readonly maxItems: number | undefined;
  readonly maxBytes: number | undefined;
}

/** What a server answered to a request it took. */
export interface SendResult {
  /** Items of the request that the server will never take. */
  readonly rejectedItems: number;
  /** Why, or a warning; "" for nothing. */
  readonly message: string;
}

/** The part of an exporter that knows its protocol. `Request` is what goes over the wire, made once for all attempts. */
export interface Sender<B extends Batch, L extends Load, Request> {
  start(): Promise<void>;
  /** Closes connections; nothing is being sent any more. Safe before `start()`, and twice. */
  stop(): Promise<void>;
  /** Cuts a batch into pieces that can be queued. */
  load(batch: B, limits: PieceLimits): readonly L[];
  /** Joins pieces of one signal to one request. */
  prepare(signal: Signal, pieces: readonly L[]): Promise<Request>;
  /** The server that requests of a signal go to; ends with `stop()`. */
  reach(signal: Signal): Reach;
  /**
   * One attempt.
   *
   * @throws {PermanentError} not worth another attempt
   * @throws {RetryableError} with `retryAfterMs` where the server asked for it
   */
  send(signal: Signal, request: Request, abort: AbortSignal): Promise<SendResult>;
}

/** Without a queue every caller sends for itself. */
const noQueue: Partial<SendingQueueConfig> = {
  num_consumers: Number.POSITIVE_INFINITY,
  queue_size: Number.POSITIVE_INFINITY,
  max_queue_bytes: Number.POSITIVE_INFINITY,
  batch: undefined,
};

/**
 * An exporter made of a queue per signal, retries, a timeout, counters and a sender. `consume` resolves when the batch is
 * queued, or when it was delivered: `sending_queue.wait_for_result`, which `service.acknowledge: stored` turns on.
 */
export class QueuedExporter<B extends Batch, L extends Load, Request> implements Exporter<B> {
  readonly #sender: Sender<B, L, Request>;
  readonly #config: DeliveryConfig;
  readonly #queueConfig: SendingQueueConfig;
  readonly #waitForResult: boolean;
  readonly #logger: Logger;
  readonly #instruments: ExporterInstruments;
  readonly #gauges: QueueGauges;
  readonly #queues = new Map<Signal, SendingQueue<L>>();
  #shutDown = false;

  constructor(sender: Sender<B, L, Request>, config: DeliveryConfig, settings: Settings) {
    const { sending_queue } = config;
    this.#sender = sender;
    this.#config = config;
    this.#queueConfig = sending_queue.enabled ? sending_queue : { ...sending_queue, ...noQueue };
    this.#waitForResult =
      !sending_queue.enabled || (sending_queue.wait_for_result ?? settings.acknowledge === "stored");
    this.#logger = settings.logger;
    this.#instruments = new ExporterInstruments(settings.meter, settings.id);
    this.#gauges = new QueueGauges(settings.meter, settings.id, this.#queues);
  }

  start(): Promise<void> {
    return this.#sender.start();
  }

  async consume(batch: B): Promise<void> {
    await this.#queueOf(batch.signal).offer(batch.itemCount, () => this.#load(batch));
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#shutDown = true;
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.shutdown(deadline)));
    this.#gauges.remove();
    await this.#sender.stop();
  }

  #load(batch: B): readonly L[] {
    try {
      return this.#sender.load(batch, this.#pieceLimits());
    } catch (error) {
      this.#failed(batch.signal, batch.itemCount, error);
      throw error;
    }
  }

  #pieceLimits(): PieceLimits {
    const { batch } = this.#queueConfig;
    const max = batch === undefined || batch.max_size === 0 ? undefined : batch.max_size;
    const countsBytes = batch?.sizer === "bytes";
    return { maxItems: countsBytes ? undefined : max, maxBytes: countsBytes ? max : undefined };
  }

  #queueOf(signal: Signal): SendingQueue<L> {
    let queue = this.#queues.get(signal);
    if (queue === undefined) {
      queue = new SendingQueue<L>(this.#queueConfig, this.#waitForResult, {
        send: (pieces, abort) => this.#deliver(signal, pieces, abort),
        refused: (items) => this.#instruments.enqueueFailed(signal, items),
        abandoned: (items, error) => this.#failed(signal, items, error),
      });
      this.#queues.set(signal, queue);
      if (this.#shutDown) void queue.shutdown(AbortSignal.abort());
    }
    return queue;
  }

  async #deliver(signal: Signal, pieces: readonly L[], abort: AbortSignal): Promise<void> {
    const items = pieces.reduce((sum, piece) => sum + piece.items, 0);
    const { timeout, retry_on_failure } = this.#config;
    try {
      const request = await this.#sender.prepare(signal, pieces);
      const attempt = (): Promise<SendResult> =>
        withTimeout(timeout, abort, (attemptAbort) => this.#sender.send(signal, request, attemptAbort));
      const onRetry = (error: unknown, waitMs: number): void =>
        this.#logger.warn({ err: error, items, wait_ms: Math.round(waitMs) }, "exporting failed, will be tried again");
      const reach = this.#sender.reach(signal);
      const result = await retrying(attempt, retry_on_failure, { signal: abort, reach, onRetry });
      this.#delivered(signal, items, result);
    } catch (error) {
      this.#failed(signal, items, error);
      throw error;
    }
  }

  #delivered(signal: Signal, items: number, { rejectedItems, message }: SendResult): void {
    const rejected = Math.min(rejectedItems, items);
    this.#instruments.sent(signal, items - rejected);
    if (rejected > 0) this.#instruments.sendFailed(signal, rejected);
    if (rejected > 0 || message !== "") {
      this.#logger.warn({ rejected_items: rejected, reason: message }, "the server took the data in part");
    }
  }

  #failed(signal: Signal, items: number, error: unknown): void {
    this.#instruments.sendFailed(signal, items);
    if (this.#waitForResult) {
      this.#logger.warn({ err: error, items }, "exporting failed, the sender of the data is told");
    } else this.#logger.error({ err: error, dropped_items: items }, "exporting failed, dropping data");
  }
}

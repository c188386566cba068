import type { ClientContext } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import { RetryableError } from "../../pipeline/errors.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { BatchInstruments, type BatchTrigger, ProcessorInstruments } from "../../telemetry/instruments.ts";
import { Batcher } from "./batcher.ts";
import type { BatchConfig } from "./config.ts";
import { shipmentsOf } from "./join.ts";
import { MetadataKeys } from "./metadata.ts";
import { outcomeOf } from "./outcome.ts";
import { Sender } from "./sender.ts";

/** How long a sender is asked to wait when memory is full: about the time a batch takes. */
const refusedRetryMs = 1_000;

/**
 * Gathers small requests into batches.
 *
 * With `acknowledge: stored`, `consume` settles as the batch that holds its data does, so an error reaches every sender of
 * the batch. With `received` it resolves once the data is gathered, and the processor holds what the next stage refuses;
 * a batch that `isAwaited` is an exception, and so is what it is joined with.
 * Either way `max_pending_bytes` bounds what is held.
 *
 * Before a stage that `gathers` by itself (the ClickHouse exporter writes every request straight into its insert block)
 * nothing is held or copied here: that is 0.4 us a span less (bench/README.md).
 */
export class BatchProcessor<B extends SpanBatch | OtlpBatch> implements Processor<B> {
  readonly #config: BatchConfig;
  readonly #settings: Settings;
  readonly #keys: MetadataKeys;
  readonly #sender: Sender<B>;
  readonly #flow: ProcessorInstruments;
  readonly #instruments: BatchInstruments;
  /** Set when the next stage gathers by itself. */
  readonly #next: Consumer<B> | undefined;
  /** Batchers with an open batch, by metadata. */
  readonly #batchers = new Map<string, Batcher<B>>();
  /** Sends under way. */
  readonly #active = new Set<Promise<void>>();
  #pendingBytes = 0;
  #isShutDown = false;

  constructor(config: BatchConfig, next: Consumer<B>, settings: Settings) {
    const { id, meter, logger, acknowledge } = settings;
    this.#config = config;
    this.#settings = settings;
    this.#keys = new MetadataKeys(config.metadata_keys);
    this.#flow = new ProcessorInstruments(meter, id);
    this.#next = next.gathers === true ? next : undefined;
    this.#instruments = new BatchInstruments(meter, id, () => ({
      cardinality: this.#batchers.size,
      pendingBytes: this.#pendingBytes,
    }));
    this.#sender = new Sender(config, { next, acknowledge, logger, instruments: this.#instruments, flow: this.#flow });
  }

  async start(): Promise<void> {}

  async consume(batch: B): Promise<void> {
    this.#flow.incoming(batch.signal, batch.itemCount);
    if (batch.itemCount === 0) return;
    if (this.#next !== undefined) return this.#passOn(batch, this.#next);
    const isAwaited = this.#settings.acknowledge === "stored" || (batch instanceof SpanBatch && batch.isAwaited);
    this.#admit(batch);
    if (batch instanceof SpanBatch) batch.processed();
    const tuple = this.#keys.tupleOf(batch.context);
    const batcher = this.#batchers.get(tuple) ?? this.#openBatcher(tuple, batch.context);
    this.#pendingBytes += batch.byteLength;
    const settled = batcher.add(batch);
    if (batcher.isEmpty) this.#batchers.delete(tuple);
    else this.#batchers.set(tuple, batcher);
    if (isAwaited) return settled;
    settled.catch((error: unknown) => this.#settings.logger.error({ err: error }, "batch: acknowledged data is lost"));
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#isShutDown = true;
    for (const batcher of this.#batchers.values()) batcher.flush("shutdown");
    this.#batchers.clear();
    this.#sender.hurry();
    if (this.#active.size === 0) return;
    const giveUp = (): void => this.#sender.giveUp();
    const late = new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve(), { once: true }));
    if (deadline.aborted) giveUp();
    else {
      await Promise.race([Promise.allSettled(this.#active), late]);
      if (deadline.aborted) giveUp();
    }
  }

  /** What the next stage refuses goes back to the sender, in both modes: nothing was acknowledged. */
  async #passOn(batch: B, next: Consumer<B>): Promise<void> {
    const { signal, itemCount, byteLength } = batch;
    this.#instruments.sent("size", itemCount, byteLength);
    await next.consume(batch);
    this.#flow.outgoing(signal, itemCount);
  }

  #admit(batch: B): void {
    if (this.#isShutDown) throw new RetryableError("batch: shutting down");
    const { max_pending_bytes } = this.#config;
    const total = this.#pendingBytes + batch.byteLength;
    if (this.#pendingBytes === 0 || total <= max_pending_bytes) return;
    throw new RetryableError(`batch: would hold ${total} bytes, more than max_pending_bytes ${max_pending_bytes}`, {
      retryAfterMs: refusedRetryMs,
    });
  }

  #openBatcher(tuple: string, context: ClientContext | undefined): Batcher<B> {
    const limit = this.#config.metadata_cardinality_limit;
    if (tuple !== "" && limit > 0 && this.#batchers.size >= limit) {
      // Not permanent: a combination is forgotten once its batch was sent, and then there is room.
      throw new RetryableError(
        `batch: too many batcher metadata-value combinations, metadata_cardinality_limit ${limit}`,
        {
          retryAfterMs: refusedRetryMs,
        },
      );
    }
    const batcher = new Batcher<B>(
      this.#config,
      this.#keys.sharedContext(context),
      (requests, bytes, trigger, shared) => {
        if (batcher.isEmpty) this.#batchers.delete(tuple);
        return this.#track(this.#deliver(requests, trigger, shared), bytes);
      },
    );
    return batcher;
  }

  async #deliver(requests: B[], trigger: BatchTrigger, context: ClientContext | undefined): Promise<void> {
    const isRepeatable = this.#settings.acknowledge === "received";
    const shipments = shipmentsOf(requests, context, this.#config.send_batch_max_size, isRepeatable);
    const results = await Promise.allSettled(shipments.map((shipment) => this.#sender.send(shipment, trigger)));
    const failure = outcomeOf(results);
    if (failure !== undefined) throw failure;
  }

  #track(sending: Promise<void>, bytes: number): Promise<void> {
    const tracked = sending.finally(() => {
      this.#pendingBytes -= bytes;
      this.#active.delete(settled);
    });
    // Who waits for `tracked` acts on its failure; shutdown only has to know that it is over.
    const settled = tracked.catch(() => {});
    this.#active.add(settled);
    return tracked;
  }
}

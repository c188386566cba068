import type { Logger } from "pino";
import type { Clock } from "../../exporters/helper/clock.ts";
import type { Consumer } from "../../pipeline/component.ts";
import { isPermanent, messageOf, RetryableError } from "../../pipeline/errors.ts";
import { ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import { releaseBatch, takeBatch } from "../../pipeline/span-batch/batch-pool.ts";
import { takeBuffer } from "../../pipeline/span-batch/buffer-pool.ts";
import { RowCopier } from "../../pipeline/span-batch/copy-rows.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { TailSamplingConfig } from "./config.ts";
import type { Lexicon } from "./lexicon.ts";
import type { HeldSpan } from "./span-store.ts";
import { SpanUnpacker } from "./unpacker.ts";

/** Room of a batch that spans are gathered in, at first. */
const firstBytes = 64 * 1024;

/** Why a span is kept. */
export interface Kept {
  readonly policy: string;
  /** The policy within a composite one. */
  readonly subPolicy: string;
  readonly weight: number;
  /** The decision was remembered, not made now. */
  readonly isCached: boolean;
}

export interface OutboxParts {
  readonly next: Consumer<SpanBatch>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told of spans that the next stage took. */
  readonly onSent: (spans: number) => void;
  /** Told of spans that it will never take. */
  readonly onLost: (spans: number) => void;
}

/**
 * Kept spans on their way to the next stage: gathered into batches, handed on a few at a time, held and tried again when
 * they are refused.
 */
export class Outbox {
  /** Spans and bytes held, those under way included. */
  spans = 0;
  bytes = 0;
  readonly #config: TailSamplingConfig["output"];
  readonly #recordPolicy: boolean;
  readonly #parts: OutboxParts;
  #open: SpanBatch | undefined;
  #from: SpanBatch | undefined;
  #copier: RowCopier | undefined;
  #lexicon: Lexicon | undefined;
  #unpacker: SpanUnpacker | undefined;
  readonly #queue: SpanBatch[] = [];
  readonly #active = new Set<Promise<void>>();
  /** Ends the waits between attempts. */
  readonly #hurry = new Set<() => void>();
  #isEnding = false;
  #gaveUp = false;

  constructor(config: TailSamplingConfig, parts: OutboxParts) {
    this.#config = config.output;
    this.#recordPolicy = config.record_policy;
    this.#parts = parts;
  }

  /** Adds a copy of a span. */
  add(from: SpanBatch, row: number, kept: Kept): void {
    const open = this.#room();
    if (this.#from !== from || this.#copier === undefined) {
      this.#copier = new RowCopier(from, open);
      this.#from = from;
    }
    this.#copier.copy(row);
    this.#mark(open, kept);
  }

  /** Adds a span that was held. */
  addHeld({ segment, row, extras }: HeldSpan, kept: Kept): void {
    const open = this.#room();
    const { lexicon, starts } = segment;
    if (this.#lexicon !== lexicon || this.#unpacker === undefined) {
      this.#unpacker = new SpanUnpacker(lexicon, open);
      this.#lexicon = lexicon;
    }
    this.#unpacker.add(segment, starts[row]!, starts[row + 1]!, extras);
    this.#mark(open, kept);
  }

  /** Forgets where spans were taken from, so that it may be released. */
  endSource(): void {
    this.#from = this.#copier = this.#lexicon = this.#unpacker = undefined;
  }

  /** Sends what is gathered. */
  flush(): void {
    const batch = this.#open;
    this.#open = undefined;
    this.endSource();
    if (batch === undefined) return;
    this.bytes += batch.byteLength;
    this.#queue.push(batch);
    this.#pump();
  }

  /** Sends everything; what was not taken when `deadline` aborts is lost, and counted. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.flush();
    this.#isEnding = true;
    const giveUp = (): void => {
      this.#gaveUp = true;
      for (const wake of [...this.#hurry]) wake();
      for (const batch of this.#queue.splice(0))
        this.#lose(batch, "shutdown ended before the spans could be passed on");
    };
    for (const wake of [...this.#hurry]) wake();
    if (deadline.aborted) return giveUp();
    const ended = new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve(), { once: true }));
    while (this.#active.size > 0 && !deadline.aborted) await Promise.race([Promise.all(this.#active), ended]);
    if (deadline.aborted) giveUp();
  }

  /** The batch that spans are gathered in, with room for one more. */
  #room(): SpanBatch {
    const { max_spans, max_bytes } = this.#config;
    if (this.#open !== undefined && (this.#open.length >= max_spans || this.#open.byteLength >= max_bytes))
      this.flush();
    this.#open ??= emptyBatch(firstBytes);
    return this.#open;
  }

  /** Writes to the span that was added last why it is kept. */
  #mark(batch: SpanBatch, { policy, subPolicy, weight, isCached }: Kept): void {
    const at = batch.length - 1;
    this.spans++;
    const weights = batch.deriveColumn("SampleWeight");
    weights.set(at, (weights.get(at) ?? 1) * weight);
    batch.deriveColumn("SamplePolicy").set(at, policy);
    if (!this.#recordPolicy) return;
    const text = (key: string, value: string): void => {
      const keyIndex = batch.attributes.keys.internText(key);
      const start = batch.arena.appendText(value);
      batch.attributes.push(keyIndex, ValueType.STRING, start, batch.arena.length - start);
    };
    text("tailsampling.policy", policy);
    if (subPolicy !== "") text("tailsampling.composite_policy", subPolicy);
    if (isCached)
      batch.attributes.push(batch.attributes.keys.internText("tailsampling.cached_decision"), ValueType.BOOL, 1, 0);
    // The entries of a span that was copied last are the last ones.
    batch.attributeEnd[at] = batch.attributes.length;
  }

  #pump(): void {
    while (this.#active.size < this.#config.max_in_flight && this.#queue.length > 0) {
      const sending: Promise<void> = this.#send(this.#queue.shift()!).finally(() => {
        this.#active.delete(sending);
        this.#pump();
      });
      this.#active.add(sending);
    }
  }

  async #send(batch: SpanBatch): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        // The next stage owns what it is given, and may have spoiled it when it fails.
        const copy = emptyBatch(batch.arena.length);
        copy.append(batch);
        await this.#parts.next.consume(copy);
        this.#parts.onSent(batch.length);
        return this.#forget(batch);
      } catch (error) {
        if (isPermanent(error) || this.#gaveUp) return this.#lose(batch, messageOf(error));
        await this.#pause(error, failures, batch.length);
      }
    }
  }

  #lose(batch: SpanBatch, reason: string): void {
    this.#parts.onLost(batch.length);
    this.#parts.logger.error({ reason, spans: batch.length }, "tail_sampling: kept spans are lost");
    this.#forget(batch);
  }

  #forget(batch: SpanBatch): void {
    this.spans -= batch.length;
    this.bytes -= batch.byteLength;
    releaseBatch(batch);
  }

  async #pause(error: unknown, failures: number, spans: number): Promise<void> {
    const { initial_interval, max_interval } = this.#config;
    const askedMs = (error instanceof RetryableError ? error.retryAfterMs : undefined) ?? 0;
    const waitMs = Math.min(Math.max(askedMs, initial_interval * 2 ** Math.min(failures, 30)), max_interval);
    this.#parts.logger.warn(
      { reason: messageOf(error), spans, waitMs },
      "tail_sampling: the next stage refused a batch, it is held and tried again",
    );
    // At the end of the process the waits are short: the deadline bounds them.
    const shortMs = this.#isEnding ? Math.min(waitMs, 100) : waitMs;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        this.#hurry.delete(wake);
        resolve();
      };
      const cancel = this.#parts.clock.schedule(shortMs, wake);
      this.#hurry.add(wake);
    });
  }
}

/** An empty batch with room for `bytes` bytes, of memory that is used again. */
function emptyBatch(bytes: number): SpanBatch {
  return takeBatch(takeBuffer(bytes).subarray(0, 0), 64, 12);
}

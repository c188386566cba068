import type { z } from "zod";
import type { Settings } from "../../../pipeline/component.ts";
import type { DerivedName } from "../../../pipeline/span-batch/derived.ts";
import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { tailSamplingConfigSchema } from "../../../processors/tail_sampling/config.ts";
import { TailSamplingProcessor } from "../../../processors/tail_sampling/processor.ts";
import { batchOfSpans, type SpanSketch } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

export type TailInput = z.input<typeof tailSamplingConfigSchema>;
export type PolicyInput = TailInput["policies"][number];

/** What a test says of a span, beyond what every batch has. */
export interface TailSpan extends SpanSketch {
  readonly traceState?: string;
  readonly flags?: number;
  readonly derived?: Partial<Record<DerivedName, string | number>>;
  readonly signal?: Omit<SpanSignal, "row" | "source">;
  readonly events?: readonly string[];
}

/** 32 hex digits that are `number`. */
export function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

export function batchOfTail(spans: readonly TailSpan[], resource?: Record<string, AttributeValue>): SpanBatch {
  const batch = batchOfSpans(spans, resource);
  spans.forEach(({ traceState = "", flags = 0, derived = {}, signal, events = [] }, row) => {
    batch.traceState[2 * row] = batch.arena.appendText(traceState);
    batch.traceState[2 * row + 1] = traceState.length;
    batch.flags[row] = flags;
    for (const [name, value] of Object.entries(derived)) batch.setDerived(name as DerivedName, row, value as never);
    if (signal !== undefined) batch.signals.push({ ...signal, row, source: "test" });
    batch.eventStart[row] = batch.events.length;
    batch.events.reserve(events.length);
    for (const name of events) batch.events.nameIndex[batch.events.length++] = batch.names.internText(name);
    batch.eventEnd[row] = batch.events.length;
  });
  return batch;
}

/** A tail sampler with a clock that a test moves, and a next stage that records. */
export class TailHarness {
  readonly clock = new ManualClock();
  readonly next = new RecordingConsumer<SpanBatch>();
  readonly processor: TailSamplingProcessor;

  constructor(input: TailInput, settings: Partial<Settings> = {}) {
    const config = tailSamplingConfigSchema.parse(input);
    this.processor = new TailSamplingProcessor(config, this.next, testSettings(settings), this.clock);
  }

  static async of(input: TailInput, settings: Partial<Settings> = {}): Promise<TailHarness> {
    const harness = new TailHarness(input, settings);
    await harness.processor.start();
    return harness;
  }

  consume(spans: readonly TailSpan[], resource?: Record<string, AttributeValue>): Promise<void> {
    return this.processor.consume(batchOfTail(spans, resource));
  }

  /** Lets `seconds` pass, tick by tick. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 2; i++) await this.clock.advance(500);
    await settled();
  }

  /** Trace ids that were passed on, each once, in order. */
  get keptTraces(): string[] {
    return [...new Set(this.next.batches.flatMap((batch) => Array.from(batch, (span) => span.traceId)))].sort();
  }

  /** Weights of the spans that were passed on, by trace id. */
  get weights(): Map<string, number> {
    const weights = new Map<string, number>();
    for (const batch of this.next.batches) {
      for (const span of batch) weights.set(span.traceId, span.getDerived("SampleWeight") ?? 1);
    }
    return weights;
  }
}

import type { z } from "zod";
import type { DerivedName, DerivedValue } from "../../../pipeline/span-batch/derived.ts";
import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { signalsConfigSchema } from "../../../processors/signals/config.ts";
import { SignalsProcessor } from "../../../processors/signals/processor.ts";
import { batchOfSpans, type SpanSketch } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

export type SignalsInput = z.input<typeof signalsConfigSchema>;
type RuleInput = NonNullable<SignalsInput["rules"]>[number];
export type Condition = RuleInput["when"];
type Derived = { [N in DerivedName]?: DerivedValue<N> };

/** A span with what `genai` and `cost` have found out about it. */
export interface Sketch extends SpanSketch, Derived {}

export function spansOf(sketches: readonly Sketch[], resource?: Record<string, string>): SpanBatch {
  const batch = batchOfSpans(sketches, resource);
  for (const [row, sketch] of sketches.entries()) {
    for (const [name, value] of Object.entries(sketch)) {
      // Names in PascalCase are those of derived columns.
      if (/^[A-Z]/.test(name)) batch.setDerived(name as DerivedName, row, value as never);
    }
  }
  return batch;
}

export function createSignals(
  input: SignalsInput,
  settings = testSettings(),
  next = new RecordingConsumer<SpanBatch>(),
) {
  return new SignalsProcessor(signalsConfigSchema.parse(input), next, settings);
}

/** The signals of the spans. */
export async function signalsOf(input: SignalsInput, sketches: readonly Sketch[]): Promise<readonly SpanSignal[]> {
  const batch = spansOf(sketches);
  await createSignals(input).consume(batch);
  return batch.signals;
}

/** Whether the condition holds for a span. */
export async function holds(when: Condition, sketch: Sketch, resource?: Record<string, string>): Promise<boolean> {
  const batch = spansOf([sketch], resource);
  await createSignals({ rules: [{ id: "r", when }] }).consume(batch);
  return batch.signals.length > 0;
}

/** The value that a rule without conditions reads off a span. */
export async function readValueOf(value: RuleInput["value"], sketch: Sketch, input: SignalsInput = {}) {
  const batch = spansOf([sketch]);
  const rules = [{ id: "r", when: { field: "SpanName", exists: true }, value }];
  await createSignals({ ...input, rules }).consume(batch);
  return batch.signals[0]?.value;
}

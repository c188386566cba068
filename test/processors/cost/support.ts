import type { z } from "zod";
import type { DerivedName, DerivedValue } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type CostConfig, costConfigSchema } from "../../../processors/cost/config.ts";
import { CostProcessor } from "../../../processors/cost/processor.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

/** Derived columns of one span. */
export type Derived = { [N in DerivedName]?: DerivedValue<N> | undefined };

/** A span whose columns `genai` has filled, and when it starts. */
export type CostSketch = Derived & { readonly start?: string };

export const costConfigOf = (input: z.input<typeof costConfigSchema> = {}): CostConfig => costConfigSchema.parse(input);

const defaultStart = "2026-09-01T12:00:00Z";

/** A call of gpt-4o with 150 input and 230 output tokens; `sketch` replaces or removes any of it. */
export function call(sketch: CostSketch = {}): CostSketch {
  return {
    OperationKind: "llm",
    Provider: "openai",
    ResponseModel: "gpt-4o",
    InputTokens: 150,
    OutputTokens: 230,
    ...sketch,
  };
}

export function batchOfCalls(sketches: readonly CostSketch[]): SpanBatch {
  const batch = batchOfSpans(
    sketches.map(({ start = defaultStart }) => {
      const time = BigInt(Date.parse(start)) * 1_000_000n;
      return { startTimeUnixNano: time, endTimeUnixNano: time + 1_000_000_000n };
    }),
  );
  for (const [row, { start: _, ...columns }] of sketches.entries()) {
    for (const [name, value] of Object.entries(columns) as [DerivedName, never][]) {
      if (value !== undefined) batch.setDerived(name, row, value);
    }
  }
  return batch;
}

/** What the processor writes. */
export type Priced = Pick<Derived, (typeof written)[number]>;
const written = ["Cost", "InputCost", "OutputCost", "PriceVersion", "PriceTier", "Warnings"] as const;

export function pricedRow(batch: SpanBatch, row: number): Priced {
  const priced: Record<string, unknown> = {};
  for (const name of written) {
    const value = batch.getDerived(name, row);
    if (value !== undefined) priced[name] = value;
  }
  return priced;
}

/** Sends spans through a processor of their own and gives what it wrote. */
export async function price(
  sketches: readonly CostSketch[],
  config: z.input<typeof costConfigSchema> = {},
  settings = testSettings({ id: "cost" }),
): Promise<Priced[]> {
  const next = new RecordingConsumer<SpanBatch>();
  const processor = new CostProcessor(costConfigOf(config), next, settings);
  await processor.start();
  await processor.consume(batchOfCalls(sketches));
  await processor.shutdown(AbortSignal.timeout(1_000));
  return sketches.map((_, row) => pricedRow(next.batches[0]!, row));
}

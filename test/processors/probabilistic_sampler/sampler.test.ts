import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { probabilisticSamplerConfigSchema } from "../../../processors/probabilistic_sampler/config.ts";
import { probabilisticSamplerFactory } from "../../../processors/probabilistic_sampler/factory.ts";
import { batchOfSpans, type SpanSketch } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { Random } from "../../support/generate.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { plainSpans } from "../../support/plain.ts";

type Input = z.input<typeof probabilisticSamplerConfigSchema>;

const create = (input: Input, next = new RecordingConsumer<SpanBatch>(), settings = testSettings()) =>
  probabilisticSamplerFactory.create(probabilisticSamplerConfigSchema.parse(input), next as never, settings);

function randomSpans(count: number, seed = 1): SpanSketch[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => ({ traceId: Buffer.from(random.bytes(16)).toString("hex") }));
}

async function sample(input: Input, batch: SpanBatch, settings = testSettings()): Promise<SpanBatch | undefined> {
  const next = new RecordingConsumer<SpanBatch>();
  await create(input, next, settings).consume(batch);
  return next.batches[0];
}

describe("probabilistic_sampler", () => {
  itLivesAsAComponent(() => create({ sampling_percentage: 50 }));

  it.each(["hash_seed", "proportional", "equalizing"] as const)(
    "keeps the share it is given, with weights that add up to what was sent: %s",
    async (mode) => {
      const kept = await sample({ sampling_percentage: 25, mode }, batchOfSpans(randomSpans(8000)));
      expect(kept!.itemCount / 8000).toBeCloseTo(0.25, 1);
      let sum = 0;
      for (const span of kept!) {
        sum += span.getDerived("SampleWeight")!;
        expect(span.getDerived("SamplePolicy")).toBe("test");
      }
      expect(Math.abs(sum / 8000 - 1)).toBeLessThan(0.06);
    },
  );

  it("changes nothing at 100 %", async () => {
    const batch = batchOfSpans(randomSpans(10));
    const before = plainSpans(batch);
    for (const mode of ["hash_seed", "proportional"] as const) {
      expect(plainSpans((await sample({ sampling_percentage: 100, mode }, batch))!)).toEqual(before);
    }
  });

  it("multiplies a weight that is there, and leaves the policy that kept the span", async () => {
    const batch = batchOfSpans([{ traceId: "ff".repeat(16) }]);
    batch.setDerived("SampleWeight", 0, 3);
    batch.setDerived("SamplePolicy", 0, "errors");
    const kept = await sample({ sampling_percentage: 50, mode: "proportional" }, batch);
    expect(kept!.getDerived("SampleWeight", 0)).toBe(6);
    expect(kept!.getDerived("SamplePolicy", 0)).toBe("errors");
  });

  it("counts what was sampled before the span arrived", async () => {
    const weightOf = async (mode: "proportional" | "equalizing", percentage: number): Promise<number | undefined> => {
      const batch = batchOfSpans([{ traceId: "ff".repeat(16) }]);
      const state = "ot=th:c";
      batch.traceState.set([batch.arena.appendText(state), state.length]);
      return (await sample({ sampling_percentage: percentage, mode }, batch))!.getDerived("SampleWeight", 0);
    };
    expect(await weightOf("proportional", 50)).toBe(8);
    expect(await weightOf("equalizing", 50)).toBe(4);
    expect(await weightOf("equalizing", 12.5)).toBe(8);
    expect(await weightOf("proportional", 100)).toBe(4);
  });

  it("counts decisions by where the randomness came from", async () => {
    const { meter, value } = collectMetrics();
    const spans: SpanSketch[] = [
      { traceId: "ff".repeat(16) },
      { traceId: "11".repeat(8) + "00".repeat(8) },
      { attributes: { "sampling.priority": 1 } },
    ];
    await sample({ sampling_percentage: 50, mode: "proportional" }, batchOfSpans(spans), testSettings({ meter }));
    const name = "processor_probabilistic_sampler_count_spans_processed";
    expect(await value(name, { policy: "trace_id_w3c", sampled: "true" })).toBe(1);
    expect(await value(name, { policy: "trace_id_w3c", sampled: "false" })).toBe(1);
    expect(await value(name, { policy: "sampling_priority", sampled: "true" })).toBe(1);
  });

  it("passes nothing on when nothing is kept", async () => {
    expect(await sample({ sampling_percentage: 0 }, batchOfSpans(randomSpans(5)))).toBeUndefined();
  });
});

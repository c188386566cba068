import { type Logger, pino } from "pino";
import { describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { packageVersion } from "../../../processors/cost/package-list.ts";
import { CostProcessor } from "../../../processors/cost/processor.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { batchOfCalls, call, costConfigOf, price, pricedRow } from "./support.ts";

/** A logger whose lines a test can read. */
function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}

const priceOf = async (...args: Parameters<typeof call>) => (await price([call(...args)]))[0];

describe("cost processor", () => {
  itLivesAsAComponent(() => new CostProcessor(costConfigOf(), new RecordingConsumer<SpanBatch>(), testSettings()));

  it("writes total, input and output cost and the version of the prices", async () => {
    expect(await priceOf()).toEqual({
      Cost: 0.002675,
      InputCost: 0.000375,
      OutputCost: 0.0023,
      PriceVersion: packageVersion,
    });
  });

  it("leaves a cost that the client sent as it is", async () => {
    expect(await priceOf({ Cost: 0.5 })).toEqual({ Cost: 0.5, PriceVersion: "client" });
    expect(await priceOf({ Cost: 0 })).toEqual({ Cost: 0, PriceVersion: "client" });
    expect(await priceOf({ OperationKind: "agent", Cost: 3 })).toEqual({ Cost: 3, PriceVersion: "client" });
  });

  it("takes input and output cost of the client as its cost, and one of them as nothing", async () => {
    expect(await priceOf({ InputCost: 0.5, OutputCost: 0.25 })).toMatchObject({ Cost: 0.75, PriceVersion: "client" });
    expect(await priceOf({ InputCost: 0.5 })).toMatchObject({ Cost: 0.002675, InputCost: 0.000375 });
  });

  it.each([-1, Number.POSITIVE_INFINITY])("computes the cost where the client sent %d", async (Cost) => {
    const priced = await priceOf({ Cost });
    expect(priced).toMatchObject({ Cost: 0.002675, PriceVersion: packageVersion });
    expect(priced?.Warnings).toEqual([expect.stringMatching(/^invalid_cost: /)]);
  });

  it("gives no cost to other kinds, to calls without tokens and to calls without a model", async () => {
    expect(await priceOf({ OperationKind: "http" })).toEqual({});
    expect(await priceOf({ OperationKind: undefined })).toEqual({});
    expect(await priceOf({ InputTokens: undefined, OutputTokens: undefined })).toEqual({});
    expect(await priceOf({ ResponseModel: undefined })).toEqual({});
    // An outer span that repeats the usage of its children has no tokens any more.
    expect(await priceOf({ OperationKind: "agent", InputTokens: 10 })).toEqual({});
  });

  it("prices embeddings, and calls of which one count is known", async () => {
    expect(
      await priceOf({
        OperationKind: "embedding",
        ResponseModel: "text-embedding-3-small",
        InputTokens: 1_000_000,
        OutputTokens: undefined,
      }),
    ).toMatchObject({ Cost: 0.02, OutputCost: 0 });
    expect(await priceOf({ OutputTokens: undefined })).toMatchObject({ Cost: 0.000375 });
  });

  it.each(["InputTokens", "OutputTokens"] as const)("gives no cost where %s was sent and is no count", async (name) => {
    const refused = `genai: ${name}: its.key (otel) is not a whole number from 0 to 2^53 - 1`;
    const priced = await priceOf({ [name]: undefined, Warnings: [refused] });
    expect(priced).toEqual({ Warnings: [refused, expect.stringMatching(/^invalid_usage: /)] });
    // Another attribute held the count.
    expect(await priceOf({ Warnings: [refused] })).toMatchObject({ Cost: 0.002675 });
  });

  it("prices only the kinds that are configured", async () => {
    const [llm, agent] = await price([call(), call({ OperationKind: "agent" })], { kinds: ["agent"] });
    expect([llm?.Cost, agent?.Cost]).toEqual([undefined, 0.002675]);
  });

  it("gives cost 0 and a warning to a model that is not listed, with one log line and a count for the model", async () => {
    const { logger, lines } = recordingLogger();
    const metrics = collectMetrics();
    const unlisted = call({ ResponseModel: "my-own", Warnings: ["timestamps: clamped"] });
    const settings = testSettings({ id: "cost", logger, meter: metrics.meter });
    const [first] = await price([unlisted, unlisted, call(), unlisted], {}, settings);
    expect(first).toEqual({
      Cost: 0,
      Warnings: ["timestamps: clamped", 'unknown_model_price: no price is listed for "my-own" of provider "openai"'],
    });
    expect(lines.map(({ model, msg }) => [model, msg])).toEqual([
      ["my-own", "model has no price, its spans have cost 0; list it under models"],
    ]);
    const labels = { processor: "cost", provider: "openai", model: "my-own" };
    expect(await metrics.value("processor_cost_unpriced_spans", labels)).toBe(3);
  });

  it("names a model without a price once, however many batches have it", async () => {
    const { logger, lines } = recordingLogger();
    const processor = new CostProcessor(costConfigOf(), new RecordingConsumer(), testSettings({ logger }));
    for (let i = 0; i < 3; i++) await processor.consume(batchOfCalls([call({ ResponseModel: "my-own" })]));
    expect(lines.length).toBe(1);
  });

  it("names no more models than max_unpriced_models in log and metric", async () => {
    const { logger, lines } = recordingLogger();
    const metrics = collectMetrics();
    const spans = Array.from({ length: 50 }, (_, i) => call({ ResponseModel: `m${i}` }));
    await price(spans, { max_unpriced_models: 3 }, testSettings({ logger, meter: metrics.meter }));
    expect(lines.length).toBe(4);
    expect(lines[3]).toMatchObject({ msg: "further models without a price are not named" });
    expect(await metrics.value("processor_cost_unpriced_spans", { model: "_other" })).toBe(47);
  });

  it("looks up no name beyond max_name_length, and keeps warning and label short", async () => {
    const metrics = collectMetrics();
    const [priced] = await price(
      [call({ ResponseModel: `gpt-4o${"x".repeat(10_000)}` })],
      { models: [{ regex: "gpt", input: 1 }] },
      testSettings({ meter: metrics.meter }),
    );
    expect(priced?.Cost).toBe(0);
    expect(priced?.Warnings?.[0]?.length).toBeLessThan(200);
  });

  it.each([-5, 1e300, Number.POSITIVE_INFINITY])("gives no cost to %d tokens, and a warning", async (tokens) => {
    for (const name of ["InputTokens", "OutputTokens", "CacheReadTokens", "ReasoningTokens"] as const) {
      expect(await priceOf({ [name]: tokens })).toEqual({ Warnings: [expect.stringMatching(/^invalid_usage: /)] });
    }
  });

  it("takes NaN as a count that was not sent", async () => {
    expect(await priceOf({ InputTokens: Number.NaN, OutputTokens: Number.NaN })).toEqual({});
  });

  describe("cached, audio and reasoning tokens", () => {
    const models = [
      {
        model: "m",
        input: 10,
        cache_read: 1,
        cache_write: 12,
        input_audio: 40,
        output: 20,
        reasoning: 30,
        output_audio: 80,
      },
    ];
    const costOf = async (sketch: Parameters<typeof call>[0]) =>
      (await price([call({ ResponseModel: "m", InputTokens: 1000, OutputTokens: 1000, ...sketch })], { models }))[0];

    it("cost their own prices and are taken out of the rest", async () => {
      expect(await costOf({})).toMatchObject({ InputCost: 0.01, OutputCost: 0.02 });
      expect(await costOf({ CacheReadTokens: 400 })).toMatchObject({ InputCost: 0.0064 });
      expect(await costOf({ CacheWriteTokens: 1000 })).toMatchObject({ InputCost: 0.012 });
      expect(await costOf({ CacheReadTokens: 400, CacheWriteTokens: 100, InputAudioTokens: 500 })).toMatchObject({
        InputCost: (400 * 1 + 100 * 12 + 500 * 40) / 1e6,
      });
      expect(await costOf({ ReasoningTokens: 1000 })).toMatchObject({ OutputCost: 0.03 });
      expect(await costOf({ OutputAudioTokens: 250 })).toMatchObject({ OutputCost: (750 * 20 + 250 * 80) / 1e6 });
    });

    it("cost what the rest does where they have no price of their own", async () => {
      const [priced] = await price(
        [call({ ResponseModel: "m", InputTokens: 1000, CacheReadTokens: 900, ReasoningTokens: 200 })],
        {
          models: [{ model: "m", input: 10, output: 20 }],
        },
      );
      expect(priced).toMatchObject({ InputCost: 0.01, OutputCost: 0.0046 });
    });

    it("count beside the whole when they exceed it, with a warning, so that no cost is negative", async () => {
      const additive = await costOf({ InputTokens: 10, CacheReadTokens: 1000 });
      expect(additive).toMatchObject({ InputCost: (10 * 10 + 1000 * 1) / 1e6 });
      expect(additive?.Warnings).toEqual([expect.stringMatching(/^inconsistent_usage: /)]);
      expect(await costOf({ OutputTokens: 10, ReasoningTokens: 100 })).toMatchObject({
        OutputCost: (10 * 20 + 100 * 30) / 1e6,
      });
    });

    it("are counted once when audio was cached", async () => {
      expect(await costOf({ CacheReadTokens: 600, InputAudioTokens: 900 })).toMatchObject({
        InputCost: (600 * 1 + 400 * 40) / 1e6,
      });
    });
  });

  it("prices a long request by its tier, as a whole, cached tokens included", async () => {
    const spans = [200_000, 200_001].map((InputTokens) =>
      call({
        Provider: "anthropic",
        ResponseModel: "claude-sonnet-4-5",
        InputTokens,
        CacheReadTokens: 100_000,
        OutputTokens: 10,
      }),
    );
    const [short, long] = await price(spans);
    expect(short).toMatchObject({ PriceTier: "base", InputCost: (100_000 * 3 + 100_000 * 0.3) / 1e6 });
    expect(long).toMatchObject({
      PriceTier: "above 200000",
      InputCost: (100_001 * 6 + 100_000 * 0.6) / 1e6,
      OutputCost: (10 * 22.5) / 1e6,
    });
  });

  it("prices a span by the prices of its time", async () => {
    const at = (start: string) => call({ ResponseModel: "o3", InputTokens: 1e6, OutputTokens: 0, start });
    const [before, since] = await price([at("2025-06-09T23:59:59.999Z"), at("2025-06-10T00:00:00Z")]);
    expect(before).toMatchObject({ Cost: 10 });
    expect(since).toMatchObject({ Cost: 2, PriceTier: "from 2025-06-10" });
  });

  it("looks up the model that answered before the one that was asked for", async () => {
    const [answered, asked] = await price([
      call({ RequestModel: "gpt-4o", ResponseModel: "gpt-4o-mini-2024-07-18", InputTokens: 1e6, OutputTokens: 0 }),
      call({ RequestModel: "gpt-4o", ResponseModel: "deployment-7", InputTokens: 1e6, OutputTokens: 0 }),
    ]);
    expect([answered?.Cost, asked?.Cost]).toEqual([0.15, 2.5]);
  });

  it("prices nothing by the hours of audio that spans do not tell, and says so", async () => {
    expect(await priceOf({ ResponseModel: "whisper-1" })).toEqual({
      Cost: 0,
      Warnings: [
        'unknown_model_price: "whisper-1" of provider "openai" is priced by audio_hours and input_audio_hours, not by tokens',
      ],
    });
  });

  it("does not overwrite what a cost processor before it has written", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const second = new CostProcessor(
      costConfigOf({ models: [{ model: "gpt-4o", input: 1000 }] }),
      next,
      testSettings(),
    );
    const first = new CostProcessor(costConfigOf(), second, testSettings());
    await first.consume(batchOfCalls([call()]));
    expect(pricedRow(next.batches[0]!, 0)).toMatchObject({ Cost: 0.002675, PriceVersion: packageVersion });
  });

  it("prices thousands of models in one batch with a small cache", async () => {
    const spans = Array.from({ length: 3000 }, (_, i) => call({ ResponseModel: i % 2 ? "gpt-4o" : `m${i % 700}` }));
    const priced = await price(spans, { cache_size: 16 });
    expect(priced.filter(({ Cost }) => Cost === 0.002675).length).toBe(1500);
  });
});

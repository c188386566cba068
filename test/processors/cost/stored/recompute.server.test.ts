import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { z } from "zod";
import type { ClickHouseConfig } from "../../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../../exporters/clickhouse/exporter.ts";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import type { costConfigSchema } from "../../../../processors/cost/config.ts";
import { PriceBook } from "../../../../processors/cost/price-book.ts";
import { CostProcessor } from "../../../../processors/cost/processor.ts";
import {
  type ModelChange,
  type RecomputeResult,
  recomputeCosts,
} from "../../../../processors/cost/stored/recompute.ts";
import { withSpanTable } from "../../../../processors/cost/stored/table.ts";
import { unpricedModels } from "../../../../processors/cost/stored/unpriced.ts";
import { quickConfig } from "../../../exporters/clickhouse/support.ts";
import { startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";
import { RecordingConsumer, testSettings } from "../../../support/doubles.ts";
import { batchOfCalls, type CostSketch, call, costConfigOf, pricedRow } from "../support.ts";

type CostInput = z.input<typeof costConfigSchema>;

async function processed(sketches: readonly CostSketch[], config: CostInput): Promise<SpanBatch> {
  const next = new RecordingConsumer<SpanBatch>();
  await new CostProcessor(costConfigOf(config), next, testSettings()).consume(batchOfCalls(sketches));
  return next.batches[0]!;
}

describe("recomputed costs", () => {
  let server: TestClickHouse;
  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  let tables = 0;

  /** A table with those spans, priced by `config`. Their numbers are their status messages. */
  async function stored(sketches: readonly CostSketch[], config: CostInput = {}): Promise<ClickHouseConfig> {
    const clickhouse = await quickConfig(server.url, {
      database: server.database,
      traces_table_name: `costs_${++tables}`,
      traces_rollup_table_name: `costs_${tables}_rollup`,
      sessions_rollup_table_name: `costs_${tables}_sessions`,
    });
    const exporter = new ClickHouseExporter(clickhouse, testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    const batch = await processed(sketches, config);
    let number = 0;
    for (const span of batch) span.statusMessage = String(number++);
    await exporter.consume(batch);
    return clickhouse;
  }

  const wide = { fromMs: Date.UTC(2020, 0, 1), toMs: Date.UTC(2030, 0, 1) };

  function recompute(
    clickhouse: ClickHouseConfig,
    config: CostInput,
    options: { dryRun?: boolean; fromMs?: number; toMs?: number; partitions?: string[] } = {},
  ): Promise<RecomputeResult> {
    const cost = costConfigOf(config);
    const { partitions, ...rest } = options;
    return withSpanTable("clickhouse", clickhouse, (table) =>
      recomputeCosts(table, {
        ...{ book: new PriceBook(cost), kinds: cost.kinds, dryRun: false },
        ...wide,
        ...rest,
        onPartition: (partition) => partitions?.push(partition),
      }),
    );
  }

  const rowsOf = async ({ traces_table_name: table }: ClickHouseConfig): Promise<Record<string, unknown>[]> => {
    const rows = await server.query(
      `SELECT Cost, InputCost, OutputCost, PriceVersion, PriceTier, Warnings FROM ${table} ORDER BY toUInt32(StatusMessage)`,
    );
    // As the processor writes them: what is not there is left out.
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).filter(([, value]) => value !== null && value !== "" && (value as unknown[]).length !== 0),
      ),
    );
  };

  const cheap = { models: [{ model: "m", input: 1, output: 2 }], default_prices: false };
  const dear = { models: [{ model: "m", input: 10, output: 20 }], default_prices: false };
  const million = call({ ResponseModel: "m", InputTokens: 1e6, OutputTokens: 0 });

  it("are those that the roll-up of traces adds up to, also when nothing is left to change", async () => {
    const clickhouse = await stored([million, million, call({ ResponseModel: "other", Cost: 5 })], cheap);
    const { traces_table_name: spans, traces_rollup_table_name: traces } = clickhouse;
    const costs = async (): Promise<unknown> =>
      server.query(
        `SELECT round(sum(Cost), 6) AS cost, sum(RowCount) AS rows, sum(length(SpanHashes)) AS spans FROM
         (SELECT TraceId, sum(Cost) AS Cost, sum(RowCount) AS RowCount, groupUniqArrayArray(SpanHashes) AS SpanHashes FROM ${traces} GROUP BY TraceId)`,
      );
    expect(await costs()).toEqual([{ cost: 7, rows: "3", spans: "3" }]);
    await recompute(clickhouse, dear);
    expect(await costs()).toEqual([{ cost: 25, rows: "3", spans: "3" }]);
    await server.command(
      `INSERT INTO ${traces} SELECT ProjectId, Hour, TraceId, Start, End, CreatedAt, UpdatedAt, 0, [], 0, 0, 3, '~', 1, '~', '', 0, [], [], [] FROM ${traces} LIMIT 1`,
    );
    await recompute(clickhouse, dear);
    expect(await costs()).toEqual([{ cost: 25, rows: "3", spans: "3" }]);
    expect(await server.query(`SELECT sum(Cost) AS cost FROM ${spans}`)).toEqual([{ cost: 25 }]);
  });

  it("are those the processor would write today, whatever the model, usage and time", async () => {
    let state = 99;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * below);
    };
    const models = [
      ["anthropic", "claude-sonnet-4-5"],
      ["anthropic", "claude-opus-4-6"],
      ["deepseek", "deepseek-v4-pro"],
      ["deepseek", "deepseek-chat"],
      ["openai", "o3"],
      ["openai", "gpt-4o-audio-preview"],
      ["openai", "whisper-1"],
      ["perplexity", "sonar-reasoning-pro"],
      ["aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
      ["openai", "it's \\ odd"],
      ["openai", "own"],
      ["openai", "per-request"],
      ["openai", "new-model"],
    ] as const;
    const tokens = (): number | undefined => (random(6) === 0 ? undefined : random(10 ** (2 + random(5))));
    const spans = Array.from({ length: 600 }, () => {
      const [Provider, ResponseModel] = models[random(models.length)]!;
      const minutes = random(3 * 24 * 60);
      return call({
        ...{ Provider, ResponseModel, InputTokens: tokens(), OutputTokens: tokens() },
        CacheReadTokens: random(2) ? tokens() : undefined,
        CacheWriteTokens: random(3) ? undefined : tokens(),
        ReasoningTokens: random(2) ? tokens() : undefined,
        InputAudioTokens: random(3) ? undefined : tokens(),
        start: new Date(Date.UTC(2026, 7, 15) + minutes * 60_000).toISOString(),
      });
    });
    const today: CostInput = {
      models: [
        { model: "own", input: 3, cache_read: 0.3, output: 15, tiers: [{ above_input_tokens: 1000, input: 6 }] },
        { model: "own", provider: "openai", input: 4, output: 1, reasoning: 7, from: "2026-08-16", to: "2026-08-17" },
        { model: "per-request", request: 0.25 },
        { regex: "odd$", input: 1, input_audio: 9, output: 1 },
        { prefix: "new", input: 0, output: 0 },
      ],
    };
    const clickhouse = await stored(spans, { default_prices: false });
    await recompute(clickhouse, today);
    const batch = await processed(spans, today);
    const rows = await rowsOf(clickhouse);
    expect(rows.filter(({ Cost }) => Number(Cost) > 0).length).toBeGreaterThan(300);
    for (const [row, actual] of rows.entries()) {
      const { Cost, InputCost, OutputCost, Warnings, ...expected } = pricedRow(batch, row);
      const label = JSON.stringify({ ...spans[row], row });
      for (const [name, value] of Object.entries({ Cost, InputCost, OutputCost })) {
        if (value === undefined) expect(actual[name], label).toBeUndefined();
        else expect(actual[name], label).toBeCloseTo(value, 12);
      }
      // A model that has no price today has the words of the day it was stored.
      if (Warnings?.some((warning) => warning.startsWith("unknown_"))) continue;
      expect({ ...actual, Cost: 0, InputCost: 0, OutputCost: 0 }, label).toEqual({
        ...{ ...expected, Cost: 0, InputCost: 0, OutputCost: 0 },
        ...(Warnings === undefined ? {} : { Warnings }),
      });
    }
    expect((await recompute(clickhouse, today)).changes).toEqual([]);
  });

  it("leave alone what clients sent, before and since there was a processor", async () => {
    const clickhouse = await stored(
      [{ ...million, Cost: 7 }, million, { ...million, InputTokens: undefined, OutputTokens: undefined }],
      cheap,
    );
    // As `genai` alone would have stored a cost that a client sent.
    const raw = await stored([{ ...million, OperationKind: "agent", Cost: 5 }], cheap);
    await server.command(
      `ALTER TABLE ${raw.traces_table_name} UPDATE PriceVersion = '', OperationKind = 'llm' WHERE 1 SETTINGS mutations_sync = 1`,
    );
    await recompute(clickhouse, dear);
    await recompute(raw, dear);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([7, 10, undefined]);
    expect((await rowsOf(raw)).map(({ Cost }) => Cost)).toEqual([5]);
  });

  it("say per model how many spans change and by how much, and change nothing in a dry run", async () => {
    const clickhouse = await stored([million, million, call({ ResponseModel: "unlisted" })], cheap);
    const before = await rowsOf(clickhouse);
    const model = { provider: "openai", responseModel: "m", requestModel: "" };
    const expected = {
      changes: [{ ...model, spans: 2, before: 2, after: 20 }],
      unpriced: [{ provider: "openai", model: "unlisted", spans: 1 }],
    };
    expect(await recompute(clickhouse, dear, { dryRun: true })).toEqual(expected);
    expect(await rowsOf(clickhouse)).toEqual(before);
    expect(await recompute(clickhouse, dear)).toEqual(expected);
  });

  it("are complete when a run that stopped after a partition is run again", async () => {
    const days = ["2026-09-01", "2026-09-02", "2026-09-03"].map((day) => ({ ...million, start: `${day}T10:00:00Z` }));
    const clickhouse = await stored(days, cheap);
    const stop = new Error("stopped");
    const cost = costConfigOf(dear);
    await expect(
      withSpanTable("clickhouse", clickhouse, (table) =>
        recomputeCosts(table, {
          ...{ book: new PriceBook(cost), kinds: cost.kinds, dryRun: false, ...wide },
          onPartition: () => {
            throw stop;
          },
        }),
      ),
    ).rejects.toBe(stop);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([10, 1, 1]);
    const again = await recompute(clickhouse, dear);
    expect(again.changes.map(({ spans }: ModelChange) => spans)).toEqual([2]);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([10, 10, 10]);
  });

  it("change only spans of the time that is asked for", async () => {
    const at = (start: string): CostSketch => ({ ...million, start });
    const clickhouse = await stored(
      [at("2026-09-01T09:59:59.999Z"), at("2026-09-01T10:00:00Z"), at("2026-09-01T11:00:00Z")],
      cheap,
    );
    await recompute(clickhouse, dear, { fromMs: Date.UTC(2026, 8, 1, 10), toMs: Date.UTC(2026, 8, 1, 11) });
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([1, 10, 1]);
  });

  it("keep the version of prices that have not changed", async () => {
    const clickhouse = await stored([million], cheap);
    await server.command(
      `ALTER TABLE ${clickhouse.traces_table_name} UPDATE PriceVersion = 'file:old@1' WHERE 1 SETTINGS mutations_sync = 1`,
    );
    expect((await recompute(clickhouse, cheap)).changes).toEqual([]);
    expect((await rowsOf(clickhouse))[0]).toMatchObject({ PriceVersion: "file:old@1" });
  });

  it("are written beside the rows where the table takes lightweight updates", async ({ skip }) => {
    const known = await server.query("SELECT 1 FROM system.settings WHERE name = 'enable_lightweight_update'");
    skip(known.length === 0, "the server of CLICKHOUSE_URL has none");
    const days = ["2026-09-01", "2026-09-02"].map((day) => ({ ...million, start: `${day}T10:00:00Z` }));
    const clickhouse = await stored([...days, { ...million, Cost: 7 }], cheap);
    const table = clickhouse.traces_table_name;
    await server.command(
      `ALTER TABLE ${table} MODIFY SETTING enable_block_number_column = 1, enable_block_offset_column = 1`,
    );
    const { changes } = await recompute(clickhouse, dear);
    expect(changes).toMatchObject([{ spans: 2, before: 2, after: 20 }]);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([10, 10, 7]);
    expect((await recompute(clickhouse, dear)).changes).toEqual([]);
    expect(await server.query(`SELECT count() AS n FROM system.mutations WHERE table = '${table}'`)).toEqual([
      { n: "0" },
    ]);
    await server.command(`OPTIMIZE TABLE ${table} FINAL`);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual([10, 10, 7]);
  });

  it("come to models listed since, whose warning goes while others stay", async () => {
    const spans = [call({ ResponseModel: "m", InputTokens: 1e6, OutputTokens: 0, Warnings: ["other: stays"] })];
    const clickhouse = await stored(spans, { default_prices: false });
    expect((await rowsOf(clickhouse))[0]).toMatchObject({ Cost: 0 });
    await recompute(clickhouse, { models: [{ model: "m", input: 0 }], default_prices: false });
    expect(await rowsOf(clickhouse)).toEqual([
      { Cost: 0, InputCost: 0, OutputCost: 0, PriceVersion: "models", Warnings: ["other: stays"] },
    ]);
  });

  it("are found for hundreds of models in one partition", async () => {
    const names = Array.from({ length: 450 }, (_, i) => `model-${i}`);
    const clickhouse = await stored(
      names.map((ResponseModel) => ({ ...million, ResponseModel })),
      { default_prices: false },
    );
    const models = names.map((model, i) => ({ model, input: i + 1, tiers: [{ above_input_tokens: 5, input: i + 2 }] }));
    const { changes } = await recompute(clickhouse, { models, default_prices: false });
    expect(changes.length).toBe(450);
    expect((await rowsOf(clickhouse)).map(({ Cost }) => Cost)).toEqual(names.map((_, i) => i + 2));
  });

  it("wait for an update that an earlier run left behind, and take one back that cannot succeed", async () => {
    const clickhouse = await stored([million], cheap);
    const alter = (cost: string): Promise<void> =>
      server.command(
        `ALTER TABLE ${clickhouse.traces_table_name} UPDATE Cost = ${cost} WHERE 1 SETTINGS mutations_sync = 0`,
      );
    await alter("if(sleepEachRow(0.2) = 0, 10, 10), InputCost = 10");
    expect((await recompute(clickhouse, dear)).changes).toEqual([]);
    await alter("throwIf(Cost > 0, 'broken')");
    await expect(recompute(clickhouse, dear)).rejects.toThrow(/^cost: the update of .* failed: .*broken/s);
    expect((await recompute(clickhouse, cheap)).changes.length).toBe(1);
    expect((await rowsOf(clickhouse))[0]).toMatchObject({ Cost: 1 });
  });

  it("models without a price are listed with what they used", async () => {
    const clickhouse = await stored(
      [
        call({ ResponseModel: "b", InputTokens: 5 }),
        call({ ResponseModel: "a" }),
        call({ ResponseModel: "a" }),
        million,
      ],
      cheap,
    );
    const models = await withSpanTable("clickhouse", clickhouse, (table) =>
      unpricedModels(table, { ...wide, limit: 10 }),
    );
    expect(models).toEqual([
      {
        ...{ provider: "openai", model: "a", spans: 2, inputTokens: 300, outputTokens: 460 },
        reason: 'no price is listed for "a" of provider "openai"',
      },
      {
        ...{ provider: "openai", model: "b", spans: 1, inputTokens: 5, outputTokens: 230 },
        reason: 'no price is listed for "b" of provider "openai"',
      },
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { CostProcessor } from "../../../processors/cost/processor.ts";
import { batchOfCalls, call, costConfigOf } from "../../processors/cost/support.ts";
import { type CliOutcome, cli } from "../../support/cli.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

describe("signalbox cost", () => {
  let server: TestClickHouse;
  beforeAll(async () => {
    server = await startTestClickHouse();
    const config = clickhouseConfigSchema.parse({
      ...{ endpoint: server.url, database: server.database },
      ...{ insert: { max_age: "20ms", linger: "5ms" }, dead_letter: { max_bytes: 0 } },
    });
    const exporter = new ClickHouseExporter(config, testSettings());
    await exporter.start();
    const next = new RecordingConsumer<SpanBatch>();
    const spans = [
      ...[call(), call(), call({ ResponseModel: "own", InputTokens: 1e6, OutputTokens: 0 })],
      call({ start: "2026-10-01T12:00:00Z", ResponseModel: `\u001b[2J${"m".repeat(10_000)}` }),
    ];
    await new CostProcessor(costConfigOf(), next, testSettings()).consume(batchOfCalls(spans));
    await exporter.consume(next.batches[0]!);
    await exporter.shutdown(AbortSignal.timeout(5_000));
  });
  afterAll(() => server.stop());

  const time = ["--from", "2026-09-01", "--to", "2026-09-02"];

  function cost(...args: readonly string[]): Promise<CliOutcome> {
    const config = `yaml:
receivers: {nop: }
processors: {cost: {models: [{model: gpt-4o, input: 25, output: 100}]}}
exporters: {clickhouse: {endpoint: ${JSON.stringify(server.url)}, database: ${server.database}}}
service: {pipelines: {traces: {receivers: [nop], processors: [cost], exporters: [clickhouse]}}}`;
    return cli("cost", ...args, "--config", config);
  }

  it("lists models without a price", async () => {
    expect(await cost("unpriced", ...time)).toEqual({
      code: 0,
      out: 'openai own: 1 spans, 1000000 input and 0 output tokens; no price is listed for "own" of provider "openai"\n',
      err: "",
    });
    expect((await cost("unpriced", "--from", "2026-08-01", "--to", "2026-08-02")).out).toBe(
      "every model has a price\n",
    );
    expect(JSON.parse((await cost("unpriced", ...time, "--json")).out)).toMatchObject([{ model: "own", spans: 1 }]);
  });

  it("shows names of any length and any characters in one short line, and whole in JSON", async () => {
    const october = ["--from", "2026-10-01", "--to", "2026-10-02"];
    const name = `openai \\u001b[2J${"m".repeat(60)}...: `;
    const { out } = await cost("unpriced", ...october);
    expect([out.startsWith(name), out.length < 300, out.includes("\u001b")]).toEqual([true, true, false]);
    expect((await cost("recompute", ...october, "--dry-run")).out).toContain(`\n${name}no price, 1 spans`);
    const [found] = JSON.parse((await cost("unpriced", ...october, "--json")).out);
    expect(found.model).toBe(`\u001b[2J${"m".repeat(10_000)}`);
  });

  it("says what would change, changes it, and finds nothing to change then", async () => {
    const told = (verb: string): string => `partition 20260901: 2 spans ${verb} from $0.00535 to $0.0535
openai gpt-4o: 2 spans ${verb} from $0.00535 to $0.0535
openai own: no price, 1 spans are left as they are
all: 2 spans ${verb} from $0.00535 to $0.0535
`;
    expect(await cost("recompute", ...time, "--dry-run")).toEqual({ code: 0, out: told("would change"), err: "" });
    expect(await cost("recompute", ...time)).toEqual({ code: 0, out: told("changed"), err: "" });
    expect((await cost("recompute", ...time)).out).toContain("all: nothing to change\n");
    expect(await server.query("SELECT sum(Cost) AS cost FROM otel_traces WHERE ResponseModel = 'gpt-4o'")).toEqual([
      { cost: expect.closeTo(0.0535, 12) },
    ]);
  });

  it("refuses times that are no span of time", async () => {
    expect(await cost("recompute", "--from", "2026-09-02", "--to", "2026-09-01")).toMatchObject({
      code: 1,
      err: "--to must be after --from, got 2026-09-01T00:00:00.000Z and 2026-09-02T00:00:00.000Z\n",
    });
    expect((await cost("unpriced", ...time, "--limit", "0")).err).toContain("must be a whole number from 1 to 99999");
  });

  it("names the exporter that is not there", async () => {
    expect(await cost("unpriced", ...time, "--exporter", "clickhouse/eu")).toMatchObject({
      code: 1,
      err: 'no clickhouse exporter "clickhouse/eu" is configured\n',
    });
  });
});

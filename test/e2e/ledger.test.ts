import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { post, sendLoad, traceRequestOf } from "../support/load.ts";
import { defaultConfigWith, Program, ready, type Scraped, scrape } from "../support/program.ts";
import { until } from "../support/until.ts";

let clickhouse: TestClickHouse;
let program: Program | undefined;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterEach(() => program?.dispose());

afterAll(() => clickhouse?.stop());

async function start(...sets: string[]) {
  await clickhouse.command("DROP TABLE IF EXISTS otel_traces SYNC");
  program = await Program.start({ args: defaultConfigWith(clickhouse, ...sets) });
  return { program, ...(await ready(program)) };
}

/** The ledger as an operator reads it: what was accepted, and where it is now. */
function booksOf(metrics: Scraped) {
  const sent = metrics.sum("exporter_sent_spans");
  const deadLettered = metrics.sum("exporter_dead_lettered_spans");
  const lost = metrics.sum("exporter_lost_spans");
  const inFlight = metrics.sum("exporter_queue_size");
  return {
    accepted: metrics.sum("receiver_accepted_spans"),
    accountedFor: sent + deadLettered + lost + inFlight,
    ...{ sent, deadLettered, lost, inFlight },
    refused: metrics.sum("receiver_refused_spans"),
    rejected: metrics.sum("receiver_rejected_spans"),
  };
}

const storedSpans = async (): Promise<number> => {
  const [row] = await clickhouse.query<{ spans: string }>("SELECT count() AS spans FROM otel_traces");
  return Number(row!.spans);
};

describe("the metrics of a running Signalbox", () => {
  it("tell accepted, refused and rejected spans apart, and every accepted one is sent", async () => {
    // No batches and a queue of one request: requests that come at the same time are refused.
    const sets = [
      "service.pipelines.traces.processors=[]",
      "exporters.clickhouse.sending_queue.queue_size=1",
      "exporters.clickhouse.insert.max_age=20ms",
    ];
    const { http, metrics } = await start(...sets);
    const load = await sendLoad({ http, requests: 100, spansPerRequest: 10, connections: 8 });
    // One span of three has no trace id: its neighbours are stored.
    const spans = [randomBytes(16), Buffer.alloc(16), randomBytes(16)].map((traceId) => ({
      traceId,
      spanId: randomBytes(8),
    }));
    expect(await post(http, traceRequestOf(spans))).toBe(200);
    expect(load.refusedSpans).toBeGreaterThan(0);
    expect(booksOf(await scrape(metrics))).toMatchObject({
      accepted: 1_002,
      sent: 1_002,
      refused: load.refusedSpans,
      rejected: 1,
      lost: 0,
      inFlight: 0,
    });
    expect(await storedSpans()).toBe(1_002);
  });

  it.skipIf(externalClickHouse)("account for every span while ClickHouse is away, and after it came back", async () => {
    const sets = [
      "service.acknowledge=received",
      "service.pipelines.traces.processors=[]",
      "exporters.clickhouse.sending_queue.sizer=items",
    ];
    const { http, metrics } = await start(...sets);
    await sendLoad({ http, requests: 20, spansPerRequest: 50, connections: 4 });
    await until(async () => booksOf(await scrape(metrics)).inFlight === 0);
    await clickhouse.kill();
    await sendLoad({ http, requests: 20, spansPerRequest: 50, connections: 4 });
    expect(booksOf(await scrape(metrics))).toMatchObject({ accepted: 2_000, sent: 1_000, inFlight: 1_000 });
    await clickhouse.restart();
    await until(async () => booksOf(await scrape(metrics)).inFlight === 0);
    expect(booksOf(await scrape(metrics))).toMatchObject({ accepted: 2_000, accountedFor: 2_000, sent: 2_000 });
    expect(await storedSpans()).toBe(2_000);
  });

  it("count the spans that ClickHouse will never take as dead letters, and the rows are in a file", async () => {
    const { program, http, metrics } = await start();
    await sendLoad({ http, requests: 10, spansPerRequest: 10, connections: 2 });
    await clickhouse.command("RENAME TABLE otel_traces TO otel_traces_kept");
    await sendLoad({ http, requests: 10, spansPerRequest: 10, connections: 2 });
    await clickhouse.command("RENAME TABLE otel_traces_kept TO otel_traces");
    const books = booksOf(await scrape(metrics));
    expect(books).toMatchObject({ accepted: 200, accountedFor: 200, sent: 100, deadLettered: 100 });
    expect(await storedSpans()).toBe(100);
    const directory = join(program.directory, "data", "dead-letter");
    const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), "utf8")));
    const rows = files.flatMap((text) => text.trimEnd().split("\n").slice(1));
    expect(new Set(rows.map((row) => JSON.parse(row).SpanId)).size).toBe(100);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project, startTestStore, type TestStore } from "../../query/support.ts";
import type { TestClickHouse } from "../../support/clickhouse.ts";
import { until } from "../../support/until.ts";
import { TestApi } from "./support.ts";

const hour = 3_600_000;
/** Long over. */
const begin = -240 * hour;

describe("an API in the background", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());

  it("adds up what hours have, for all tables of settled hours", async () => {
    await store.spans({ trace: 1, span: 1, at: begin, lasts: 1, cost: 2, session: "chat" });
    const api = await TestApi.start(undefined, {
      exporter: { endpoint: server.url, database: server.database },
      config: { series: { interval: "1s", quiet_time: "0s", pause: "0s" } },
    });
    const tables = [
      "span_series",
      "settled_sessions",
      "settled_session_lists",
      "settled_traces",
      "settled_trace_index",
      "settled_trace_rows",
    ];
    const counts = tables.map((table) => `(SELECT count() FROM ${table} WHERE ProjectId = '${project}') AS ${table}`);
    const rows = async (): Promise<readonly number[]> => {
      const [row] = await server.query<Readonly<Record<string, string | number>>>(`SELECT ${counts.join(", ")}`);
      return tables.map((table) => Number(row?.[table]));
    };
    try {
      await until(async () => (await rows()).every((count) => count > 0));
      const [index] = await server.query(`SELECT Traces, IsWhole, Costs FROM settled_trace_index`);
      expect(index).toEqual({ Traces: "1", IsWhole: true, Costs: [2] });
    } finally {
      await api.extension.shutdown();
    }
  });
});

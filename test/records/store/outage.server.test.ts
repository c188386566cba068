import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promptTable } from "../../../exporters/clickhouse/schema/records.ts";
import { recordsSchema } from "../../../records/config.ts";
import { Records } from "../../../records/store/records.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { until } from "../../support/until.ts";
import { ready, startApi, type TestApi } from "../support.ts";

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
}, 60_000);
afterAll(() => clickhouse.stop());

const content = { content: "x" };
const ensure = (api: TestApi) => api.post("/v1/tasks/t/prompt/versions/ensure", content);

describe("while ClickHouse is away", () => {
  test("from the start on, requests are answered with 503 and when to come again", async () => {
    const free = await freePort();
    const api = await startApi({ url: `http://127.0.0.1:${free}`, database: "otel" });
    for (const { status, headers, body } of [
      await ensure(api),
      await api.get("/v1/prompts/t"),
      await api.get("/v1/datasets"),
    ]) {
      expect(status).toBe(503);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Object.keys(body)).toEqual(["detail"]);
    }
    await api.stop();
  });

  test.skipIf(externalClickHouse)(
    "requests are answered with 503, and as before when it is back",
    async () => {
      const api = await startApi(clickhouse);
      await ready(api);
      expect((await ensure(api)).status).toBe(200);
      await clickhouse.kill();
      for (const { status, headers } of [
        await ensure(api),
        await api.get("/v1/prompts/t"),
        await api.post("/ab-choices", ab),
      ]) {
        expect(status).toBe(503);
        expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      }
      await clickhouse.restart();
      await until(async () => (await api.get("/v1/prompts/t")).status === 200);
      expect((await ensure(api)).body.version).toBe(1);
      await api.stop();
    },
    60_000,
  );
});

const ab = { entity_type: "session", entity_id: "s", choice_name: "c", variant_key: "a", variants: { a: 1 } };

describe("a claim", () => {
  test("is won by one of many, in one process and in several, also where all have looked before any wrote", async () => {
    const apis = await Promise.all([startApi(clickhouse), startApi(clickhouse)]);
    await Promise.all(apis.map(ready));
    const scope = { project: "claims", author: "k" };
    const claims = Array.from({ length: 40 }, (_, n) => {
      const { store } = apis[n % 2]!.api;
      const records = new Records(store, blindReader(), recordsSchema.parse({}));
      return records.claim(
        promptTable,
        records.fresh(promptTable, scope, { Slug: "s", PromptId: `p${n}`, TaskName: "" }),
      );
    });
    const winners = await Promise.all(claims);
    expect(new Set(winners.map(({ PromptId }) => PromptId)).size).toBe(1);
    const rows = await clickhouse.query("SELECT PromptId FROM prompts WHERE ProjectId = 'claims'");
    expect(rows).toEqual([{ PromptId: winners[0]!.PromptId }]);
    for (const api of apis) await api.stop();
  }, 60_000);

  /** A reader whose first look, the one before the claim, finds nothing. */
  function blindReader() {
    let looks = 0;
    return {
      tables: {} as never,
      bounds: {} as never,
      countedHours: {} as never,
      loggedMessages: {} as never,
      rows: async <Row>(statement: { query: string; params: Readonly<Record<string, unknown>> }) => {
        if (looks++ === 0) return [];
        const result = await clickhouse.client.query({
          query: statement.query,
          query_params: { ...statement.params },
          format: "JSONEachRow",
        });
        return result.json<Row>();
      },
    };
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clickhouseConfigSchema } from "../../../../exporters/clickhouse/config.ts";
import { createQueryUser, projectPolicy, queryGrants } from "../../../../exporters/clickhouse/schema/query-user.ts";
import { ddlOf } from "../../../../exporters/clickhouse/schema/sql.ts";
import type { Store } from "../../../../extensions/api/api.ts";
import { apiConfigSchema } from "../../../../extensions/api/config.ts";
import { QueryAccess } from "../../../../extensions/api/query/access.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";
import { TestApi } from "../support.ts";

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});
afterAll(() => clickhouse.stop());

describe("the rights of the user of queries", () => {
  test.each([
    ["0s", 3],
    ["1h", 1],
  ])("are looked at again after rights_cache_time, with %s %i times for 3 queries", async (cached, looks) => {
    let asked = 0;
    const client = {
      query: async ({ query }: { query: string }) => {
        if (query === "SHOW GRANTS") asked++;
        const rows = query === "SHOW GRANTS" ? queryGrants("otel").map((grant) => [`${grant} TO u`]) : [policy];
        return { json: async () => rows };
      },
    };
    const policy = { filter: projectPolicy };
    const store = { client: async () => client, database: "otel" } as unknown as Store;
    const { sql } = apiConfigSchema.parse({ sql: { rights_cache_time: cached } });
    const access = new QueryAccess(store, sql);
    for (let n = 0; n < 3; n++) await access.assertSafe();
    expect(asked).toBe(looks);
  });
});

async function answerWith(config: Record<string, unknown>, exporter: Record<string, unknown> = {}): Promise<unknown> {
  const api = await TestApi.start(undefined, {
    config,
    exporter: { endpoint: clickhouse.url, database: clickhouse.database, ...exporter },
  });
  const response = await api.post("/query", '{"query":"SELECT 1"}');
  const answer = [response.status, await response.json()];
  await api.extension.shutdown();
  return answer;
}

const unsafe = (what: string) => [503, { detail: expect.stringContaining(what) }];

describe.skipIf(externalClickHouse)("the user of queries", () => {
  test("is there on the embedded server", async () => {
    expect(await answerWith({})).toEqual([200, expect.objectContaining({ rows: 1 })]);
  });

  test.each([
    [7, 400],
    [8, 200],
  ])("sends queries of max_query_size, %i for SELECT 1, at most", async (max_query_size, status) => {
    expect(await answerWith({ sql: { max_query_size } })).toEqual([status, expect.anything()]);
  });

  test("must be for the exporter's database", async () => {
    expect(await answerWith({}, { database: "default" })).toEqual(unsafe("lacks: GRANT SELECT ON default.*"));
  });

  test("must not be allowed more than to read", async () => {
    expect(await answerWith({ sql: { username: "default" } })).toEqual(unsafe("the user default of ClickHouse lacks"));
  });

  test("is made where it is not there and has a password; the answer says why that fails", async () => {
    expect(await answerWith({ sql: { username: "nobody" } })).toEqual(
      unsafe("the user nobody of ClickHouse does not exist"),
    );
    const config = { sql: { username: "nobody", password: "p" } };
    expect(await answerWith(config)).toEqual(unsafe("the user nobody of ClickHouse cannot be made"));
  });

  test("is made by statements that ClickHouse reads", async () => {
    const ddl = ddlOf(clickhouseConfigSchema.parse({ endpoint: clickhouse.url, cluster_name: "c" }), "otel");
    const statements = createQueryUser(ddl, "signalbox_query", "0".repeat(64));
    for (const statement of statements) expect(await clickhouse.query(`EXPLAIN AST ${statement}`)).not.toEqual([]);
    expect(statements).toMatchSnapshot();
  });
});

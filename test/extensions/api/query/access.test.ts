import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clickhouseConfigSchema } from "../../../../exporters/clickhouse/config.ts";
import { createQueryUser } from "../../../../exporters/clickhouse/schema/query-user.ts";
import { ddlOf } from "../../../../exporters/clickhouse/schema/sql.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";
import { TestApi } from "../support.ts";

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});
afterAll(() => clickhouse.stop());

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

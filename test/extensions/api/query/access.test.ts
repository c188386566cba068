import type { ClickHouseClient } from "@clickhouse/client";
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
    const { client, asked } = serverWith(queryGrants("otel"), [projectPolicy]);
    const { sql } = apiConfigSchema.parse({ sql: { rights_cache_time: cached } });
    const access = new QueryAccess({ database: "otel" } as Store, sql);
    for (let n = 0; n < 3; n++) await access.assertSafe(client);
    expect(asked.filter((query) => query === "SHOW GRANTS")).toHaveLength(looks);
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

/** A server where the user may do what `grants` say, with the policies that bind it. */
function serverWith(grants: readonly string[], policies: readonly string[]) {
  const asked: string[] = [];
  const client = {
    query: ({ query }: { query: string }) => {
      asked.push(query);
      const rows = /SHOW GRANTS/.test(query)
        ? grants.map((grant) => [`${grant} TO q`])
        : /row_policies/.test(query)
          ? policies.map((filter) => ({ filter }))
          : [];
      return Promise.resolve({ json: () => Promise.resolve(rows) });
    },
  };
  // Of a client this is all that is used.
  return { client: client as unknown as ClickHouseClient, asked };
}

describe("what is known of a user of queries", () => {
  const access = new QueryAccess(
    { database: "otel" } as Store,
    apiConfigSchema.parse({ sql: { username: "q", password: "" } }).sql,
  );
  const good = serverWith(queryGrants("otel"), [projectPolicy]);

  test("holds for a while, for the one server that was asked", async () => {
    await Promise.all([access.assertSafe(good.client), access.assertSafe(good.client)]);
    await access.assertSafe(good.client);
    expect(good.asked).toHaveLength(3);
    const other = serverWith(queryGrants("otel"), []);
    await expect(access.assertSafe(other.client)).rejects.toThrow("has no row policy");
    await expect(access.assertSafe(other.client)).rejects.toThrow("has no row policy");
    expect(other.asked).toHaveLength(4);
  });

  test.each([
    ["another", queryGrants("otel"), ["1"], "has another row policy"],
    ["a second one", queryGrants("otel"), [projectPolicy, "1"], "has 2 row policies"],
    ["more rights", [...queryGrants("otel"), "GRANT URL ON *.*"], [projectPolicy], "may do more than read: GRANT URL"],
    ["a role", [...queryGrants("otel"), "GRANT admin"], [projectPolicy], "may do more than read: GRANT admin"],
    ["the keys", queryGrants("otel").slice(0, 1), [projectPolicy], "lacks: REVOKE SELECT ON otel.api_keys"],
  ])("does not let it query with %s", async (_what, grants, policies, why) => {
    await expect(access.assertSafe(serverWith(grants, policies).client)).rejects.toThrow(why);
  });
});

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

  test("must have no table that a row policy does not cover", async () => {
    const exporter = { endpoint: clickhouse.url, database: clickhouse.database };
    const api = await TestApi.start(undefined, { exporter });
    const ask = async () => {
      const response = await api.post("/query", '{"query":"SELECT 1"}');
      return [response.status, await response.json()];
    };
    for (const [engine, of] of [
      ["Set", "(ProjectId String) ENGINE = Set"],
      ["Proxy", "(ProjectId String) AS remote('127.0.0.1:1', 'a', 'b')"],
      ["SystemNumbers", "AS numbers(3)"],
    ]) {
      await clickhouse.command(`CREATE TABLE odd ${of}`);
      expect(await ask()).toEqual(unsafe(`may read the table odd, whose engine ${engine} row policies do not cover`));
      await clickhouse.command("DROP TABLE odd SYNC");
    }
    expect(await ask()).toEqual([200, expect.anything()]);
    await api.extension.shutdown();
  });

  test("is made by statements that ClickHouse reads", async () => {
    const ddl = ddlOf(clickhouseConfigSchema.parse({ endpoint: clickhouse.url, cluster_name: "c" }), "otel");
    const statements = createQueryUser(ddl, "signalbox_query", "0".repeat(64));
    for (const statement of statements) expect(await clickhouse.query(`EXPLAIN AST ${statement}`)).not.toEqual([]);
    expect(statements).toMatchSnapshot();
  });
});

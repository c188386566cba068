import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  isForeignSource,
  isPrivateFunction,
  isServerFunction,
  ownSources,
} from "../../../../extensions/api/query/gate.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";
import { TestApi } from "../support.ts";

/*
 * Two projects with rows. Whatever project A asks, nothing of project B, of the keys or of the server's files may be in the
 * answer, nor in an error.
 */

const projectA = "aaaaaaaa-0000-4000-8000-00000000000a";
const projectB = "bbbbbbbb-0000-4000-8000-00000000000b";
const secret = "SECRET-B";
const own = "own-a";

let clickhouse: TestClickHouse;
let api: TestApi;
/** One whose queries do not end by themselves. */
let patient: TestApi;

/** A server that is not ours has no user for queries yet: it is made. */
const ownUser = () => (externalClickHouse ? { username: `${clickhouse.database}_query`, password: "query" } : {});

async function fill(): Promise<void> {
  const { command, database } = clickhouse;
  await command(`CREATE TABLE otel_traces (ProjectId LowCardinality(String), TraceId String, SpanName String, Cost Nullable(Float64),
    SpanAttributes Map(LowCardinality(String), String), INDEX i TraceId TYPE bloom_filter GRANULARITY 1,
    PROJECTION p (SELECT ProjectId, SpanName, count() GROUP BY ProjectId, SpanName))
    ENGINE = MergeTree ORDER BY (ProjectId, TraceId) SETTINGS index_granularity = 64`);
  await command("CREATE TABLE copied (ProjectId String, SpanName String) ENGINE = MergeTree ORDER BY ProjectId");
  await command("CREATE MATERIALIZED VIEW copier TO copied AS SELECT ProjectId, SpanName FROM otel_traces");
  await command("CREATE VIEW seen AS SELECT * FROM otel_traces");
  await command("CREATE TABLE times (TraceId String) ENGINE = MergeTree ORDER BY TraceId");
  await command("CREATE TABLE api_keys (ProjectId String, Hash String) ENGINE = MergeTree ORDER BY Hash");
  await command(
    "CREATE TABLE schema_migrations (TableName String, Version UInt32, Name String) ENGINE = MergeTree ORDER BY Name",
  );
  await command("CREATE TABLE joined (ProjectId String, SpanName String) ENGINE = Join(ANY, LEFT, ProjectId)");
  await command(`INSERT INTO times VALUES ('${secret}')`);
  await command(`INSERT INTO schema_migrations (Name) VALUES ('${secret}')`);
  await command(`INSERT INTO joined VALUES ('${projectB}', '${secret}')`);
  await command(`INSERT INTO api_keys VALUES ('${projectB}', '${secret}'), ('${projectA}', '${secret}')`);
  for (const [project, name] of [
    [projectA, own],
    [projectB, secret],
    ["", secret],
  ])
    await command(
      `INSERT INTO otel_traces SELECT '${project}', concat('${name}', toString(number)), '${name}', number, map('k', '${name}') FROM numbers(1000)`,
    );
  await command(`CREATE DICTIONARY names (ProjectId String, SpanName String) PRIMARY KEY ProjectId
    SOURCE(CLICKHOUSE(DB '${database}' TABLE 'otel_traces')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`);
}

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
  await fill();
  const key = (project: string, name: string) => ({ key: `key-${name}`, project, project_name: name });
  const start = (timeout: string) =>
    TestApi.start(undefined, {
      config: {
        keys: [key(projectA, "a"), key(projectB, "b"), { key: "key-none" }],
        query_timeout: timeout,
        query_memory: "200MiB",
        sql: { max_result_rows: 100_000, max_result_bytes: "20MiB", ...ownUser() },
      },
      exporter: { endpoint: clickhouse.url, database: clickhouse.database },
    });
  api = await start("3s");
  patient = await start("10m");
});
afterAll(async () => {
  await Promise.all([api.extension.shutdown(), patient.extension.shutdown()]);
  await clickhouse.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(query: string, more: Record<string, unknown> = {}, search = "?format=TSV"): Promise<Answer> {
  const response = await api.post(`/query${search}`, JSON.stringify({ query, ...more }), {
    authorization: "Bearer key-a",
  });
  const text = await response.text().catch((error: unknown) => `broken off: ${error}`);
  return { status: response.status, text };
}

/** Queries that are refused, and why. */
const refused: readonly (readonly [query: string, why: RegExp])[] = [
  ["SELECT * FROM api_keys", /Not enough privileges/],
  ["SELECT * FROM otel_traces WHERE TraceId IN (SELECT Hash FROM api_keys)", /Not enough privileges/],
  ["SELECT * FROM otel_traces WHERE TraceId IN api_keys", /Not enough privileges/],
  ["WITH (SELECT any(Hash) FROM api_keys) AS h SELECT h", /Not enough privileges/],
  ["SELECT 1 UNION ALL SELECT length(Hash) FROM api_keys", /Not enough privileges/],
  ["SELECT * FROM schema_migrations", /Not enough privileges/],
  ["SELECT * FROM times", /ProjectId/],
  ["DESCRIBE TABLE api_keys", /Not enough privileges/],
  ["SELECT dictGet('names', 'SpanName', '') ", /function \\"dictget\\"/],
  ["SELECT joinGet('joined', 'SpanName', '')", /function \\"joinget\\"/],
  ["SELECT * FROM dictionary('names')", /table function/],
  ["SELECT * FROM merge('^otel')", /table function/],
  ["SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", /table function/],
  ["SELECT * FROM file('/etc/passwd', LineAsString)", /function \\"file\\"/],
  ["SELECT * FROM remote('127.0.0.1', currentDatabase(), 'otel_traces')", /table function/],
  ["SELECT * FROM cluster('default', 'otel_traces')", /table function/],
  ["SELECT * FROM mergeTreeIndex(currentDatabase(), otel_traces)", /table function/],
  ["SELECT * FROM mergeTreeProjection(currentDatabase(), otel_traces, p)", /table function/],
  ["SELECT * FROM executable('x', CSV, 'a String')", /table function/],
  ["SELECT * FROM eval('SELECT 1')", /table function/],
  ["SELECT * FROM s3('http://127.0.0.1:1/a', 'CSV', 'a String')", /table function/],
  ["SELECT file('/etc/passwd')", /function \\"file\\"/],
  ["SELECT `file`('/etc/passwd')", /function \\"file\\"/],
  ["SELECT \"file\" /* x */ ('/etc/passwd')", /function \\"file\\"/],
  ["SELECT 'x' AS p, arrayMap(file, ['/etc/passwd'])", /function \\"file\\"/],
  ["SELECT * APPLY file FROM (SELECT '/etc/passwd')", /function \\"file\\"/],
  ["SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", /function \\"file\\"/],
  ["SELECT \"fi\\x6ce\"('/etc/passwd')", /cannot be read at character 8/],
  ["SELECT $$a$$, 1", /cannot be read/],
  ["SELECT “a”", /cannot be read/],
  ["SELECT x'\\', file('/etc/passwd') --'", /cannot be read/],
  ["SELECT 1 /* /* ' */ , file('/etc/passwd') --'", /cannot be read/],
  ["SELECT 1.file('/etc/passwd')", /cannot be read|function/],
  ["SELECT 1 # a\n", /cannot be read/],
  ["SELECT 1\0", /cannot be read/],
  ["SELECT sleep(3)", /function \\"sleep\\"/],
  ["SELECT hostName()", /function \\"hostname\\"/],
  ["SELECT getClientHTTPHeader('Authorization')", /function/],
  ["SELECT aiGenerate('x')", /function/],
  ["SELECT * FROM system.tables", /database \\"system\\"/],
  ["SELECT * FROM `system` . `query_log`", /database \\"system\\"/],
  ["SELECT * FROM INFORMATION_SCHEMA.TABLES", /database \\"information_schema\\"/],
  ["SELECT * FROM {t: Identifier}", /identifier/],
  ["SELECT * FROM (EXPLAIN ESTIMATE SELECT * FROM otel_traces)", /explain/],
  ["EXPLAIN indexes = 1 SELECT * FROM otel_traces", /begins with/],
  ["SHOW TABLES", /begins with/],
  ["SHOW CREATE TABLE api_keys", /begins with/],
  ["SET readonly = 0", /begins with/],
  ["USE system", /begins with/],
  ["INSERT INTO otel_traces SELECT * FROM otel_traces", /begins with/],
  ["ALTER TABLE otel_traces DELETE WHERE 1", /begins with/],
  ["DROP TABLE otel_traces", /begins with/],
  ["SYSTEM FLUSH LOGS", /begins with/],
  ["KILL QUERY WHERE 1", /begins with/],
  ["CREATE TEMPORARY TABLE x (a UInt8)", /begins with/],
  ["SELECT 1; SELECT 2", /more than one statement/],
  ["SELECT 1; DROP TABLE otel_traces", /more than one statement/],
  ["SELECT 1 INTO OUTFILE '/tmp/signalbox-attack'", /outfile/],
  ["SELECT 1 SETTINGS readonly = 0", /SETTINGS/],
  ["SELECT 1 SETTINGS additional_table_filters = {}", /SETTINGS/],
  ["SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)", /SETTINGS/],
  ["SELECT 1 settings /* */ `readonly`=0", /SETTINGS/],
  ["SELECT 1 FORMAT NoSuchFormat", /UNKNOWN_FORMAT/],
  ["SELECT", /SYNTAX_ERROR/],
  ["", /out_of_range|is empty/],
  ["-- nothing", /is empty/],
  [`SELECT ${"(".repeat(10_000)}1${")".repeat(10_000)}`, /TOO_DEEP/],
  [`SELECT '${"a".repeat(300_000)}'`, /longer than 262144/],
  ["SELECT * FROM no_such_table", /UNKNOWN_TABLE/],
];

/** Queries that are answered with rows of project A alone. */
const answered: readonly string[] = [
  "SELECT DISTINCT SpanName FROM otel_traces",
  "SELECT * FROM otel_traces WHERE ProjectId != '' OR 1",
  `SELECT '${own}', count() FROM otel_traces WHERE ProjectId = '${projectB}'`,
  "SELECT * FROM otel_traces PREWHERE 1 WHERE 1",
  "SELECT SpanName FROM otel_traces UNION ALL SELECT SpanName FROM otel_traces",
  "SELECT * FROM (SELECT * FROM otel_traces) AS otel_traces",
  "WITH otel_traces AS (SELECT SpanName AS n FROM otel_traces) SELECT n FROM otel_traces",
  "WITH x AS (SELECT * FROM seen) SELECT DISTINCT SpanName FROM x",
  "SELECT DISTINCT SpanName FROM seen",
  "SELECT DISTINCT SpanName FROM copied",
  "SELECT DISTINCT SpanName FROM copier",
  "SELECT a.SpanName, b.SpanName FROM otel_traces a FULL OUTER JOIN otel_traces b ON a.TraceId = b.TraceId LIMIT 10",
  "SELECT a.SpanName, b.SpanName FROM otel_traces a CROSS JOIN copied b LIMIT 10",
  "SELECT (SELECT groupUniqArray(SpanName) FROM otel_traces)",
  "SELECT groupUniqArray(SpanName), groupUniqArray(mapValues(SpanAttributes)) FROM otel_traces",
  "SELECT SpanName, count() FROM otel_traces GROUP BY SpanName",
  "SELECT ProjectId, SpanName, count() FROM otel_traces GROUP BY ProjectId, SpanName WITH TOTALS",
  "SELECT min(SpanName), max(SpanName), any(TraceId) FROM otel_traces",
  "SELECT * FROM otel_traces ORDER BY Cost DESC LIMIT 1 BY SpanName",
  `SELECT throwIf(SpanName = '${secret}'), '${own}' FROM otel_traces WHERE throwIf(SpanName = '${secret}') = 0`,
  `SELECT '${own}' FROM otel_traces PREWHERE NOT if(startsWith(SpanName, 'SECRET'), toUInt8(SpanName), 0)`,
  "SELECT SpanName FROM names",
  "FROM otel_traces SELECT DISTINCT SpanName",
  "(SELECT SpanName FROM otel_traces) INTERSECT (SELECT SpanName FROM otel_traces)",
  "SELECT SpanName FROM view(SELECT * FROM otel_traces)",
  "DESCRIBE TABLE (SELECT 'own-a' AS `own-a`)",
];

describe("POST /query of one of two projects", () => {
  test.each(refused.map(([query, why]) => ({ title: query.slice(0, 100), query, why })))(
    "$title is refused",
    async ({ query, why }) => {
      const { status, text } = await ask(query, { params: { t: "api_keys" } });
      expect([status, text]).toEqual([400, expect.stringMatching(why)]);
      expect(text).not.toMatch(/SECRET|root:/);
      expect(text).not.toContain("signalbox_query");
    },
  );

  test.each(answered)("%s shows own rows alone", async (query) => {
    const { status, text } = await ask(query);
    expect([status, text]).toEqual([200, expect.stringContaining(own)]);
    expect(text).not.toContain(secret);
  });

  test("a table that reads others row by row is empty", async () => {
    for (const query of ["SELECT * FROM joined", "SELECT count() FROM otel_traces WHERE SpanName LIKE 'SECRET%'"])
      expect((await ask(query)).text).toMatch(/^0?\n?$/);
    expect((await ask("SELECT count() FROM otel_traces")).text).toBe("1000\n");
    expect((await ask(`SELECT count() FROM ${clickhouse.database}.otel_traces`)).text).toBe("1000\n");
  });

  test("every key sees its own project", async () => {
    const names = async (key: string) => {
      const query = "SELECT DISTINCT ProjectId FROM otel_traces";
      const response = await api.post("/query?format=TSV", JSON.stringify({ query }), {
        authorization: `Bearer ${key}`,
      });
      return response.text();
    };
    expect(await Promise.all(["key-a", "key-b", "key-none"].map(names))).toEqual([
      `${projectA}\n`,
      `${projectB}\n`,
      "\n",
    ]);
  });

  test("neither headers nor parameters of a request change the project", async () => {
    const query = "SELECT DISTINCT SpanName, {a: String} FROM otel_traces";
    const response = await api.post(
      "/query?format=TSV&user=default&readonly=0&database=system&param_a=x&X-Signalbox-Project=p:",
      JSON.stringify({ query, params: { a: "q'\\\n" }, settings: { readonly: 0 } }),
      { authorization: "Bearer key-a", "x-signalbox-project": `p:${projectB}`, "x-clickhouse-user": "default" },
    );
    expect(await response.text()).toBe("own-a\tq\\'\\\\\\n\n");
    for (const name of ["a b", "a&user", "", "a".repeat(100)])
      expect((await ask("SELECT 1", { params: { [name]: "1" } })).status).toBe(400);
  });

  test("a value that is longer than ClickHouse takes one is answered with 400, and named", async () => {
    const { status, text } = await ask("SELECT length({a: String})", { params: { a: "x".repeat(200_000) } });
    expect([status, JSON.parse(text)]).toMatchObject([400, { detail: [{ loc: ["body", "params"] }] }]);
    expect((await ask("SELECT length({a: String})", { params: { a: "x".repeat(100_000) } })).text).toBe("100000\n");
  });

  test.each([
    ["SELECT number FROM numbers(1000000)", /RESULT|396/],
    ["SELECT repeat('a', 100000) FROM numbers(10000)", /396|MEMORY|memory/],
    ["SELECT groupArray(repeat('a', 1000)) FROM numbers(10000000)", /memory/],
    ["SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", /longer than it may/],
    ["WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count() FROM t", /nested too deep/],
    ["SELECT count() FROM numbers(1e6) a, numbers(1e6) b, numbers(1e6) c", /longer than it may|memory/],
  ])("%s is past a limit, and the server stays well", async (query, why) => {
    const { status, text } = await ask(query);
    if (status === 200) expect(text).toMatch(/^broken off/);
    else expect([status, text]).toEqual([400, expect.stringMatching(why)]);
    expect((await ask("SELECT 1")).text).toBe("1\n");
  });

  test("answers come in ClickHouse's formats, by the query, the body or the parameter", async () => {
    const of = async (query: string, more: object, search: string) => {
      const init = {
        method: "POST",
        body: JSON.stringify({ query, ...more }),
        headers: { authorization: "Bearer key-a" },
      };
      const response = await fetch(`${api.url}/query${search}`, init);
      return [response.headers.get("x-clickhouse-format"), response.headers.get("content-type"), await response.text()];
    };
    expect(await of("SELECT 1 AS a", {}, "?format=JSONEachRow")).toEqual([
      "JSONEachRow",
      expect.stringMatching(/json/),
      '{"a":1}\n',
    ]);
    expect(await of("SELECT 1 AS a", { format: "CSVWithNames" }, "?format=JSON")).toEqual([
      "CSVWithNames",
      expect.stringMatching(/csv/),
      '"a"\n1\n',
    ]);
    expect((await of("SELECT 1 AS a FORMAT TSV", {}, ""))[2]).toBe("1\n");
    expect((await of("SELECT 1 AS a", {}, ""))[0]).toBe("JSON");
    expect((await of("SELECT 1 AS a", { format: "Parquet" }, ""))[2]).toMatch(/^PAR1/);
  });

  test("more queries of a project at a time than it may have are refused", async () => {
    const slow = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(slow)));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    expect((await ask("SELECT 1")).status).toBe(200);
  });

  test("a client that hangs up ends its query", async () => {
    const controller = new AbortController();
    const query = "SELECT 'hung-up-query', count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";
    const init = { method: "POST", body: JSON.stringify({ query }), headers: { authorization: "Bearer key-b" } };
    const asked = fetch(`${patient.url}/query`, { ...init, signal: controller.signal }).catch(() => undefined);
    const running = async () => {
      const rows = await clickhouse.query(
        "SELECT 1 FROM system.processes WHERE query LIKE 'SELECT ''hung-up-query''%'",
      );
      return rows.length;
    };
    await expect.poll(running).toBe(1);
    controller.abort();
    await asked;
    await expect.poll(running).toBe(0);
  });
});

describe("what this engine has", () => {
  const namesOf = async (query: string) => (await clickhouse.query<{ name: string }>(query)).map(({ name }) => name);

  test("every table function is either of rows of its own or refused", async () => {
    const names = await namesOf("SELECT name FROM system.table_functions");
    expect(
      names.filter((name) => !ownSources.has(name.toLowerCase()) && !isForeignSource(name) && !isPrivateFunction(name)),
    ).toEqual([]);
  });

  test("every function that reaches out of the tables is refused", async () => {
    const names = await namesOf(
      `SELECT name FROM system.functions WHERE NOT is_aggregate
        AND trim(categories) IN ('AI', 'Introspection', 'Dictionary', 'Machine Learning', 'Embedded Dictionary')`,
    );
    expect(names.filter((name) => !isPrivateFunction(name) && !isServerFunction(name))).toEqual([]);
  });

  test.skipIf(externalClickHouse)("the other functions without a subject of their own are known", async () => {
    const names = await namesOf(
      "SELECT name FROM system.functions WHERE NOT is_aggregate AND trim(categories) IN ('', 'Other', 'Internal') ORDER BY name",
    );
    const allowed = names.filter((name) => !isPrivateFunction(name) && !isServerFunction(name));
    await expect(`${allowed.join("\n")}\n`).toMatchFileSnapshot("allowed-functions.txt");
  });
});

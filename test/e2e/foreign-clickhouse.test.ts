import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestApi } from "../extensions/api/support.ts";
import { ForeignClickHouse } from "../support/foreign-clickhouse.ts";
import { Program } from "../support/program.ts";
import { until } from "../support/until.ts";

/*
 * A server that Signalbox does not run: it makes its tables there, and the user and the row policy of POST /query, by nothing
 * but the address, the name and the password of the exporter. Two projects then write the same things in other words; project
 * A tries whatever it can to see a word of B's.
 */

const own = "own-a";
const secret = "SECRET-B";
const database = "traces_of_all";
const projects = { a: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", b: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb" } as const;
type Name = keyof typeof projects;
const queryPassword = "of the query user";

let clickhouse: ForeignClickHouse;
let program: Program;
let base: string;

const config = () => `yaml:
extensions:
  api:
    endpoint: "127.0.0.1:0"
    sql: { password: ${queryPassword} }
    keys: [{ key: key-a, project: ${projects.a} }, { key: key-b, project: ${projects.b} }]
receivers: { zeroeval: { api: api } }
processors: { genai: { session_ids: uuid }, images: }
exporters:
  clickhouse:
    endpoint: "${clickhouse.url}"
    username: ${clickhouse.username}
    password: ${clickhouse.password}
    database: ${database}
    insert: { max_age: 20ms }
service:
  extensions: [api]
  pipelines: { traces: { receivers: [zeroeval], processors: [genai, images], exporters: [clickhouse] } }
  telemetry: { metrics: { level: none }, logs: { encoding: json } }`;

async function call(path: string, body: unknown, name: Name = "a"): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer key-${name}` };
  const response = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

const ask = (query: string, name: Name = "a") => call("/query?format=TSV", { query }, name);

/** Something in as many tables as there are. */
async function write(name: Name, word: string): Promise<void> {
  const digit = name === "a" ? "1" : "2";
  const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-00000000000${digit}`;
  const image = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55", "hex");
  const span = {
    ...{ id: id("e"), trace_id: id("f"), session_id: word, name: word, started_at: 1_772_000_000, input_data: word },
    attributes: { word, attachments: [{ type: word, label: word, base64: image.toString("base64") }] },
    ...{ tags: { word }, trace_tags: { word }, session_tags: { word } },
  };
  const signal = { entity_type: "span", entity_id: span.id, name: word, value: word };
  const writes: readonly (readonly [string, unknown])[] = [
    ["/spans", [span]],
    ["/signals/bulk", { signals: [signal] }],
    [`/v1/tasks/${word}/prompt/versions/ensure`, { content: word }],
    ["/v1/datasets", { name: word, data: [{ word }] }],
  ];
  for (const [path, body] of writes)
    expect([path, await call(path, body, name)]).toMatchObject([path, { status: 200 }]);
}

beforeAll(async () => {
  clickhouse = await ForeignClickHouse.start();
  program = await Program.start({ args: ["--config", config()] });
  base = /http:\S+/.exec((await program.logged(/^api: http/)).msg)![0];
  await until(async () => (await call("/spans", [])).status === 200);
  await until(async () => (await fetch(`${base}/v1/datasets`, { headers: { authorization: "Bearer key-a" } })).ok);
  await write("a", own);
  await write("b", secret);
}, 30_000);
afterAll(async () => {
  await program?.dispose();
  await clickhouse?.stop();
});

describe("on a ClickHouse of one's own, POST /query", () => {
  it("has its user and row policy made with the first query", async () => {
    expect(clickhouse.statements).toEqual([]);
    expect(await ask("SELECT SpanName FROM otel_traces")).toEqual({ status: 200, text: `${own}\n` });
    expect(await ask("SELECT SpanName FROM otel_traces", "b")).toEqual({ status: 200, text: `${secret}\n` });
    expect(clickhouse.statements.map((sql) => sql.split(" ").slice(0, 3).join(" "))).toEqual([
      "CREATE USER IF",
      ...["GRANT SELECT ON", "REVOKE SELECT ON", "REVOKE SELECT ON"],
      "CREATE ROW POLICY",
    ]);
    expect(clickhouse.statements.join()).not.toContain(queryPassword);
  });

  it("shows of every table there is the project's own rows, or none of it", async () => {
    const names = (await clickhouse.query(`SELECT name FROM system.tables WHERE database = '${database}'`)).trim();
    const seen: string[] = [];
    for (const name of names.split("\n")) {
      const { status, text } = await ask(`SELECT * FROM \`${name}\``);
      expect(`${name}: ${text}`).not.toContain(secret);
      expect([name, status]).toEqual([name, /^(?:api_keys|schema_migrations)$/.test(name) ? 400 : status]);
      if (status === 200 && text.includes(own)) seen.push(name);
    }
    const theirs = async (name: string) => Number(await clickhouse.query(`SELECT count() FROM ${database}.${name}`));
    expect(seen).toEqual(expect.arrayContaining(["otel_traces", "traces", "sessions", "signals", "attachments"]));
    for (const name of ["otel_traces", "signals", "attachments"]) expect(await theirs(name)).toBe(2);
  });

  it.each([
    `SELECT * FROM otel_traces WHERE ProjectId = '${projects.b}' OR 1`,
    "SELECT * FROM (SELECT * FROM otel_traces UNION ALL SELECT * FROM otel_traces)",
    `SELECT * FROM ${database}.otel_traces PREWHERE 1`,
    `SELECT '${own}', count() FROM otel_traces WHERE throwIf(SpanName = '${secret}') = 0`,
    "SELECT a.SpanName, b.SpanName FROM otel_traces a FULL JOIN otel_traces b ON 1 = 1",
  ])("%s shows own rows alone", async (query) => {
    const { status, text } = await ask(query);
    expect([status, text]).toEqual([200, expect.stringContaining(own)]);
    expect(text).not.toContain(secret);
  });

  it.each([
    ["SELECT * FROM api_keys", /ACCESS_DENIED/],
    ["SELECT * FROM system.users", /database \\"system\\"/],
    ["SELECT * FROM `system`.`row_policies`", /database \\"system\\"/],
    ["SELECT * FROM information_schema.tables", /database \\"information_schema\\"/],
    ["SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", /table function/],
    ["SELECT * FROM file('/etc/passwd', LineAsString)", /function \\"file\\"/],
    ["SELECT file('/etc/passwd')", /function \\"file\\"/],
    [`SELECT * FROM remote('127.0.0.1', ${database}, otel_traces, 'default', 'x')`, /table function/],
    ["SELECT * FROM executable('x', CSV, 'a String')", /table function/],
    ["SELECT 1 SETTINGS readonly = 0", /SETTINGS/],
    ["SELECT * FROM otel_traces SETTINGS additional_table_filters = {}", /SETTINGS/],
    ["SELECT * FROM (SELECT 1 SETTINGS allow_get_client_http_header = 0)", /SETTINGS/],
    ["SET allow_get_client_http_header = 0", /begins with/],
    ["DROP ROW POLICY signalbox_query ON traces_of_all.*", /begins with/],
    ["GRANT ALL ON *.* TO signalbox_query", /begins with/],
    ["SELECT getClientHTTPHeader('X-Signalbox-Project')", /function/],
  ])("refuses %s", async (query, why) => {
    const { status, text } = await ask(query);
    expect([status, text]).toEqual([400, expect.stringMatching(why)]);
    expect(text).not.toMatch(/SECRET|root:|signalbox_query:/);
  });

  it("takes neither project, user nor settings from what a request says", async () => {
    const query = { query: "SELECT SpanName FROM otel_traces", params: {}, settings: { readonly: 0 } };
    const headers = {
      ...{ authorization: "Bearer key-a", "x-signalbox-project": `p:${projects.b}` },
      ...{ "x-clickhouse-user": clickhouse.username, "x-clickhouse-key": clickhouse.password },
    };
    const search = `format=TSV&user=default&password=x&readonly=0&database=system&X-Signalbox-Project=p:${projects.b}`;
    const response = await fetch(`${base}/query?${search}`, { method: "POST", headers, body: JSON.stringify(query) });
    expect([response.status, await response.text()]).toEqual([200, `${own}\n`]);
  });
});

describe("a user of queries that somebody else has made", () => {
  it("is left as it is where sql.password does not let in", async () => {
    const before = clickhouse.statements.length;
    const { url: endpoint, username, password } = clickhouse;
    const api = await TestApi.start(undefined, {
      config: { sql: { password: "another" } },
      exporter: { endpoint, username, password, database },
    });
    const response = await api.post("/query", '{"query":"SELECT 1"}');
    await api.extension.shutdown();
    const why = "the user signalbox_query of ClickHouse exists, and is not let in with sql.password";
    expect([response.status, await response.json()]).toEqual([503, { detail: expect.stringContaining(why) }]);
    expect(clickhouse.statements).toHaveLength(before);
  });
});

/** What holds if all that Signalbox itself refuses were let through. */
describe("the user that was made, with no Signalbox before it", () => {
  async function asUser(query: string, project?: string): Promise<string> {
    const authorization = `Basic ${Buffer.from(`signalbox_query:${queryPassword}`).toString("base64")}`;
    const header = project === undefined ? {} : { "x-signalbox-project": `p:${project}` };
    const url = `${clickhouse.url}/?database=${database}&readonly=1`;
    return (await fetch(url, { method: "POST", body: query, headers: { authorization, ...header } })).text();
  }

  it("sees one project's rows, and without a project none", async () => {
    expect(await asUser("SELECT SpanName FROM otel_traces", projects.a)).toBe(`${own}\n`);
    expect(await asUser("SELECT SpanName FROM otel_traces")).toBe("");
    expect(await asUser("SELECT SpanName FROM otel_traces", "")).toBe("");
  });

  it.each([
    "SELECT * FROM api_keys",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    `SELECT * FROM remote('127.0.0.1', ${database}, otel_traces)`,
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/a', 'CSV', 'a String')",
    "INSERT INTO otel_traces SELECT * FROM otel_traces",
    "CREATE TABLE copied ENGINE = Memory AS SELECT 1",
    "DROP TABLE otel_traces",
    "CREATE USER other",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT * FROM otel_traces SETTINGS max_threads = 1",
  ])("cannot do %s", async (query) => {
    const answer = await asUser(query, projects.a);
    expect(answer).toMatch(/ACCESS_DENIED|READONLY/);
    expect(answer).not.toMatch(/SECRET|root:/);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCursor } from "../../query/cursor.ts";
import { batchOfSpans } from "../support/batches.ts";
import { TestStore, uuidOf } from "./test-store.ts";

let store: TestStore;
const trace = uuidOf("trac");
const ids = { root: uuidOf("root"), llm: uuidOf("llm"), http: uuidOf("http"), open: uuidOf("open") };
const at = (second: number): string => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

const spans = [
  {
    id: ids.root,
    trace_id: trace,
    name: "root",
    started_at: at(0),
    ended_at: at(10),
    session_id: "s1",
    trace_tags: { tier: "gold" },
  },
  {
    ...{
      id: ids.llm,
      trace_id: trace,
      parent_span_id: ids.root,
      name: "chat",
      kind: "llm",
      cost: 0.5,
      tags: { env: "prod" },
    },
    ...{ started_at: at(1), ended_at: at(3), session_id: "s1", session_tags: { user: "u1", env: "session" } },
  },
  {
    ...{
      id: ids.http,
      trace_id: trace,
      parent_span_id: ids.llm,
      name: "GET, x",
      kind: "http",
      cost: 0.1,
      status: "error",
    },
    ...{ error_code: "Timeout", started_at: at(2), duration_ms: 5, tags: { env: "dev", kind: "blue" } },
  },
  { id: ids.open, trace_id: trace, parent_span_id: ids.root, name: "open", started_at: at(3) },
];

const nameOf = (id: string): string => Object.entries(ids).find(([, known]) => known === id)?.[0] ?? id;

async function found(query: string, key: "a" | "b" = "a"): Promise<string[]> {
  const { status, body } = await store.get(`/spans?${query}`, key);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.map(({ id }: { id: string }) => nameOf(id));
}

beforeAll(async () => {
  store = await TestStore.start();
  // Children before their parents, and in two requests.
  await store.post("/spans", [spans[2], spans[1]]);
  await store.post("/spans", [spans[3], spans[0]]);
});
afterAll(() => store.stop());

describe("GET /spans", () => {
  it.each([
    ["", ["open", "http", "llm", "root"]],
    [`id=${ids.llm.toUpperCase()}`, ["llm"]],
    [`trace_id=${trace.replaceAll("-", "")}`, ["open", "http", "llm", "root"]],
    [`trace_id=${uuidOf("none")}`, []],
    ["parent_span_id=null", ["root"]],
    [`parent_span_id=${ids.root}`, ["open", "llm"]],
    ["span_kind=llm", ["llm"]],
    ["span_kind=generic", ["open", "root"]],
    ["kind=blue", ["http"]],
    ["names=chat,%20open%20,,", ["open", "llm"]],
    ["error_codes=Timeout,Other", ["http"]],
    ["has_error=true", ["http"]],
    ["has_error=0", ["open", "llm", "root"]],
    ["duration_min=5&duration_max=2000", ["http", "llm"]],
    ["duration_min=0", ["http", "llm", "root"]],
    ["duration_min=9&duration_max=1", []],
    ["cost_min=0.5", ["llm"]],
    ["cost_max=0.5", ["http", "llm"]],
    ["created_after=2020-01-01", ["open", "http", "llm", "root"]],
    ["created_before=2020-01-01", []],
    ["created_after=1e10", []],
    // Spans without a session belong to that of their trace.
    ["session_id=s1", ["open", "http", "llm", "root"]],
    ["session_id=s2", []],
    // Tags of the session, of the trace, of the span.
    ["user=u1", ["open", "http", "llm", "root"]],
    ["tier=gold", ["open", "http", "llm", "root"]],
    ["env=session", ["open", "root"]],
    ["env=prod&env=dev", ["http", "llm"]],
    ["env=prod&tier=gold", ["llm"]],
    ["tag.kind=blue", ["http"]],
    ["env=nothing", []],
    ["sort_order=asc", ["root", "llm", "http", "open"]],
    ["sort_by=cost", ["llm", "http", "open", "root"]],
    ["sort_by=cost&sort_order=asc", ["http", "llm", "open", "root"]],
    ["sort_by=duration_ms", ["root", "llm", "http", "open"]],
    ["sort_by=name&sort_order=asc", ["http", "llm", "open", "root"]],
    ["sort_by=kind&sort_order=asc", ["open", "root", "http", "llm"]],
    ["limit=2", ["open", "http"]],
    ["limit=2&offset=1", ["http", "llm"]],
    ["offset=4", []],
  ])("%s", async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  it.each([
    ...["limit=0", "limit=10001", "limit=1.5", "limit=1e9", "offset=-1", "id=x", "trace_id=1", "parent_span_id=nil"],
    ...["has_error=maybe", "duration_min=a", "cost_min=NaN", "created_after=yesterday", "sort_by=id", "sort_order=up"],
    ...["cursor=%21", "cursor=abc", "format=xml"],
  ])("%s is answered with 400", async (query) => {
    const { status, body } = await store.get(`/spans?${query}`);
    expect(status).toBe(400);
    expect(body.detail[0].loc).toEqual(["query", query.split("=")[0]]);
  });

  it("counts what fits when asked", async () => {
    expect((await store.get("/spans?limit=1&count=true")).headers.get("x-total-count")).toBe("4");
    expect((await store.get("/spans?limit=1&count=true&span_kind=llm")).headers.get("x-total-count")).toBe("1");
    expect((await store.get("/spans?limit=1")).headers.has("x-total-count")).toBe(false);
  });

  it.each(
    ["started_at", "name", "status", "duration_ms", "cost", "kind"].flatMap((by) => [`${by}&sort_order=asc`, by]),
  )("pages by cursor show every span once, in the order of sort_by=%s", async (by) => {
    const pages: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const answer = await store.get(`/spans?limit=1&sort_by=${by}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      pages.push(...answer.body.map(({ id }: { id: string }) => nameOf(id)));
      cursor = answer.headers.get("x-next-cursor");
    }
    expect(pages).toEqual(await found(`sort_by=${by}`));
  });

  it.each([
    ["started_at", "9999-12-31 23:59:59.999999999"],
    ["started_at", "2026-02-31 00:00:00.000000000"],
    ["duration_ms", " 5"],
    ["duration_ms", "0x10"],
    ["cost", "5\n"],
    ["cost", " "],
  ])("a cursor of %s that holds %j, which no span has, is refused", async (by, value) => {
    const cursor = writeCursor(`spans ${by} desc`, [value, "1".repeat(16), "2".repeat(32)]);
    const { status, body } = await store.get(`/spans?sort_by=${by}&cursor=${cursor}`);
    expect([status, body]).toMatchObject([400, { detail: [{ loc: ["query", "cursor"], type: "invalid_cursor" }] }]);
  });

  it.each(["asc", "desc"])(
    "spans without a status come last by status %s, also where they were sent twice",
    async (order) => {
      const times = { trace_id: uuidOf("twic"), started_at: at(0) };
      const sent = [
        { ...times, id: uuidOf("none"), name: "none" },
        { ...times, id: uuidOf("fail"), name: "fail", status: "error" },
        { ...times, id: uuidOf("good"), name: "good", status: "ok" },
      ];
      for (const _ of [1, 2]) await store.post("/spans", sent, "default");
      const { body } = await store.get(
        `/spans?trace_id=${times.trace_id}&sort_by=status&sort_order=${order}`,
        "default",
      );
      const names = body.map(({ name }: { name: string }) => name);
      expect(names).toEqual(order === "asc" ? ["fail", "good", "none"] : ["good", "fail", "none"]);
    },
  );

  it("a cursor of another order is refused", async () => {
    const cursor = (await store.get("/spans?limit=1")).headers.get("x-next-cursor");
    expect((await store.get(`/spans?limit=1&sort_by=cost&cursor=${cursor}`)).status).toBe(400);
  });

  it("another project sees nothing", async () => {
    expect(await found("", "b")).toEqual([]);
    expect((await store.get(`/spans/${ids.llm}`, "b")).status).toBe(404);
    expect((await store.get(`/traces/${trace}/spans`, "b")).status).toBe(404);
  });

  const injections = ["'", "' OR 1=1 --", "\\", "{p1: String}", "`", "\0", "1); DROP TABLE otel_traces", "%27", "😀"];
  it.each(injections)("takes %j in every parameter as text", async (text) => {
    const value = encodeURIComponent(text);
    for (const name of ["span_kind", "names", "error_codes", "session_id", "anything", "tag.x"]) {
      expect(await found(`${name}=${value}`)).toEqual([]);
    }
    expect(await found(`${value}x=1`)).toEqual([]);
    for (const name of ["id", "trace_id", "created_after", "sort_by", "limit", "cursor"]) {
      expect((await store.get(`/spans?${name}=${value}`)).status).toBe(400);
    }
  });
});

describe("GET /traces/{id}/spans", () => {
  it("has the spans of the trace, and is 404 where there are none", async () => {
    const { body } = await store.get(`/traces/${trace}/spans?sort_order=asc&limit=2`);
    expect(body.map(({ id }: { id: string }) => nameOf(id))).toEqual(["root", "llm"]);
    expect((await store.get(`/traces/${uuidOf("none")}/spans`)).status).toBe(404);
    expect((await store.get("/traces/abc/spans")).status).toBe(400);
  });
});

describe("formats", () => {
  it("are the same rows", async () => {
    const json = (await store.get("/spans")).body;
    const ndjson = (await store.get("/spans?format=ndjson")).body
      .trim()
      .split("\n")
      .map((line: string) => JSON.parse(line));
    expect(ndjson).toEqual(json);
    const csv = await store.get("/spans?format=csv&all=true&limit=1");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.body.split("\r\n")).toHaveLength(6);
    expect(csv.body).toContain('"GET, x"');
  });
});

describe("spans that were sent several times", () => {
  it("are one span with the newest of everything that was given", async () => {
    const [id, trace_id] = [uuidOf("span"), uuidOf("trac")];
    const first = {
      id,
      trace_id,
      name: "first",
      kind: "llm",
      started_at: at(0),
      attributes: { a: 1, b: 1 },
      tags: { x: "1" },
    };
    await store.post("/spans", [{ ...first, input_data: "in", cost: 1 }]);
    await store.post("/spans", [
      {
        id,
        trace_id,
        name: "second",
        started_at: at(0),
        ended_at: at(2),
        attributes: { b: [2] },
        tags: { y: "2" },
        output_data: null,
      },
    ]);
    const expected = {
      ...{ name: "second", kind: "llm", duration_ms: 2000, cost: 1, input_data: "in", attributes: { a: 1, b: [2] } },
      tags: { x: "1", y: "2" },
    };
    expect((await store.get(`/spans/${id}`)).body).toMatchObject(expected);
    const list = await store.get(`/spans?trace_id=${trace_id}&count=true`);
    expect(list.body).toHaveLength(1);
    expect(list.body[0]).toMatchObject(expected);
    expect(list.headers.get("x-total-count")).toBe("1");
    // What only both versions together say is found, and what the older one said no more.
    expect(await found(`cost_min=1&duration_min=2000&x=1&y=2&trace_id=${trace_id}`)).toEqual([id]);
    expect(await found(`names=second&span_kind=llm&x=1`)).toEqual([id]);
    expect(await found(`names=first`)).toEqual([]);
  });

  it("are counted once, also among others", async () => {
    const trace_id = uuidOf("trac");
    const twice = { id: uuidOf("span"), trace_id, name: "twice", started_at: at(5), tags: { set: "w" } };
    await store.post("/spans", [twice, { ...twice, id: uuidOf("span"), name: "once" }]);
    await store.post("/spans", [twice]);
    const { body, headers } = await store.get("/spans?set=w&count=true");
    expect(body.map(({ name }: { name: string }) => name).toSorted()).toEqual(["once", "twice"]);
    expect(headers.get("x-total-count")).toBe("2");
  });
});

describe("spans of OTLP", () => {
  it("are read as the contract says", async () => {
    const batch = batchOfSpans(
      [
        {
          ...{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", name: "otlp", kind: 3 },
          ...{ parentSpanId: "eee19b7ec3c1b173", statusCode: 2, statusMessage: "bad" },
          attributes: { "gen_ai.request.model": "gpt-4o", n: 5n, "service.version": "own" },
        },
      ],
      { "service.name": "svc", "service.version": "1", "host.name": "h" },
    );
    await store.pipeline.consume(batch);
    const { body } = await store.get("/spans/eee19b7e-c3c1-b174-0000-000000000000", "default");
    expect(body).toMatchObject({
      ...{ trace_id: "5b8efff7-9803-8103-d269-b633813fc60c", parent_span_id: "eee19b7e-c3c1-b173-0000-000000000000" },
      ...{ project_id: "00000000-0000-0000-0000-000000000000", status: "error", error_message: "bad", has_error: true },
      attributes: {
        ...{ "gen_ai.request.model": "gpt-4o", n: 5, "service.name": "svc", "service.version": "own" },
        ...{ "resource.host.name": "h", "otel.scope.name": "test-scope", "otel.span_kind": 3 },
      },
    });
  });
});

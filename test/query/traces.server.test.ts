import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestStore, uuidOf } from "./test-store.ts";

let store: TestStore;
const [trace, other] = [uuidOf("trac"), uuidOf("othe")];
const ids = { root: uuidOf("root"), child: uuidOf("chil"), leaf: uuidOf("leaf") };
const at = (second: number): string => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

beforeAll(async () => {
  store = await TestStore.start({ api: { max_list_keys: 2 } });
  await store.post("/spans", [
    {
      id: ids.leaf,
      trace_id: trace,
      parent_span_id: ids.child,
      name: "leaf",
      started_at: at(2),
      ended_at: at(3),
      cost: 0.25,
    },
    {
      id: ids.child,
      trace_id: trace,
      parent_span_id: ids.root,
      name: "child",
      started_at: at(1),
      ended_at: at(4),
      status: "error",
    },
    {
      ...{
        id: ids.root,
        trace_id: trace,
        name: "root",
        started_at: at(0),
        ended_at: at(5),
        session_id: "chat-42",
        cost: 0.5,
      },
      ...{ input_data: "in", output_data: "out", trace_tags: { tier: "gold" }, session_tags: { user: "u1" } },
    },
    { trace_id: other, name: "other", started_at: at(9), ended_at: at(10), session_id: "chat-42", status: "ok" },
  ]);
  await store.post("/signals/", { entity_type: "trace", entity_id: trace, name: "good", value: true });
  await store.post("/signals/", { entity_type: "session", entity_id: "chat-42", name: "mood", value: "fine" });
});
afterAll(() => store.stop());

describe("GET /traces", () => {
  it("lists traces with what their spans say", async () => {
    const { body, headers } = await store.get("/traces?count=true");
    expect(headers.get("x-total-count")).toBe("2");
    expect(body).toMatchObject([
      { id: other, name: "other", status: "ok", cost: null },
      {
        ...{ id: trace, name: "root", status: "error", started_at: "2026-03-01T10:00:00.000000Z", duration_ms: 5000 },
        ...{ cost: 0.75, span_count: 3, error_count: 1, root_span_input: "in", root_span_output: "out" },
        ...{ tags: { tier: "gold" }, session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5" },
        signals: { good: { value: true, type: "boolean" } },
      },
    ]);
  });

  it.each([
    ["has_error=true", 1],
    ["status=ok", 1],
    ["names=root,other", 2],
    ["user=u1&tier=gold", 1],
    ["session_id=chat-42&cost_min=0.75", 1],
    ["duration_max=1000", 1],
    ["limit=1&offset=1", 1],
    ["anything='%20OR%201=1", 0],
  ])("%s finds %i", async (query, count) => {
    expect((await store.get(`/traces?${query}`)).body).toHaveLength(count);
  });

  it.each(["limit=501", "limit=0", "status=bad", "sort_by=id", "id=1", "cursor=abc"])(
    "%s is a mistake",
    async (query) => {
      expect((await store.get(`/traces?${query}`)).status).toBe(400);
    },
  );

  it("goes on behind a cursor", async () => {
    const cursor = (await store.get("/traces?limit=1")).headers.get("x-next-cursor");
    const { body } = await store.get(`/traces?limit=1&cursor=${cursor}`);
    expect(body).toMatchObject([{ id: trace }]);
  });

  it("is exported whole", async () => {
    expect((await store.get("/traces?limit=1&all=true&format=csv")).body.trim().split("\r\n")).toHaveLength(3);
  });

  it("is not exported in an order other than by start where it holds more keys than may be held", async () => {
    await store.post("/spans", [
      { id: uuidOf("span"), trace_id: uuidOf("trac"), name: "third", started_at: "2026-03-01T12:00:00Z" },
    ]);
    await expect.poll(async () => (await store.get("/traces")).body, { timeout: 10_000 }).toHaveLength(3);
    expect((await store.get("/traces?all=true&count=true")).body).toHaveLength(3);
    const { status, body } = await store.get("/traces?all=true&sort_by=cost&format=csv");
    expect([status, body.detail[0].loc]).toEqual([400, ["query", "all"]]);
  });
});

describe("GET /traces/{id}", () => {
  it("has the spans by start, and their tree", async () => {
    const { status, body } = await store.get(`/traces/${trace}`);
    expect(status).toBe(200);
    expect(body.spans.map(({ name }: { name: string }) => name)).toEqual(["root", "child", "leaf"]);
    expect(body.tree).toMatchObject([
      { id: ids.root, depth: 0, duration_ms: 5000 },
      { id: ids.child, depth: 1, has_error: true },
      { id: ids.leaf, depth: 2, cost: 0.25 },
    ]);
    expect(body.signals).toEqual({ good: { value: true, type: "boolean" } });
  });

  it("shows as many spans as were asked for, and where it goes on", async () => {
    const { body, headers } = await store.get(`/traces/${trace}?limit=2`);
    expect([body.spans.length, body.tree.length]).toEqual([2, 3]);
    const rest = await store.get(`/traces/${trace}/spans?sort_order=asc&cursor=${headers.get("x-next-cursor")}`);
    expect(rest.body).toMatchObject([{ name: "leaf" }]);
  });

  it("is 404 for no trace and another project's, and 400 for no id", async () => {
    expect((await store.get(`/traces/${uuidOf("none")}`)).status).toBe(404);
    expect((await store.get(`/traces/${trace}`, "b")).status).toBe(404);
    expect((await store.get("/traces/x")).status).toBe(400);
  });

  it("takes spans that are each other's parents", async () => {
    const [one, two, cycle] = [uuidOf("one"), uuidOf("two"), uuidOf("cycl")];
    await store.post("/spans", [
      { id: one, trace_id: cycle, parent_span_id: two, name: "1", started_at: at(0) },
      { id: two, trace_id: cycle, parent_span_id: one, name: "2", started_at: at(1) },
    ]);
    const { body } = await store.get(`/traces/${cycle}`);
    expect(body.tree.map(({ id, depth }: { id: string; depth: number }) => [id, depth])).toEqual([
      [one, 0],
      [two, 1],
    ]);
  });
});

describe("GET /sessions", () => {
  it("sums up traces", async () => {
    const expected = {
      ...{ id: "d5b82663-4051-5a4c-9808-616c909bbbc5", name: "chat-42", trace_count: 2, error_count: 1, cost: 0.75 },
      ...{ duration: 6000, tags: { user: "u1" }, signals: { mood: { value: "fine", type: "categorical" } } },
    };
    expect((await store.get("/sessions?count=true")).body).toMatchObject([expected]);
    expect((await store.get("/sessions/chat-42")).body).toMatchObject(expected);
    expect((await store.get("/sessions?user=u1&has_error=true&cost_min=0.7")).body).toHaveLength(1);
    expect((await store.get("/sessions?id=chat-42")).body).toHaveLength(1);
    expect((await store.get("/sessions/none")).status).toBe(404);
    expect((await store.get("/sessions/chat-42", "b")).status).toBe(404);
    expect((await store.get("/sessions?sort_by=started_at")).status).toBe(400);
  });
});

describe("cursors of traces and sessions", () => {
  const cursorOf = (...values: unknown[]): string => Buffer.from(JSON.stringify(values)).toString("base64url");
  const id = "0".repeat(32);
  const session = uuidOf("sess");

  it("are what an answer said", async () => {
    for (const path of ["/traces?sort_by=cost&", "/sessions?sort_by=name&", "/sessions?sort_by=cost&"]) {
      const cursor = (await store.get(`${path}limit=1`)).headers.get("x-next-cursor");
      expect((await store.get(`${path}limit=1&cursor=${cursor}`)).status).toBe(200);
    }
  });

  it.each<[string, unknown[]]>([
    ["started_at", ["traces started_at desc", "5"]],
    ["started_at", ["traces started_at asc", "5", id, null]],
    ["started_at", ["traces cost desc", "5", id, null]],
    ["started_at", ["sessions started_at desc", "5", id, null]],
    ["started_at", ["traces started_at desc", "5", "x", null]],
    ["started_at", ["traces started_at desc", "5", id.slice(1), null]],
    ["started_at", ["traces started_at desc", "5", null, null]],
    ["started_at", ["traces started_at desc", "5", null, "3"]],
    ["started_at", ["traces started_at desc", "5", id, "3"]],
    ["started_at", ["traces started_at desc", 5, id, null]],
    ["started_at", ["traces started_at desc", "", id, null]],
    ["started_at", ["traces started_at desc", "1.5", id, null]],
    ["started_at", ["traces started_at desc", "9223372036854775808", id, null]],
    ["started_at", ["traces started_at desc", "-9223372036854775809", id, null]],
    ["span_count", ["traces span_count desc", "18446744073709551616", id, null]],
    ["span_count", ["traces span_count desc", "-1", id, null]],
    ["span_count", ["traces span_count desc", null, id, null]],
    ["status", ["traces status desc", null, id, null]],
    ["status", ["traces status desc", "ok", null, "99999999999"]],
    ["cost", ["traces cost desc", "nan", id, null]],
    ["cost", ["traces cost desc", "inf", id, null]],
    ["cost", ["traces cost desc", "1e999", id, null]],
    ["cost", ["traces cost desc", "0x10", id, null]],
    ["cost", ["traces cost desc", "1; DROP", id, null]],
    ["name", ["traces name desc", "a", null, "2147483648"]],
    ["name", ["traces name desc", "a", null, "-1"]],
    ["name", ["traces name desc", null, null, "1"]],
    ["name", ["traces name desc", "a".repeat(2_001), id, null]],
  ])("of another list, order or type are refused (%s, %j)", async (sortBy, values) => {
    const { status, body } = await store.get(`/traces?sort_by=${sortBy}&cursor=${cursorOf(...values)}`);
    expect([status, body.detail]).toMatchObject([400, [{ loc: ["query", "cursor"], type: "invalid_cursor" }]]);
  });

  it.each<[string, unknown[]]>([
    ["created_at", ["sessions created_at desc", "5"]],
    ["created_at", ["sessions created_at desc", "-5", session, null]],
    ["created_at", ["sessions created_at desc", "99999999999999", session, null]],
    ["created_at", ["sessions created_at desc", null, session, null]],
    ["created_at", ["sessions created_at desc", "5", "", null]],
    ["name", ["sessions name asc", "a", session, null]],
    ["cost", ["sessions cost desc", "5"]],
    ["cost", ["sessions cost asc", "5", session, null]],
    ["cost", ["sessions duration desc", "5", session, null]],
    ["cost", ["traces cost desc", "5", session, null]],
    ["cost", ["sessions cost desc", "5", "", null]],
    ["cost", ["sessions cost desc", "5", null, "3"]],
    ["cost", ["sessions cost desc", "nan", session, null]],
    ["duration", ["sessions duration desc", "1e999", session, null]],
    ["trace_count", ["sessions trace_count desc", null, session, null]],
    ["trace_count", ["sessions trace_count desc", "1.5", session, null]],
    ["trace_count", ["sessions trace_count desc", "18446744073709551616", session, null]],
  ])("of sessions, too (%s, %j)", async (sortBy, values) => {
    const { status, body } = await store.get(`/sessions?sort_by=${sortBy}&cursor=${cursorOf(...values)}`);
    expect([status, body.detail]).toMatchObject([400, [{ loc: ["query", "cursor"], type: "invalid_cursor" }]]);
  });

  it.each<[string, string, unknown[]]>([
    ...["0", "-1", "9223372036854775807", "-9223372036854775808", "4294967295000000000", null].map(
      (key): [string, string, unknown[]] => ["traces", "started_at", [key, id, null]],
    ),
    ...["-0", "1e308", "5e-324", null].map((key): [string, string, unknown[]] => ["traces", "cost", [key, id, null]]),
    ["traces", "span_count", ["18446744073709551615", id, null]],
    ...["\0", "\ud800", "'\\N\t", "\u{10ffff}".repeat(200)].flatMap((key): [string, string, unknown[]][] => [
      ["traces", "name", [key, id, null]],
      ["traces", "name", [key, null, "2147483647"]],
      ["sessions", "name", [key, "'; --", null]],
    ]),
    ...["0", "9999999999999"].map((key): [string, string, unknown[]] => ["sessions", "created_at", [key, "a", null]]),
    ...["-0", "1e308", "5e-324", "-1e308", null].flatMap((key): [string, string, unknown[]][] => [
      ["sessions", "cost", [key, "'; --", null]],
      ["sessions", "duration", [key, session, null]],
    ]),
    ["sessions", "trace_count", ["0", session, null]],
    ["sessions", "trace_count", ["18446744073709551615", "a", null]],
  ])("that nobody was given are places as well (%s %s %j)", async (list, sortBy, position) => {
    for (const order of ["asc", "desc"]) {
      const cursor = cursorOf(`${list} ${sortBy} ${order}`, ...position);
      const path = `/${list}?sort_by=${sortBy}&sort_order=${order}&cursor=${cursor}`;
      expect((await store.get(path)).status).toBe(200);
      // More traces than may be held at a time.
      expect((await store.get(`${path}&all=true&offset=1&count=true`)).status).toBeLessThan(500);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionUuid } from "../../pipeline/ids.ts";
import { projects, TestStore, uuidOf } from "./test-store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await TestStore.start();
});
afterAll(() => store.stop());

const start = "2026-03-01T10:00:00Z";

interface SentSpan {
  readonly id: string;
  readonly trace_id: string;
}

function spanOf(trace_id: string, more: object = {}): SentSpan {
  const span = { id: uuidOf("span"), trace_id, name: "chat", started_at: start, duration_ms: 10 };
  return { ...span, ...more };
}

async function tagsOf({ id, trace_id }: SentSpan): Promise<readonly unknown[]> {
  const [span, trace] = [await store.get(`/spans/${id}`), await store.get(`/traces/${trace_id}`)];
  const ofTrace = trace.body.spans.find((one: { id: string }) => one.id === id);
  expect(ofTrace.tags).toEqual(span.body.tags);
  return [span.body.session_id, span.body.tags, span.body.session_tags];
}

/** How many spans, traces and sessions have a tag. */
async function found(tag: string): Promise<readonly number[]> {
  const lists = ["spans", "traces", "sessions"].map(async (list) => (await store.get(`/${list}?${tag}`)).body.length);
  return Promise.all(lists);
}

describe("session_tags of a span whose trace knows no session", () => {
  it("are those of the session that a later span names, for all that is in it", async () => {
    const [early, name] = [uuidOf("trac"), "later"];
    const first = spanOf(early, { session_tags: { plan: "pro", env: "session" }, tags: { env: "own" } });
    const [answer] = (await store.post("/spans", [first])).body;
    expect(answer).toMatchObject({ session_id: null, session_tags: {}, tags: { env: "own" } });
    expect(await found("plan=pro")).toEqual([0, 0, 0]);
    const other = spanOf(uuidOf("trac"), { session_id: name });
    await store.post("/spans", [other]);
    expect(await tagsOf(other)).toEqual([sessionUuid(name), {}, {}]);
    await store.post("/spans", [spanOf(early, { session_id: name })]);
    const tags = { plan: "pro", env: "session" };
    expect(await tagsOf(first)).toEqual([sessionUuid(name), { ...tags, env: "own" }, tags]);
    expect(await tagsOf(other)).toEqual([sessionUuid(name), tags, tags]);
    expect((await store.get(`/sessions/${name}`)).body.tags).toEqual(tags);
    expect((await store.get(`/sessions?id=${name}`)).body).toMatchObject([{ tags }]);
    expect(await found("plan=pro")).toEqual([3, 2, 1]);
    expect(await found("env=session")).toEqual([2, 2, 1]);
  });

  it("are those of the session that POST /traces names; what is said last holds", async () => {
    const [trace, name] = [uuidOf("trac"), "by-trace"];
    const span = spanOf(trace, { session_tags: { tier: "gold" } });
    await store.post("/spans", [span]);
    await store.post("/spans", [spanOf(trace, { session_tags: { tier: "platinum" } })]);
    await store.post("/traces", [{ id: trace, session_id: name, name: "t", started_at: start }]);
    expect(await tagsOf(span)).toEqual([sessionUuid(name), { tier: "platinum" }, { tier: "platinum" }]);
    expect(await found("tier=gold")).toEqual([0, 0, 0]);
    const again = { ...spanOf(trace), session: { id: name, tags: { tier: "silver" } } };
    await store.post("/spans", [again]);
    expect(await tagsOf(span)).toEqual([sessionUuid(name), { tier: "silver" }, { tier: "silver" }]);
    expect(await found("tier=platinum")).toEqual([0, 0, 0]);
    expect(await found("tier=silver")).toEqual([3, 1, 1]);
    expect((await store.get(`/sessions/${name}`)).body.tags).toEqual({ tier: "silver" });
  });

  it("are no tags of another project, nor of a session that its trace does not name first", async () => {
    const trace = uuidOf("trac");
    await store.post("/spans", [spanOf(trace, { session_tags: { who: "a" } })]);
    await store.post("/spans", [spanOf(trace, { session_id: "s-1" })], "b");
    expect((await store.get("/sessions/s-1", "b")).body.tags).toEqual({});
    await store.post("/spans", [spanOf(trace, { session_id: "s-1" })]);
    await store.post("/spans", [spanOf(trace, { session_id: "s-2" })]);
    expect((await store.get("/sessions/s-1")).body.tags).toEqual({ who: "a" });
    expect((await store.get("/sessions/s-2")).body.tags).toEqual({});
  });
});

describe("lists by a tag that more sessions have than a statement names", () => {
  it("hold what belongs to any of them", async () => {
    const ids = Array.from({ length: 120 }, (_, n) => `many-${n}`);
    const tags = { many: "yes" };
    await store.post(
      "/sessions",
      ids.map((id) => ({ id, project_id: projects.a, tags })),
    );
    await store.post(
      "/spans",
      ids.map((session_id) => spanOf(uuidOf("trac"), { session_id })),
    );
    const counts = ["spans", "traces", "sessions"].map(async (list) => {
      const { headers } = await store.get(`/${list}?many=yes&count=true`);
      return headers.get("x-total-count");
    });
    expect(await Promise.all(counts)).toEqual(["120", "120", "120"]);
  });
});

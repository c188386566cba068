import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestStore, uuidOf, workspace } from "./test-store.ts";

let store: TestStore;
const [span, trace] = [uuidOf("span"), uuidOf("trac")];
const list = `/workspaces/${workspace}/signals`;

beforeAll(async () => {
  store = await TestStore.start();
  // Before the span that they are of.
  await store.post("/signals/bulk", {
    signals: [
      { entity_type: "span", entity_id: span, name: "ok", value: true },
      { entity_type: "trace", entity_id: trace, name: "score", value: 1 },
      { entity_type: "session", entity_id: "chat-42", name: "mood", value: "fine" },
      { entity_type: "completion", entity_id: "chatcmpl-1", name: "helpful", value: true },
      { entity_type: "completion", entity_id: span, name: "by id", value: 2 },
    ],
  });
  await store.post("/signals/", { entity_type: "span", entity_id: span, name: "ok", value: false });
  await store.post("/spans", [
    {
      id: span,
      trace_id: trace,
      name: "s",
      started_at: 1_772_000_000,
      attributes: { openai_id: "chatcmpl-1" },
      session_id: "chat-42",
    },
  ]);
});
afterAll(() => store.stop());

describe("signals", () => {
  it("of an entity are the newest of each name, in an array", async () => {
    const { status, body } = await store.get(`/signals/entity/span/${span}`);
    expect(status).toBe(200);
    expect(body).toMatchObject([
      { name: "ok", value: false, type: "boolean", signal_type: "boolean", entity_type: "span", entity_id: span },
    ]);
    expect((await store.get("/signals/entity/session/chat-42")).body).toMatchObject([{ name: "mood", value: "fine" }]);
    expect((await store.get("/signals/entity/completion/chatcmpl-1")).body).toHaveLength(1);
  });

  it.each(["span/x", `span/${uuidOf("none")}`, "completion/'%20OR%201=1", "session/%5C'"])(
    "of %s are none",
    async (path) => {
      expect((await store.get(`/signals/entity/${path}`)).body).toEqual([]);
    },
  );

  it("of no known kind of entity are a mistake", async () => {
    expect((await store.get(`/signals/entity/user/${span}`)).status).toBe(400);
  });

  it("of a span and of its completion stand on the span", async () => {
    expect((await store.get(`/spans/${span}`)).body.signals).toEqual({
      ok: { value: false, type: "boolean" },
      helpful: { value: true, type: "boolean" },
      "by id": { value: 2, type: "numerical" },
    });
  });

  it("are listed with their history, page by page", async () => {
    const { body, headers } = await store.get(`${list}?count=true`);
    expect(headers.get("x-total-count")).toBe("6");
    expect(body).toHaveLength(6);
    const names: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await store.get(`${list}?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      names.push(...page.body.map(({ id }: { id: string }) => id));
      cursor = page.headers.get("x-next-cursor");
    }
    expect(names).toEqual(body.map(({ id }: { id: string }) => id));
    expect((await store.get(`${list}?format=ndjson&all=true&limit=1`)).body.trim().split("\n")).toHaveLength(6);
    expect((await store.get(`${list}?limit=2&offset=5`)).body).toHaveLength(1);
    expect((await store.get(`${list}?entity_type=span&entity_id=${span}&name=ok&type=boolean`)).body).toHaveLength(2);
    expect((await store.get(`${list}?created_before=2020-01-01`)).body).toEqual([]);
  });

  it("are summed up by name", async () => {
    const { body } = await store.get(`${list}/summary`);
    expect(body).toContainEqual(expect.objectContaining({ name: "ok", count: 1, true_count: 0 }));
    expect(body).toContainEqual(expect.objectContaining({ name: "score", avg: 1, min: 1, max: 1 }));
    expect(body).toContainEqual(expect.objectContaining({ name: "mood", values: [{ value: "fine", count: 1 }] }));
  });

  it("are of one project and one workspace", async () => {
    expect((await store.get(list, "b")).body).toEqual([]);
    expect((await store.get(`${list}/summary`, "b")).body).toEqual([]);
    expect((await store.get(`/signals/entity/span/${span}`, "b")).body).toEqual([]);
    expect((await store.get(`/workspaces/${uuidOf("none")}/signals`)).status).toBe(404);
    expect((await store.get("/workspaces/x/signals/summary")).status).toBe(404);
  });
});

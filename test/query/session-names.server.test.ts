import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionUuid } from "../../pipeline/ids.ts";
import { projects, TestStore, uuidOf } from "./test-store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await TestStore.start();
});
afterAll(() => store.stop());

async function span(session_id: string, more: object = {}): Promise<void> {
  const times = { started_at: "2026-03-01T10:00:00Z", duration_ms: 10 };
  const body = [{ id: uuidOf("span"), trace_id: uuidOf("trac"), name: "chat", ...times, session_id, ...more }];
  expect((await store.post("/spans", body)).status).toBe(200);
}

async function name(id: string, name: string): Promise<void> {
  expect((await store.post("/sessions", [{ id, name, project_id: projects.a }])).status).toBe(200);
}

async function nameOf(id: string): Promise<unknown> {
  return (await store.get(`/sessions/${sessionUuid(id)}`)).body.name;
}

describe("the name of a session", () => {
  it("is the text that was sent as its id, until somebody gives it one", async () => {
    await span("chat-1");
    expect(await nameOf("chat-1")).toBe("chat-1");
    await name("chat-1", "Support");
    expect(await nameOf("chat-1")).toBe("Support");
  });

  it("that was given stays when later spans, traces and sessions say the id alone", async () => {
    await name("chat-2", "Support");
    await span("chat-2");
    await store.post("/traces", [{ session_id: "chat-2", name: "t", started_at: "2026-03-01T10:00:00Z" }]);
    await store.post("/sessions", [{ id: "chat-2", name: null, project_id: projects.a }]);
    expect(await nameOf("chat-2")).toBe("Support");
  });

  it("that one span was given stays beside another of its trace that says the id alone, stored together", async () => {
    const times = { trace_id: uuidOf("trac"), started_at: "2026-03-01T10:00:00Z" };
    await store.post("/spans", [
      { ...times, name: "chat", session: { id: "user-1", name: "Support" } },
      { ...times, name: "tool", session_id: "user-1" },
    ]);
    expect(await nameOf("user-1")).toBe("Support");
    const [span] = (await store.get("/spans?session_id=user-1&names=tool")).body;
    expect(span).toMatchObject({ session_name: "Support" });
  });

  it("is the last one that was given, by whomever", async () => {
    await name("chat-3", "Support");
    await span("chat-3", { session_name: "Billing" });
    await span("chat-3");
    expect(await nameOf("chat-3")).toBe("Billing");
    await name("chat-3", "Returns");
    expect(await nameOf("chat-3")).toBe("Returns");
  });

  it("may be in any script, as the id may", async () => {
    await name("Gespräch 7 – 東京", "Support");
    await span("Gespräch 7 – 東京");
    expect(await nameOf("Gespräch 7 – 東京")).toBe("Support");
  });
});

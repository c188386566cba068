import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projects, TestStore, uuidOf } from "./test-store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await TestStore.start();
});
afterAll(() => store.stop());

const start = "2026-03-01T10:00:00.123456Z";

describe("GET /spans/{id}", () => {
  it("gives back everything that was sent", async () => {
    const span = {
      id: uuidOf("span"),
      trace_id: uuidOf("trac"),
      parent_span_id: uuidOf("pare"),
      name: "chat",
      kind: "llm",
      status: "ok",
      started_at: start,
      ended_at: "2026-03-01T10:00:01.623456Z",
      cost: 0.25,
      session: { id: "chat-42", name: "Chat" },
      input_data: '[{"role":"user","content":"hi"}]',
      output_data: "hello",
      attributes: {
        "1": "one",
        b: true,
        n: null,
        i: 7,
        d: 0.5,
        s: "x",
        list: [1, "2"],
        map: { a: { b: 1 } },
        a: "last",
      },
      tags: { env: "prod" },
      trace_tags: { tier: "gold", env: "trace" },
      session_tags: { user: "u1", tier: "session" },
      code: "x = 1",
      code_filepath: "a.py",
      code_lineno: 12,
      experiment_result_id: "res-1",
      ab_choices: [{ ab_choice_id: "c", choice_name: "n", variant_key: "k", variant_value: "v" }],
      signals: { good: true, score: { value: 0.5 }, mood: "fine" },
    };
    await store.post("/spans", [span]);
    const { status, body } = await store.get(`/spans/${span.id}`);
    expect(status).toBe(200);
    const { session, trace_tags, session_tags, signals, tags, ...same } = span;
    expect(body).toMatchObject(same);
    expect(Object.keys(body.attributes).sort()).toEqual(Object.keys(span.attributes).sort());
    expect(body).toMatchObject({
      project_id: projects.a,
      session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5",
      session_name: "Chat",
      duration_ms: 1500,
      has_error: false,
      tags: { user: "u1", tier: "gold", env: "prod" },
      trace_tags,
      session_tags,
      signals: {
        good: { value: true, type: "boolean" },
        score: { value: 0.5, type: "numerical" },
        mood: { value: "fine", type: "categorical" },
      },
      attachment_count: 0,
      warnings: [],
    });
  });
});

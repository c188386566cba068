import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { auth, keys, projectId, stacksOfFile, workspaceId } from "./stack.ts";
import { shaped } from "./support.ts";

describe("signals of the receiver zeroeval", () => {
  const stacks = stacksOfFile();
  const { start } = stacks;

  it("takes signals in all their forms", async () => {
    const stack = await start({ api: { keys } });
    const bulk = await stack.post("/signals/bulk", await shaped("python-0.6.132-signals-bulk.json"), auth);
    expect(await bulk.json()).toEqual({
      status: "success",
      message: "3 of 3 signals stored",
      processed_count: 3,
      failed_count: 0,
      errors: [],
    });
    const one = await stack.post("/signals/", await shaped("typescript-0.1.17-signal.json"), auth);
    expect(await one.json()).toMatchObject({ status: "success", id: expect.any(String) });
    const span = randomUUID();
    const both = { span_id: span, completion_id: "chatcmpl-1", name: "ok", value: "TRUE", signal_type: "boolean" };
    const answer = await stack.post(`/workspaces/${workspaceId}/signals`, both, auth);
    expect(await answer.json()).toMatchObject({
      type: "boolean",
      value: true,
      span_id: span,
      trace_id: null,
      project_id: projectId,
    });
    const rows = await stacks.server.query(
      "SELECT EntityType, EntityId, Name, Category, BoolValue, NumValue, TextValue FROM signals WHERE ProjectId = {p: String} ORDER BY CreatedAt, EntityType, Name",
      { p: projectId },
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        {
          EntityType: "span",
          EntityId: "c2d0e4f61a3b4c5d8e7f9a0b1c2d3e4f",
          Name: "helpful",
          Category: "boolean",
          BoolValue: true,
          NumValue: 0,
          TextValue: "",
        },
        {
          EntityType: "trace",
          EntityId: "3f2b8c1e6a0d4e579b1c2d7f4a5e6b70",
          Name: "outcome",
          Category: "categorical",
          BoolValue: false,
          NumValue: 0,
          TextValue: "success",
        },
        {
          EntityType: "session",
          EntityId: "d5b82663-4051-5a4c-9808-616c909bbbc5",
          Name: "score",
          Category: "numerical",
          BoolValue: false,
          NumValue: 4.5,
          TextValue: "",
        },
        {
          EntityType: "completion",
          EntityId: "chatcmpl-1",
          Name: "ok",
          Category: "boolean",
          BoolValue: true,
          NumValue: 0,
          TextValue: "",
        },
      ]),
    );
  });

  it.each([
    ["/signals", { entity_type: "span", entity_id: "7", name: "n", value: 1 }],
    ["/signals", { entity_type: "thing", entity_id: "7", name: "n", value: 1 }],
    ["/signals", { entity_type: "session", entity_id: "s", name: " ", value: 1 }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: {} }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: null }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: 1, signal_type: "text" }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: "x".repeat(8_193) }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n".repeat(256), value: 1 }],
    ["/signals", []],
    ["/signals/bulk", []],
    ["/signals/bulk", { signals: {} }],
    ["/signals/bulk", { signals: [{ name: "n" }, 7] }],
    [`/workspaces/${workspaceId}/signals`, { name: "n", value: 1 }],
    [`/workspaces/${workspaceId}/signals`, { name: "n", value: 1, span_id: "7" }],
    [`/workspaces/${workspaceId}/tests/signals`, [{ name: "n", value: 1, session_id: "7" }]],
  ])("answers %s with a mistake with 400 (%#)", async (path, body) => {
    const stack = await start({ api: { keys } });
    expect((await stack.post(path, body, auth)).status).toBe(400);
  });

  it.each([
    [{ value: {} }, "value", "must be a boolean, a number or a string"],
    [{ value: "x".repeat(8_193) }, "value", "must have at most 8192 characters"],
    [{ name: "n".repeat(256) }, "name", "must have 1 to 255 characters"],
    [{ signal_type: "text" }, "signal_type", "must be boolean, numerical or categorical"],
  ])("names the field that is wrong (%#)", async (fault, field, msg) => {
    const { post } = await start({ api: { keys } });
    const problem = { loc: ["body", field], msg, type: "invalid_value" };
    const signal = { name: "n", value: 1, ...fault };
    const entity = { entity_type: "session", entity_id: "s", ...signal };
    expect(await (await post("/signals", entity, auth)).json()).toEqual({ detail: [problem] });
    const ofWorkspace = await post(`/workspaces/${workspaceId}/signals`, { session_id: "s", ...signal }, auth);
    expect(await ofWorkspace.json()).toEqual({ detail: [problem] });
    const bulk = await post("/signals/bulk", { signals: [entity] }, auth);
    expect(await bulk.json()).toMatchObject({ errors: [{ index: 0, error: `${field} ${msg}` }] });
  });

  it("names the bad ones of many signals, and takes the others", async () => {
    const stack = await start();
    const good = { entity_type: "session", entity_id: "s", name: "n", value: 1 };
    const response = await stack.post("/signals/bulk", { signals: [good, { ...good, value: [] }, null] });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: "partial",
      processed_count: 1,
      failed_count: 2,
      errors: [
        { index: 1, entity_type: "session", signal_name: "n" },
        { index: 2, entity_type: null },
      ],
    });
    expect(await (await stack.post("/signals/bulk", { signals: [] })).json()).toMatchObject({ processed_count: 0 });
  });

  it("does not know other workspaces", async () => {
    const stack = await start({ api: { keys } });
    const signal = { name: "n", value: 1, session_id: "s" };
    expect((await stack.post(`/workspaces/${randomUUID()}/signals`, signal, auth)).status).toBe(404);
    expect((await stack.post(`/workspaces/${workspaceId}/signals`, signal)).status).toBe(401);
  });
});

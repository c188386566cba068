import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { auth, keys, projectId, stacksOfFile } from "./stack.ts";
import { plainSpan, shaped } from "./support.ts";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe("POST /spans", () => {
  const stacks = stacksOfFile();
  const { start, stored } = stacks;

  it("stores spans in the shape of the Python SDK: ids, session, cost, error, kept fields, tags of trace and session", async () => {
    const stack = await start({ api: { keys } });
    const response = await stack.post("/spans", await shaped("python-0.6.132-spans.json"), auth);
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, unknown>[];
    expect(answer.map(({ id }) => id)).toEqual([
      "c2d0e4f6-1a3b-4c5d-8e7f-9a0b1c2d3e4f",
      "7b1f9a52-8f0e-4c0b-8a1d-1c2e3d4f5a6b",
    ]);
    expect(answer[0]).toMatchObject({
      project_id: projectId,
      session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5",
      session_name: "chat-42",
      kind: "llm",
      cost: 0.002675,
      parent_span_id: "7b1f9a52-8f0e-4c0b-8a1d-1c2e3d4f5a6b",
      started_at: "2026-11-20T17:46:49.667615Z",
      duration_ms: 350.00014305114746,
      tags: { plan: "pro", customer: "acme", environment: "prod" },
      prompt_version_id: "5f0c8d7e-2222-4333-8444-555566667777",
      has_error: false,
    });
    expect(answer[1]).toMatchObject({ has_error: true, error_code: "ValueError", code_lineno: 12, cost: null });
    const [row] = await stored("c2d0e4f61a3b4c5d8e7f9a0b1c2d3e4f");
    expect(row).toMatchObject({
      ProjectId: projectId,
      ParentSpanId: "7b1f9a528f0e4c0b8a1d1c2e3d4f5a6b",
      ServiceName: "openai",
      Provider: "openai",
      RequestModel: "gpt-4o",
      PromptName: "support-bot",
      PromptVersion: "3",
      FinishReasons: [],
      InputTokens: "150",
    });
    const [trace] = await stacks.server.query(
      "SELECT groupArrayArray(arrayMap(t -> (t.1, t.2), Tags)) AS tags FROM traces WHERE TraceId = '3f2b8c1e6a0d4e579b1c2d7f4a5e6b70'",
    );
    expect(trace).toEqual({ tags: [["customer", "acme"]] });
    const [session] = await stacks.server.query(
      "SELECT groupArrayArray(arrayMap(t -> (t.1, t.2), Tags)) AS tags FROM sessions WHERE SessionId = 'd5b82663-4051-5a4c-9808-616c909bbbc5'",
    );
    expect(session).toEqual({ tags: [["plan", "pro"]] });
  });

  it("stores spans in the shape of the TypeScript SDK: children first, a session that is a text, empty stacks", async () => {
    const stack = await start();
    const response = await stack.post("/api/v1/spans/", await shaped("typescript-0.1.17-spans.json"));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject([
      { session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5", session_name: "Support chat", error_stack: null },
      { kind: "operation", attributes: { nested: { a: [1, 2.5, null, true, { b: "c" }] } } },
    ]);
    const [row] = await stored("1e2d3c4b5a6947889796a5b4c3d2e1f0");
    expect(row).toMatchObject({
      ErrorStack: "",
      SessionName: "Support chat",
      OperationKind: "operation",
      ProjectId: "",
    });
  });

  it("writes tags of a trace once that many spans repeat", async () => {
    const stack = await start();
    const trace = randomUUID();
    const spans = Array.from({ length: 20 }, () => ({ ...plainSpan, trace_id: trace, trace_tags: { a: "1" } }));
    const count = async () => {
      const [row] = await stacks.server.query(
        "SELECT count() AS n FROM traces WHERE TraceId = {id: String} AND notEmpty(Tags)",
        { id: trace.replaceAll("-", "") },
      );
      return Number(row?.["n"]);
    };
    await stack.post("/spans", spans.slice(0, 10));
    await stack.post("/spans", spans.slice(10));
    expect(await count()).toBe(1);
    await stack.post("/spans", [{ ...plainSpan, trace_id: trace, trace_tags: { a: "2" } }]);
    await stacks.server.command("OPTIMIZE TABLE traces FINAL");
    const [row] = await stacks.server.query(
      "SELECT arraySort(t -> t.3, Tags) AS tags FROM traces WHERE TraceId = {id: String}",
      {
        id: trace.replaceAll("-", ""),
      },
    );
    expect((row!["tags"] as string[][]).map((tag) => tag[1])).toEqual(["1", "2"]);
  });

  it("takes images out of spans, and says how many", async () => {
    const stack = await start();
    const span = {
      ...plainSpan,
      id: randomUUID(),
      output_data: [{ type: "screenshot", base64: pixel, viewport: "mobile" }],
      attributes: { attachments: [{ type: "image", base64: "no base64!" }], other: 1 },
    };
    const response = await stack.post("/spans", [span]);
    const [answer] = (await response.json()) as Record<string, unknown>[];
    expect(JSON.stringify(answer)).not.toContain(pixel);
    expect(answer).toMatchObject({ attachment_count: 1, attributes: { other: 1 } });
    expect(answer?.["warnings"]).toHaveLength(1);
    const rows = await stacks.server.query(
      "SELECT Type, Viewport, SpanId FROM attachments WHERE SpanId = {id: String}",
      {
        id: span.id.replaceAll("-", ""),
      },
    );
    expect(rows).toEqual([{ Type: "screenshot", Viewport: "mobile", SpanId: span.id.replaceAll("-", "") }]);
  });

  it("stores nothing of a request that has a mistake, and names it", async () => {
    const stack = await start();
    const id = randomUUID();
    const response = await stack.post("/spans", [
      { ...plainSpan, id },
      { ...plainSpan, status: "bad" },
    ]);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      detail: [{ loc: ["body", 1, "status"], msg: "must be one of unset, ok, error", type: "invalid_value" }],
    });
    expect(await stored(id.replaceAll("-", ""))).toEqual([]);
  });

  it.each([
    ["an object", {}],
    ["a text", '"x"'],
    ["nothing", ""],
    ["no JSON", "[{]"],
    ["NaN", '[{"cost": NaN}]'],
    ["bytes that are no UTF-8", Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
    ["a hundred thousand brackets", "[".repeat(100_000)],
    ["a hundred thousand brackets that end", "[".repeat(100_000) + "]".repeat(100_000)],
  ])("answers a body that is %s with 400", async (_, body) => {
    const stack = await start();
    const response = await stack.post("/spans", body);
    expect(response.status).toBe(400);
    expect(Object.keys((await response.json()) as object)).toEqual(["detail"]);
  });

  it("answers an empty array with one, and a body past the limit with 413", async () => {
    const stack = await start({ api: { max_request_body_size: 1_000 } });
    expect(await (await stack.post("/spans", [])).json()).toEqual([]);
    const long = JSON.stringify([{ ...plainSpan, name: "x".repeat(2_000) }]);
    expect((await stack.post("/spans", long)).status).toBe(413);
    expect((await stack.post("/spans", gzipSync(long), { "content-encoding": "gzip" })).status).toBe(413);
  });

  it("joins a span that stands twice in a request", async () => {
    const stack = await start();
    const id = randomUUID();
    const twice = [
      { ...plainSpan, id, tags: { a: "1", b: "1" }, input_data: "in" },
      { ...plainSpan, id: id.toUpperCase(), name: "changed", tags: { b: "2" }, input_data: null },
    ];
    const answer = (await (await stack.post("/spans", twice)).json()) as Record<string, unknown>[];
    expect(answer).toHaveLength(2);
    expect(answer[0]).toEqual(answer[1]);
    expect(answer[0]).toMatchObject({ id, name: "changed", tags: { a: "1", b: "2" }, input_data: "in" });
    expect(await stored(id.replaceAll("-", ""))).toHaveLength(1);
  });

  it("refuses spans that stand in a request so often that joining or answering them takes more than the limit", async () => {
    const stack = await start({ receiver: { max_repeated_bytes: "20KB" } });
    const large = { ...plainSpan, id: randomUUID(), input_data: "x".repeat(5_000) };
    const again = { ...plainSpan, id: large.id };
    const detail = async (...items: object[]): Promise<unknown> => {
      const response = await stack.post("/spans", items);
      return response.status === 200 ? 200 : ((await response.json()) as { detail: unknown }).detail;
    };
    const msg = "stands in the request so often that it comes to more than max_repeated_bytes 20000";
    const refusal = (item: number) => [{ loc: ["body", item], msg, type: "out_of_range" }];
    expect(await detail(large, again, again)).toBe(200);
    // Joined with the large one each time.
    expect(await detail(large, again, again, again, again, again)).toEqual(refusal(4));
    // Joined with little, and each answered with the large one.
    expect(await detail(again, again, again, again, again, large)).toEqual(refusal(3));
  });

  it("keeps tags and signals by whatever name, those of objects in JavaScript too", async () => {
    const stack = await start();
    const id = randomUUID();
    // In text: an object literal takes the first name for its prototype.
    const members = (value: string) => `{"__proto__": ${value}, "constructor": ${value}, "toString": ${value}}`;
    const tags = members('"t"');
    const span = (signals: string) =>
      JSON.stringify({ ...plainSpan, id }).replace(
        /}$/,
        `, "tags": ${tags}, "trace_tags": ${tags}, "__proto__": {"kind": "of nobody"}, "signals": ${signals}}`,
      );
    const response = await stack.post("/spans", `[${span("{}")}, ${span(members("true"))}]`);
    const [answer] = (await response.json()) as { [member: string]: unknown }[];
    const shown = await fetch(`${stack.url}/spans/${id}`);
    const read = (await shown.json()) as { [member: string]: unknown };
    for (const { tags: ownTags, trace_tags: traceTags, signals, kind } of [answer!, read]) {
      for (const found of [ownTags, traceTags, signals])
        expect(Object.keys(found as object).sort()).toEqual(["__proto__", "constructor", "toString"]);
      expect(kind).toBe("generic");
    }
  });

  it("changes a span that is sent again: what is said now holds, what is left out stays", async () => {
    const stack = await start();
    const id = randomUUID();
    await stack.post("/spans", [
      {
        ...plainSpan,
        id,
        kind: "tool",
        status: "ok",
        cost: 1,
        attributes: { a: 1, b: 1 },
        tags: { x: "1", y: "1" },
        output_data: "out",
      },
    ]);
    const again = {
      ...plainSpan,
      id,
      name: "later",
      attributes: { b: 2 },
      tags: { y: "2" },
      output_data: null,
      cost: null,
    };
    const [answer] = (await (await stack.post("/spans", [again])).json()) as Record<string, unknown>[];
    expect(answer).toMatchObject({
      name: "later",
      kind: "tool",
      status: "ok",
      cost: 1,
      attributes: { a: 1, b: 2 },
      tags: { x: "1", y: "2" },
      output_data: "out",
    });
  });

  it("prices a call of a model that is said to be one after its tokens", async () => {
    const stack = await start();
    const sent = { ...plainSpan, id: randomUUID() };
    const attributes = { provider: "openai", model: "gpt-4o", inputTokens: 150, outputTokens: 230 };
    await stack.post("/spans", [{ ...sent, attributes }]);
    const [answer] = (await (await stack.post("/spans", [{ ...sent, kind: "llm" }])).json()) as object[];
    expect(answer).toMatchObject({ kind: "llm", cost: 0.002675 });
  });

  it("answers large requests like small ones, from what they say", async () => {
    const small = await start();
    const large = await start({ receiver: { answer_lookup_max_spans: 0 } });
    for (const file of ["python-0.6.132-spans.json", "typescript-0.1.17-spans.json"]) {
      // Traces and spans of their own: what the other has stored would be joined otherwise.
      const body = (await shaped(file))
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}-4)/g, "ffff1111$1")
        .replaceAll("chat-42", "chat-77");
      const other = body.replaceAll("ffff1111", "ffff2222");
      const read = (await (await small.post("/spans", body)).json()) as Record<string, unknown>[];
      const said = (await (await large.post("/spans", other)).json()) as Record<string, unknown>[];
      const comparable = (spans: Record<string, unknown>[]) =>
        JSON.parse(
          JSON.stringify(spans.map(({ created_at: _, updated_at: __, ...span }) => span)).replaceAll(
            "ffff2222",
            "ffff1111",
          ),
        );
      expect(comparable(said)).toEqual(comparable(read));
    }
  });

  it("answers when spans are stored, also where others are answered sooner", async () => {
    const stack = await start({ acknowledge: "received" });
    const id = randomUUID();
    expect((await stack.post("/spans", [{ ...plainSpan, id }])).status).toBe(200);
    expect(await stored(id.replaceAll("-", ""))).toHaveLength(1);
  });
});

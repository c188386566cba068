import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row, Signalbox } from "./support.ts";
import * as support from "./support.ts";

/* Section 7 of the contract: what OTLP says, as the API shows it. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
const value = (of: unknown): Row => {
  if (typeof of === "boolean") return { boolValue: of };
  if (typeof of === "number") return Number.isInteger(of) ? { intValue: of } : { doubleValue: of };
  return Array.isArray(of) ? { arrayValue: { values: of.map(value) } } : { stringValue: of };
};
const attributes = (of: Row): Row[] => Object.entries(of).map(([key, one]) => ({ key, value: value(one) }));

interface Sent {
  readonly fields?: Row;
  readonly resource?: Row;
  readonly of?: Row;
}

const request = (span: Row, { resource = {} }: Sent = {}): Row => ({
  resourceSpans: [
    {
      resource: { attributes: attributes(resource) },
      scopeSpans: [{ scope: { name: "lib", version: "1.2" }, spans: [span] }],
    },
  ],
});

/** Sends a span and reads it. */
async function send(sent: Sent): Promise<Row> {
  const spanId = hex(8);
  const span = {
    ...{ traceId: hex(16), spanId, name: "op", kind: 3, startTimeUnixNano: "1769860800000000000" },
    ...{ endTimeUnixNano: "1769860801500000000", attributes: attributes(sent.of ?? {}), ...sent.fields },
  };
  const answer = await box.post("/v1/traces", request(span, sent));
  expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/^\{.*\}$/)]);
  const id = sent.fields?.["spanId"] ?? spanId;
  const uuid = `${id}0000000000000000`.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return (await box.get(`/spans/${uuid}`)).body;
}

describe("OTLP", () => {
  it("ids become UUIDs, and times, resource and scope are all there", async () => {
    const fields = {
      ...{ traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "EEE19B7EC3C1B174", parentSpanId: "EEE19B7EC3C1B173" },
      status: { code: "STATUS_CODE_ERROR", message: "it broke" },
    };
    const resource = { "service.name": "shop", "deployment.environment": "prod", "host.name": "h" };
    expect(await send({ fields, resource, of: { deep: [1, "a"], count: 3, flag: true, share: 0.5 } })).toMatchObject({
      trace_id: "5b8efff7-9803-8103-d269-b633813fc60c",
      id: "eee19b7e-c3c1-b174-0000-000000000000",
      parent_span_id: "eee19b7e-c3c1-b173-0000-000000000000",
      started_at: "2026-01-31T12:00:00.000000Z",
      ended_at: "2026-01-31T12:00:01.500000Z",
      ...{ duration_ms: 1500, status: "error", error_message: "it broke", has_error: true, kind: "generic" },
      attributes: {
        ...{ deep: [1, "a"], count: 3, flag: true, share: 0.5, "service.name": "shop", "resource.host.name": "h" },
        ...{
          "deployment.environment": "prod",
          "otel.scope.name": "lib",
          "otel.scope.version": "1.2",
          "otel.span_kind": 3,
        },
      },
      tags: { environment: "prod" },
    });
  });

  it.each<[string, Row, string]>([
    ["kind", { kind: "tool" }, "tool"],
    ["a kind that nobody knows", { kind: "Wizard" }, "wizard"],
    ["zeroeval.kind", { "zeroeval.kind": "Custom Step" }, "custom step"],
    ["a long kind", { "zeroeval.kind": "k".repeat(80) }, "k".repeat(64)],
    ["a kind before a model", { "zeroeval.kind": "agentic", model: "gpt-4o" }, "agentic"],
    ["LLM", { "openinference.span.kind": "LLM" }, "llm"],
    ["RETRIEVER", { "openinference.span.kind": "RETRIEVER" }, "vector_store"],
    ["AGENT", { "openinference.span.kind": "AGENT" }, "agent"],
    ["CHAIN", { "openinference.span.kind": "CHAIN" }, "chain"],
    ["EMBEDDING", { "openinference.span.kind": "EMBEDDING" }, "embedding"],
    ["chat", { "gen_ai.operation.name": "chat" }, "llm"],
    ["generate_content", { "gen_ai.operation.name": "generate_content" }, "llm"],
    ["a model", { model: "gpt-4o" }, "llm"],
    ["llm.model", { "llm.model": "gpt-4o" }, "llm"],
    ["gen_ai.request.model", { "gen_ai.request.model": "gpt-4o" }, "llm"],
    ["http", { "http.request.method": "GET" }, "http"],
    ["old http", { "http.method": "GET" }, "http"],
    ["a database", { "db.system": "redis" }, "database"],
    ["nothing", { a: 1 }, "generic"],
  ])("the kind by %s", async (_what, of, kind) => {
    expect((await send({ of }))["kind"]).toBe(kind);
  });

  it.each<[string, Sent, Row]>([
    ["input.value", { of: { "input.value": "i", "output.value": "o" } }, { input_data: "i", output_data: "o" }],
    [
      "traceloop",
      { of: { "traceloop.entity.input": "i", "traceloop.entity.output": "o" } },
      { input_data: "i", output_data: "o" },
    ],
    ["a session", { of: { "session.id": "chat-42" } }, { session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5" }],
    [
      "a named session of the resource",
      { resource: { "zeroeval.session.id": "123", "zeroeval.session.name": "One" } },
      { session_id: "37813542-0dca-5a8a-b2a2-b69c2d45583f", session_name: "One" },
    ],
    [
      "the span's session first",
      { of: { session_id: "123" }, resource: { "session.id": "x" } },
      { session_id: "37813542-0dca-5a8a-b2a2-b69c2d45583f" },
    ],
    ["tags", { of: { tags: ["beta"], "user.id": "u1" } }, { tags: { beta: "true", user_id: "u1" } }],
    ["no end", { fields: { endTimeUnixNano: "0" } }, { ended_at: null }],
    ["unset", { fields: { status: {} } }, { status: "unset", has_error: false }],
    ["ok", { fields: { status: { code: 1 } } }, { status: "ok" }],
    [
      "cost",
      {
        of: {
          "gen_ai.system": "openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.usage.input_tokens": 150,
          "gen_ai.usage.output_tokens": 230,
        },
      },
      { kind: "llm", cost: 0.002675 },
    ],
    [
      "an exception",
      {
        fields: {
          events: [
            {
              name: "exception",
              timeUnixNano: "1769860800000000000",
              attributes: attributes({ "exception.type": "E", "exception.message": "m", "exception.stacktrace": "s" }),
            },
          ],
        },
      },
      { error_code: "E", error_message: "m", error_stack: "s", has_error: true },
    ],
    ["no parent", { fields: { parentSpanId: "0000000000000000" } }, { parent_span_id: null }],
  ])("%s", async (_what, sent, expected) => {
    expect(await send(sent)).toMatchObject(expected);
  });

  it("unusable spans are rejected with a count, and others are taken", async () => {
    const body = request({ traceId: "0".repeat(32), spanId: hex(8), name: "n", startTimeUnixNano: "1" });
    const answer = await box.post("/v1/traces", body);
    expect([answer.status, answer.body]).toMatchObject([200, { partialSuccess: { rejectedSpans: "1" } }]);
  });

  it.each([
    ["gzip", gzipSync("{}"), { "content-encoding": "gzip" }, 200],
    ["empty protobuf", new Uint8Array(0), { "content-type": "application/x-protobuf" }, 200],
    ["broken protobuf", Buffer.from("garbage!"), { "content-type": "application/x-protobuf" }, 400],
    ["broken JSON", "{", {}, 400],
    ["another type", "a,b", { "content-type": "text/csv" }, 415],
  ])("%s", async (_what, body, headers, status) => {
    const answer = await box.post("/v1/traces", body, { headers: headers as Record<string, string> });
    expect(answer.status).toBe(status);
    if (status === 200) {
      const type = (headers as Record<string, string>)["content-type"] ?? "application/json";
      expect(answer.headers.get("content-type")).toContain(type);
    }
  });

  it("a tree of OTLP and JSON spans joins", async () => {
    const root = await send({});
    await box.spans(support.span({ trace_id: root["trace_id"], parent_span_id: root["id"], name: "child" }));
    const tree = (await box.get(`/traces/${root["trace_id"]}`)).body["tree"] as Row[];
    expect(tree).toMatchObject([
      { name: "op", depth: 0 },
      { name: "child", depth: 1 },
    ]);
  });
});

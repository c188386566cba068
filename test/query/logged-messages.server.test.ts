import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { projects, TestStore } from "./test-store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await TestStore.start();
});
afterAll(() => store.stop());

const startMs = Date.UTC(2026, 2, 1, 10);
const nanos = (ms: number): string => `${startMs + ms}000000`;
const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };
let next = 1;
let traceId = "";
let spanId = "";

beforeEach(() => {
  traceId = (next++).toString(16).padStart(32, "a");
  spanId = next.toString(16).padStart(16, "b");
});

type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

function anyValue(value: Json): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { intValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: keyValues(value as { readonly [key: string]: Json }) } };
}

function keyValues(values: { readonly [key: string]: Json }): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

interface LogRecord {
  readonly event: string;
  readonly at?: number;
  readonly body?: Json;
  readonly attributes?: { readonly [key: string]: Json };
  /** The name stands in an attribute, as clients of former versions have it. */
  readonly isNameAttribute?: boolean;
  readonly span?: string;
}

function recordOf({
  event,
  at = 10,
  body,
  attributes = {},
  isNameAttribute = false,
  span = spanId,
}: LogRecord): object {
  return {
    ...{ timeUnixNano: nanos(at), traceId, spanId: span },
    ...(isNameAttribute ? {} : { eventName: event }),
    ...(body === undefined ? {} : { body: anyValue(body) }),
    attributes: keyValues({
      "gen_ai.system": "openai",
      ...attributes,
      ...(isNameAttribute ? { "event.name": event } : {}),
    }),
  };
}

async function log(records: readonly LogRecord[], key?: "a" | "b"): Promise<void> {
  const resourceLogs = [{ scopeLogs: [{ logRecords: records.map(recordOf) }] }];
  await store.post("/v1/logs", { resourceLogs }, key);
}

const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini" };

async function span(attributes: { readonly [key: string]: Json } = chat, more: object = {}): Promise<void> {
  const one = { traceId, spanId, name: "chat gpt-4o-mini", startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(1_000) };
  const spans = [{ ...one, attributes: keyValues(attributes), ...more }];
  await store.post("/v1/traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

const spanUuid = (): string => `${spanId.replace(/^(.{8})(.{4})/, "$1-$2-")}-0000-000000000000`;
const traceUuid = (): string => traceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

interface Shown {
  readonly input: unknown;
  readonly output: unknown;
}

function shown({ input_data, output_data }: { input_data: string | null; output_data: string | null }): Shown {
  const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return { input: parsed(input_data), output: parsed(output_data) };
}

async function read(key?: "a" | "b"): Promise<Shown> {
  const { status, body } = await store.get(`/spans/${spanUuid()}`, key);
  expect(status).toBe(200);
  return shown(body);
}

const text = (content: string): object => ({ type: "text", content });
const nothing = { input: null, output: null };

const conversation: readonly LogRecord[] = [
  { event: "gen_ai.system.message", at: 1, body: { content: "Be brief." } },
  { event: "gen_ai.user.message", at: 2, body: { content: "Weather in Paris?" } },
  { event: "gen_ai.assistant.message", at: 3, body: { tool_calls: [call] } },
  { event: "gen_ai.tool.message", at: 4, body: { id: "call_1", content: "rainy" } },
  {
    event: "gen_ai.choice",
    at: 900,
    body: { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Rain." } },
  },
];
const toolCall = { type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Paris" } };
const told: Shown = {
  input: [
    { role: "system", parts: [text("Be brief.")] },
    { role: "user", parts: [text("Weather in Paris?")] },
    { role: "assistant", parts: [toolCall] },
    { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "rainy" }] },
  ],
  output: [{ role: "assistant", parts: [text("Rain.")], finish_reason: "stop" }],
};

describe("messages that came as log records", () => {
  it("are shown with the span, wherever it is read", async () => {
    await span();
    await log(conversation);
    expect(await read()).toEqual(told);
    const list = await store.get(`/spans?id=${spanUuid()}`);
    expect(list.body.map(shown)).toEqual([told]);
    const trace = await store.get(`/traces/${traceUuid()}`);
    expect(trace.body.spans.map(shown)).toEqual([told]);
    const ofTrace = await store.get(`/traces/${traceUuid()}/spans`);
    expect(ofTrace.body.map(shown)).toEqual([told]);
    const { root_span_input: input_data, root_span_output: output_data } = trace.body;
    expect(shown({ input_data, output_data })).toEqual(told);
  });

  it("are the same as those of a span with these events", async () => {
    await span();
    await log(conversation);
    const logged = await read();
    const events = conversation.map(({ event, at = 0, body }) => ({
      ...{ name: event, timeUnixNano: nanos(at) },
      attributes: keyValues(body as { readonly [key: string]: Json }),
    }));
    spanId = `c${spanId.slice(1)}`;
    await span(chat, { events });
    expect(await read()).toEqual(logged);
  });

  it("are found by names in an attribute, in their order, and once where they were sent twice", async () => {
    await span();
    const records = conversation.map((record) => ({ ...record, isNameAttribute: true }));
    await log(records.toReversed());
    await log(records);
    expect(await read()).toEqual(told);
  });

  it("are read from the event of today's conventions, with the instructions before them", async () => {
    await span();
    await log([
      {
        event: "gen_ai.client.inference.operation.details",
        attributes: {
          "gen_ai.system_instructions": [{ type: "text", content: "Be brief." }],
          "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: "Hi" }] }],
          "gen_ai.output.messages": [
            {
              role: "assistant",
              parts: [{ type: "text", content: "Hello." }, { ...toolCall }],
              finish_reason: "tool_calls",
            },
          ],
        },
      },
    ]);
    expect(await read()).toEqual({
      input: [
        { role: "system", parts: [text("Be brief.")] },
        { role: "user", parts: [text("Hi")] },
      ],
      output: [{ role: "assistant", parts: [text("Hello."), toolCall], finish_reason: "tool_calls" }],
    });
  });

  it("are read from bodies that are a text, also one that looks like JSON", async () => {
    await span();
    await log([
      { event: "gen_ai.user.message", at: 1, body: "{not JSON" },
      { event: "gen_ai.choice", at: 2, body: "plain" },
    ]);
    expect(await read()).toEqual({
      input: [{ role: "user", parts: [text("{not JSON")] }],
      output: [{ role: "assistant", parts: [text("plain")] }],
    });
  });

  it("do not take the place of what the span says itself", async () => {
    await span({ ...chat, "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: "Own." }]) });
    await log(conversation);
    expect(await read()).toEqual({ input: null, output: [{ role: "assistant", content: "Own." }] });
  });

  it("are those of the span alone, and of calls of models alone", async () => {
    await span();
    await log(conversation.map((record) => ({ ...record, span: "d".repeat(16) })));
    await log([{ event: "another.event", body: { content: "no message" } }]);
    expect(await read()).toEqual(nothing);
    spanId = `e${spanId.slice(1)}`;
    await span({ "http.request.method": "GET" });
    await log(conversation);
    expect(await read()).toEqual(nothing);
  });

  it("are those of the time of the span alone", async () => {
    await span();
    await log(conversation.map((record) => ({ ...record, at: 400_000 })));
    expect(await read()).toEqual(nothing);
    await log(conversation.map((record) => ({ ...record, at: 200_000 + (record.at ?? 0) })));
    expect(await read()).toEqual(told);
  });

  it("of one project are shown to no other, whose spans may have the same ids", async () => {
    await span();
    await log(conversation, "b");
    expect(await read()).toEqual(nothing);
    const rows = await store.clickhouse.query(
      `SELECT DISTINCT ProjectId FROM otel_logs WHERE TraceId = '${traceId}' ORDER BY ProjectId`,
    );
    expect(rows).toEqual([{ ProjectId: projects.b }]);
  });

  it("are shown to nobody where rows say no project, such as those of another program", async () => {
    await span();
    await store.clickhouse.command(
      `INSERT INTO otel_logs (Timestamp, TraceId, SpanId, EventName, Body)
       VALUES (fromUnixTimestamp64Milli(${startMs}), '${traceId}', '${spanId}', 'gen_ai.user.message', '{"content":"Hi"}')`,
    );
    expect(await read()).toEqual(nothing);
    const one = { traceId, spanId, name: "chat", startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(1_000) };
    const spans = [{ ...one, attributes: keyValues(chat) }];
    await store.post("/v1/traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] }, "default");
    expect(shown((await store.get(`/spans/${spanUuid()}`, "default")).body)).toEqual(nothing);
  });

  it("can be asked for by SQL in their own project alone", async () => {
    await log(conversation);
    const query = `SELECT count() AS Records FROM otel_logs WHERE TraceId = '${traceId}'`;
    const counts = async (key: "a" | "b"): Promise<unknown> =>
      (await store.call("POST", "/query", { query }, key)).body;
    expect([await counts("a"), await counts("b")]).toMatchObject([
      { data: [{ Records: 5 }] },
      { data: [{ Records: 0 }] },
    ]);
  });
});

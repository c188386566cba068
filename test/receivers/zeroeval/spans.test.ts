import { describe, expect, it } from "vitest";
import { Random } from "../../../bench/random.ts";
import { BlockBuilder } from "../../../exporters/clickhouse/block.ts";
import { readNativeRows } from "../../../exporters/clickhouse/native-reader.ts";
import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { AttributeTable } from "../../../pipeline/span-batch/attribute-table.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import { ValueWriter } from "../../../receivers/zeroeval/spans/value-writer.ts";
import { plainSpan, read, storedProject } from "./support.ts";

function rowOf(span: object): Record<string, unknown> {
  const { batch, problems } = read({ ...plainSpan, ...span });
  expect(problems).toEqual([]);
  const builder = new BlockBuilder();
  builder.append(batch);
  return [...readNativeRows(builder.finish().chunks)][0]!;
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe("JSON spans", () => {
  it("become rows", () => {
    const row = rowOf({
      id: "7b1f9a52-8f0e-4c0b-8a1d-1c2e3d4f5a6b",
      parent_span_id: "EEE19B7EC3C1B1740000000000000000",
      kind: "llm",
      status: "error",
      ended_at: "2026-11-21T08:00:00.25Z",
      cost: 0.5,
      session_id: "chat-42",
      input_data: [{ role: "user", content: "hi" }],
      output_data: '[ "as it is" ]',
      attributes: {
        text: "t",
        whole: 3,
        half: 0.5,
        flag: true,
        nothing: null,
        list: [1, { a: "b" }],
        "service.name": "s",
      },
      tags: { a: true, b: 5, c: "x", d: null },
      error_code: "E",
      error_message: "m",
      error_stack: "s",
      code_lineno: 7,
      added_later: { x: 1 },
    });
    expect(row).toMatchObject({
      ProjectId: storedProject,
      TraceId: "3f2b8c1e6a0d4e579b1c2d7f4a5e6b70",
      SpanId: "7b1f9a528f0e4c0b8a1d1c2e3d4f5a6b",
      ParentSpanId: "eee19b7ec3c1b174",
      SpanName: "answer",
      ServiceName: "s",
      ScopeName: "zeroeval",
      StatusCode: "Error",
      OperationKind: "llm",
      Cost: 0.5,
      SessionId: "d5b82663-4051-5a4c-9808-616c909bbbc5",
      SessionName: "chat-42",
      Input: '[{"role":"user","content":"hi"}]',
      Output: '[ "as it is" ]',
      Tags: { a: "true", b: "5", c: "x" },
      ErrorType: "E",
      ErrorMessage: "m",
      ErrorStack: "s",
      SpanAttributes: {
        text: "t",
        whole: "3",
        half: "0.5",
        flag: "true",
        nothing: "",
        list: '[1,{"a":"b"}]',
        "service.name": "s",
        "zeroeval.field.code_lineno": "7",
        "zeroeval.field.added_later": '{"x":1}',
      },
    });
    expect(String(row["Duration"])).toBe("250000000");
    expect(row["EndState"] ?? "").toBe("");
  });

  it("need no id: each gets one of its own", () => {
    const { batch, problems } = read(plainSpan, plainSpan);
    expect(problems).toEqual([]);
    expect(batch.spanId.subarray(0, 8)).not.toEqual(batch.spanId.subarray(8, 16));
  });

  it.each([
    ["no end and no duration", {}, "0", "open", null],
    ["a duration alone", { duration_ms: 12.5 }, "12500000", "open", null],
    ["a negative duration", { duration_ms: -3 }, "0", "open", -3],
    ["an end before the start", { ended_at: "2026-11-21T07:59:59Z" }, "0", "", null],
    ["a duration that is not the time between", { ended_at: 1795248001, duration_ms: 5.25 }, "1000000000", "", 5.25],
    ["a duration that is", { ended_at: 1795248001, duration_ms: 1000 }, "1000000000", "", null],
  ])("keep what is said of time: %s", (_, span, duration, endState, sent) => {
    const row = rowOf({ started_at: 1795248000, ...span });
    expect([String(row["Duration"]), row["EndState"] ?? "", row["SentDuration"] ?? null]).toEqual([
      duration,
      endState,
      sent,
    ]);
  });

  it.each([
    ["kind", { kind: "speech" }, "speech"],
    ["the attribute kind", { attributes: { kind: "operation" } }, "operation"],
    ["the field before the attribute", { kind: "tts", attributes: { kind: "operation" } }, "tts"],
    ["the attribute, where the field is what SDKs fill in", { kind: "generic", attributes: { kind: "llm" } }, "llm"],
    ["nothing, which is read as generic", {}, ""],
    ["null as nothing", { kind: null, attributes: { kind: 7 } }, ""],
  ])("take their kind from %s", (_, span, kind) => {
    expect(rowOf(span)["OperationKind"]).toBe(kind);
  });

  it.each([
    ["session_id, a text", { session_id: "123" }, "37813542-0dca-5a8a-b2a2-b69c2d45583f", "123"],
    [
      "session_id, a UUID",
      { session_id: "D5B8266340515A4C9808616C909BBBC5" },
      "d5b82663-4051-5a4c-9808-616c909bbbc5",
      "",
    ],
    [
      "session.id over session_id",
      { session_id: "x", session: { id: "123", name: "n" } },
      "37813542-0dca-5a8a-b2a2-b69c2d45583f",
      "n",
    ],
    ["session_name", { session_id: "123", session_name: "n" }, "37813542-0dca-5a8a-b2a2-b69c2d45583f", "n"],
    [
      "an empty name, which is none",
      { session: { id: "123", name: "" } },
      "37813542-0dca-5a8a-b2a2-b69c2d45583f",
      "123",
    ],
    ["nulls", { session_id: null, session: null, session_name: null }, "", ""],
  ])("take their session from %s", (_, span, id, name) => {
    const row = rowOf(span);
    expect([row["SessionId"], row["SessionName"]]).toEqual([id, name]);
  });

  it("take null for nothing, wherever it stands", () => {
    const fields = [
      "id",
      "kind",
      "status",
      "ended_at",
      "duration_ms",
      "cost",
      "parent_span_id",
      "session_id",
      "session",
    ];
    const more = [
      "input_data",
      "output_data",
      "attributes",
      "tags",
      "trace_tags",
      "session_tags",
      "error_code",
      "signals",
    ];
    const rest = [
      "error_message",
      "error_stack",
      "code",
      "code_filepath",
      "code_lineno",
      "experiment_result_id",
      "ab_choices",
    ];
    const nulls = Object.fromEntries([...fields, ...more, ...rest].map((field) => [field, null]));
    expect(rowOf(nulls)).toMatchObject({ SpanName: "answer", SpanAttributes: {} });
  });

  it("keep the version of the prompt where it is found without reading JSON", () => {
    const zeroeval = { task: "t", prompt_version_id: "5f0c8d7e-2222-4333-8444-555566667777" };
    expect(rowOf({ attributes: { zeroeval } })["SpanAttributes"]).toMatchObject({
      "zeroeval.prompt_version_id": zeroeval.prompt_version_id,
    });
  });

  it("tell a status that is unset from none", () => {
    expect(rowOf({ status: "unset" })["SpanAttributes"]).toEqual({ "zeroeval.field.status": "unset" });
    expect(rowOf({})["SpanAttributes"]).toEqual({});
  });

  it("carry their signals along, by the type of the value", () => {
    const signals = {
      yes: true,
      n: { value: 2, type: "boolean" },
      s: { value: "TRUE", signal_type: "boolean" },
      w: "x",
    };
    const { batch, problems } = read({ ...plainSpan, signals });
    expect(problems).toEqual([]);
    expect(batch.signals.map(({ name, value, source }) => [name, value, source])).toEqual([
      ["yes", true, "sdk"],
      ["n", 2, "sdk"],
      ["s", true, "sdk"],
      ["w", "x", "sdk"],
    ]);
  });

  it("say what they say of trace and session", () => {
    const { reader } = read({
      ...plainSpan,
      session: { id: "123", tags: { plan: "free", a: 1 } },
      session_tags: { plan: "pro" },
      trace_tags: { t: true },
    });
    expect(reader.contexts).toEqual([
      {
        row: 0,
        sessionId: "37813542-0dca-5a8a-b2a2-b69c2d45583f",
        traceTags: new Map([["t", "true"]]),
        sessionTags: new Map([
          ["plan", "pro"],
          ["a", "1"],
        ]),
      },
    ]);
  });

  it.each([
    ["no object", [7], [], "invalid_type"],
    ["no trace", { trace_id: undefined }, ["trace_id"], "missing"],
    ["a null trace", { trace_id: null }, ["trace_id"], "missing"],
    ["a trace that is no UUID", { trace_id: "7" }, ["trace_id"], "invalid_uuid"],
    ["a trace of zeros", { trace_id: "0".repeat(32) }, ["trace_id"], "invalid_uuid"],
    ["an id that is a number", { id: 7 }, ["id"], "invalid_uuid"],
    ["a parent that is no UUID", { parent_span_id: "root" }, ["parent_span_id"], "invalid_uuid"],
    ["no name", { name: undefined }, ["name"], "missing"],
    ["an empty name", { name: "" }, ["name"], "too_short"],
    ["a name that is a number", { name: 7 }, ["name"], "invalid_type"],
    ["no start", { started_at: undefined }, ["started_at"], "missing"],
    ["a start that is no time", { started_at: "yesterday" }, ["started_at"], "invalid_time"],
    ["a start before 1970", { started_at: -1 }, ["started_at"], "out_of_range"],
    ["an end that is no time", { ended_at: true }, ["ended_at"], "invalid_time"],
    ["a kind that is too long", { kind: "k".repeat(65) }, ["kind"], "out_of_range"],
    ["a status that is not known", { status: "OK" }, ["status"], "invalid_value"],
    ["a duration that is a text", { duration_ms: "5" }, ["duration_ms"], "invalid_type"],
    ["a cost below 0", { cost: -0.1 }, ["cost"], "out_of_range"],
    ["a cost that is a boolean", { cost: true }, ["cost"], "invalid_type"],
    ["a session that is a number", { session_id: 7 }, ["session_id"], "invalid_type"],
    ["a session without id", { session: { name: "n" } }, ["session", "id"], "missing"],
    ["a session that is a text", { session: "s" }, ["session"], "invalid_type"],
    ["attributes that are a list", { attributes: [] }, ["attributes"], "invalid_type"],
    ["an attribute that is too deep", { attributes: { a: nested(9) } }, ["attributes", "a"], "too_deep"],
    ["an input that is too deep", { input_data: nested(9) }, ["input_data"], "too_deep"],
    ["an unknown field that is too deep", { more: nested(9) }, ["more"], "too_deep"],
    [
      "too many attributes",
      { attributes: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, i])) },
      ["attributes"],
      "out_of_range",
    ],
    ["tags that are a list", { tags: ["a"] }, ["tags"], "invalid_type"],
    ["a tag that is an object", { trace_tags: { a: {} } }, ["trace_tags", "a"], "invalid_type"],
    ["tags of a session that are a text", { session: { id: "s", tags: "t" } }, ["session", "tags"], "invalid_type"],
    [
      "100,000 tags",
      { tags: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i, i])) },
      ["tags"],
      "out_of_range",
    ],
    ["a tag that is too long", { tags: { a: "x".repeat(101) } }, ["tags", "a"], "out_of_range"],
    ["an error code that is a number", { error_code: 7 }, ["error_code"], "invalid_type"],
    ["a line that is no whole number", { code_lineno: 1.5 }, ["code_lineno"], "invalid_type"],
    ["choices that are an object", { ab_choices: {} }, ["ab_choices"], "invalid_type"],
    ["a signal that is a list", { signals: { s: [1] } }, ["signals", "s"], "invalid_value"],
    [
      "a signal of a type that is not known",
      { signals: { s: { value: 1, type: "text" } } },
      ["signals", "s"],
      "invalid_value",
    ],
    ["a signal without a name", { signals: { " ": 1 } }, ["signals", " "], "invalid_value"],
  ])("are refused with %s", (_, span, place, type) => {
    const { problems } = read(plainSpan, Array.isArray(span) ? span[0] : { ...plainSpan, ...span });
    expect(problems.map(({ loc, type: found }) => [loc, found])).toEqual([[["body", 1, ...place], type]]);
  });

  it("are refused with everything that is wrong with all of them", () => {
    const { problems } = read({}, { ...plainSpan, cost: "x", tags: 5 }, plainSpan, null);
    expect(problems.map(({ loc }) => loc.slice(1).join("."))).toEqual([
      "0.trace_id",
      "0.name",
      "0.started_at",
      "1.cost",
      "1.tags",
      "3",
    ]);
  });

  it("keep every JSON value as an attribute", () => {
    const random = new Random(7);
    for (let round = 0; round < 300; round++) {
      const value = randomJson(random, 4);
      const arena = new ByteArena();
      const table = new AttributeTable(arena, 1);
      new ValueWriter(arena).push(table, 0, value);
      expect(jsonOf(readValue(arena, table.types[0]!, table.words[0]!, table.words[1]!))).toEqual(value);
    }
  });
});

function randomJson(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 9 : 7);
  const text = (): string => ["", "é", "\ud83d\ude00", "x".repeat(random.below(400)), "\u0000"][random.below(5)]!;
  const plain = [
    null,
    true,
    random.below(300) - 100,
    -(2 ** 40) - random.below(9),
    random.below(1000) / 7,
    2 ** 53,
    text(),
  ];
  if (kind < 7) return plain[kind];
  const items = Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1));
  return kind === 7 ? items : Object.fromEntries(items.map((item, i) => [text() + i, item]));
}

function jsonOf(value: AttributeValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, jsonOf(item)]));
  return Array.isArray(value) ? value.map(jsonOf) : value;
}

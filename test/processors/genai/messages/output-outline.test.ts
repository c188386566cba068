import { describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import { MessageAssembler } from "../../../../processors/genai/messages/assembler.ts";
import { OutputOutline } from "../../../../processors/genai/messages/output-outline.ts";
import { batchOfSpans } from "../../../support/batches.ts";
import { limits, withTexts } from "./support.ts";

interface Outlined {
  readonly mayHaveCalls: boolean;
  readonly reasons: number;
  readonly reason: string;
}

function outlined(text: string): Outlined {
  return withTexts([text], (_, { arena }, [range]) => {
    const outline = new OutputOutline();
    outline.read(arena, range!.start, range!.start + range!.length);
    const { mayHaveCalls, reasons, reasonStart, reasonEnd } = outline;
    return { mayHaveCalls, reasons, reason: arena.text(reasonStart, reasonEnd - reasonStart) };
  });
}

function finishReasons(text: string): readonly string[] | undefined {
  return withTexts([text], (assembler, batch, [range]) => assembler.finishReasons(batch, range!));
}

const nothing = { mayHaveCalls: false, reasons: 0, reason: "" };
const message = '{"role":"assistant","parts":[{"type":"text","content":"\\"tool_calls\\""}],"finish_reason":"stop"}';

describe("the outline of output messages", () => {
  it("has the one finish reason, in messages of any shape", () => {
    const expected = { mayHaveCalls: false, reasons: 1, reason: '"stop"' };
    for (const text of [message, ` [ ${message} ] `, `{"a":1,"choices":[{"b":[2]},{"message":${message}}]}`]) {
      expect(outlined(text)).toEqual(expected);
    }
  });

  it("is empty for text, and for JSON that is cut or wrong at any place", () => {
    for (const text of ["", "finish_reason", '"finish_reason"', `${message}}`, `[${message},]`, `[${message}`]) {
      expect(outlined(text)).toEqual(nothing);
    }
    for (let length = 0; length < message.length; length++) expect(outlined(message.slice(0, length))).toEqual(nothing);
  });

  it("says that there may be calls where a name or type begins as those of calls do", () => {
    const beginnings = ['"tool_calls":[]', '"functionCall":{}', '"type":"tool-call"', '"type":"server_tool_use"'];
    for (const member of beginnings) expect(outlined(`[{"parts":[{${member}}]}]`).mayHaveCalls).toBe(true);
    expect(outlined('{"type":"text","text":"a tool"}').mayHaveCalls).toBe(false);
  });

  it("leaves what is ambiguous to a closer look, which takes the last of names that are repeated", () => {
    const ambiguous: readonly [string, readonly string[] | undefined][] = [
      ['{"finish_reason":"a","finish_reason":"b"}', ["b"]],
      ['{"finish_reason":"a","finish_reason":null}', undefined],
      ['{"finish_reason":1,"stop_reason":"a"}', undefined],
      ['{"message":{"finish_reason":"a"},"message":{}}', undefined],
      ['{"choices":[{"message":{"stop_reason":"a"},"finish_reason":"b"}]}', ["b", "a"]],
      [`{${Array.from({ length: 64 }, (_, i) => `"a${i}":0,`).join("")}"finish_reason":"a"}`, undefined],
    ];
    for (const [text, reasons] of ambiguous) {
      expect(outlined(text).reasons).toBe(2);
      expect(finishReasons(text)).toEqual(reasons);
    }
    expect(finishReasons('{"finish_reason":null,"stop_reason":"a"}')).toEqual(["a"]);
  });

  it("looks twelve levels deep", () => {
    const nested = (levels: number): string =>
      `${'{"message":'.repeat(levels)}{"stopReason":"end"}${"}".repeat(levels)}`;
    expect(finishReasons(nested(11))).toEqual(["end"]);
    expect(finishReasons(nested(12))).toBeUndefined();
    expect(outlined("[".repeat(128) + "]".repeat(128))).toEqual(nothing);
  });
});

describe("finish reasons", () => {
  it("share the list where they are alike, whatever else their JSON is", () => {
    const texts = [message, '{"stop_reason":"stop"}', '{"stop_reason":"st\\u006fp"}', '{"stop_reason":"stöp"}'];
    withTexts(texts, (assembler, batch, ranges) => {
      const lists = ranges.map((range) => assembler.finishReasons(batch, range));
      expect(lists).toEqual([["stop"], ["stop"], ["stop"], ["stöp"]]);
      expect(lists[1]).toBe(lists[0]);
    });
  });
});

describe("the outline of messages that were assembled", () => {
  const written = (attributes: Record<string, string>): { assembler: MessageAssembler; batch: SpanBatch } => ({
    assembler: new MessageAssembler(limits),
    batch: batchOfSpans([{ attributes }]),
  });
  const entries = (batch: SpanBatch): number[] =>
    Array.from({ length: batch.attributeEnd[0]! - batch.attributeStart[0]! }, (_, i) => batch.attributeStart[0]! + i);
  const cases: readonly [string, Record<string, string>][] = [
    ["text", { "c.0.role": "assistant", "c.0.content": 'say "tool_calls"' }],
    ["a finish reason", { "c.0.content": "hi", "c.0.finish_reason": "stop" }],
    ["an empty finish reason", { "c.0.content": "hi", "c.0.finish_reason": "" }],
    ["finish reasons", { "c.0.finish_reason": "stop", "c.1.finish_reason": "length" }],
    ["calls", { "c.0.tool_calls.0.name": "f", "c.0.tool_calls.0.arguments": "{}", "c.0.finish_reason": "tool_calls" }],
    ["a list of calls", { "c.0.tool_calls": '[{"id":"1","function":{"name":"f","arguments":"{}"}}]' }],
    ["parts", { "c.0.content": '[{"type":"tool_use","id":"1","name":"f","input":{}}]' }],
    ["an answer of a tool", { "c.0.role": "tool", "c.0.content": '{"finish_reason":"x"}' }],
  ];

  it.each(cases)("tells the same as the document, of %s", (_, attributes) => {
    const { assembler, batch } = written(attributes);
    const output = assembler.indexed(batch, entries(batch), 2, "traceloop")!;
    const outline = assembler.outline(batch, output);
    const reasons = assembler.finishReasons(batch, output, outline);
    const hasCalls = assembler.toolCalls(batch, output, outline) !== undefined;
    expect(reasons).toEqual(new MessageAssembler(limits).finishReasons(batch, output));
    expect(hasCalls).toBe(new MessageAssembler(limits).toolCalls(batch, output) !== undefined);
  });

  it("is not taken for that of another text at the same range, once it is forgotten", () => {
    const { assembler, batch } = written({ "c.0.content": "0123456789 0123456789" });
    const output = assembler.indexed(batch, entries(batch), 2, "traceloop")!;
    const other = '{"finish_reason":"stop"}'.padEnd(output.length);
    batch.arena.bytes.set(new TextEncoder().encode(other), output.start);
    expect(assembler.outline(batch, output).reasons).toBe(0);
    assembler.forget();
    expect(assembler.finishReasons(batch, output, assembler.outline(batch, output))).toEqual(["stop"]);
    expect(assembler.finishReasons(batch, output)).toEqual(["stop"]);
  });
});

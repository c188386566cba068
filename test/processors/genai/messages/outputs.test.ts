import { describe, expect, it } from "vitest";
import { limits, textOf, withTexts } from "./support.ts";

function toolCalls(output: unknown, bounds = limits): unknown {
  const text = typeof output === "string" ? output : JSON.stringify(output);
  return withTexts(
    [text],
    (assembler, batch, [range]) => {
      const calls = textOf(batch, assembler.toolCalls(batch, range!));
      return calls === undefined ? undefined : JSON.parse(calls);
    },
    bounds,
  );
}

function finishReasons(output: unknown): readonly string[] | undefined {
  const text = typeof output === "string" ? output : JSON.stringify(output);
  return withTexts([text], (assembler, batch, [range]) => assembler.finishReasons(batch, range!));
}

const args = { city: "Zürich", n: 1 };
const argsText = JSON.stringify(args);
const openAiCall = { id: "c1", type: "function", function: { name: "weather", arguments: argsText } };
const call = { id: "c1", name: "weather", arguments: args };

describe("tool calls in output messages", () => {
  const shapes: readonly [string, unknown][] = [
    ["OpenTelemetry", [{ role: "assistant", parts: [{ type: "tool_call", ...call }], finish_reason: "tool_call" }]],
    ["an OpenAI message", { role: "assistant", content: null, tool_calls: [openAiCall] }],
    ["an OpenAI response", { id: "chatcmpl-1", choices: [{ index: 0, message: { tool_calls: [openAiCall] } }] }],
    [
      "OpenAI Responses",
      { output: [{ type: "function_call", id: "fc_1", call_id: "c1", name: "weather", arguments: argsText }] },
    ],
    [
      "Anthropic",
      {
        content: [
          { type: "text", text: "a" },
          { type: "tool_use", id: "c1", name: "weather", input: args },
        ],
      },
    ],
    ["Vercel 4", [{ toolCallType: "function", toolCallId: "c1", toolName: "weather", args: argsText }]],
    ["Vercel 5", [{ type: "tool-call", toolCallId: "c1", toolName: "weather", input: args }]],
    ["Anthropic's own tools", { content: [{ type: "server_tool_use", id: "c1", name: "weather", input: args }] }],
    [
      "Gemini",
      { candidates: [{ content: { role: "model", parts: [{ functionCall: { id: "c1", name: "weather", args } }] } }] },
    ],
    ["Bedrock", { output: { message: { content: [{ toolUse: { toolUseId: "c1", name: "weather", input: args } }] } } }],
    [
      "LangChain, which says it twice",
      {
        generations: [
          [
            {
              message: {
                kwargs: {
                  content: "",
                  additional_kwargs: { tool_calls: [openAiCall] },
                  tool_calls: [{ type: "tool_call", id: "c1", name: "weather", args }],
                },
              },
            },
          ],
        ],
      },
    ],
  ];
  it.each(shapes)("are found in the shape of %s", (_, output) => {
    expect(toolCalls(output)).toEqual([call]);
  });

  it("have null for an id that is not known, and arguments that are no JSON as text", () => {
    const output = { role: "assistant", function_call: { name: "f", arguments: '{"cut":' } };
    expect(toolCalls(output)).toEqual([{ id: null, name: "f", arguments: '{"cut":' }]);
    expect(toolCalls({ tool_calls: [{ id: "1", name: "f" }] })).toEqual([{ id: "1", name: "f", arguments: null }]);
  });

  it("are not found in answers of tools, definitions of tools, text, or JSON that is cut", () => {
    expect(
      toolCalls([{ role: "tool", parts: [{ type: "tool_call_response", id: "1", response: [call] }] }]),
    ).toBeUndefined();
    expect(toolCalls({ tools: [{ type: "function", function: { name: "f", parameters: {} } }] })).toBeUndefined();
    expect(toolCalls('"tool_calls" is a name')).toBeUndefined();
    expect(toolCalls("plain text")).toBeUndefined();
    expect(toolCalls("")).toBeUndefined();
    const whole = JSON.stringify(shapes[1]![1]);
    for (let length = 0; length < whole.length; length++) expect(toolCalls(whole.slice(0, length))).toBeUndefined();
  });

  it("are at most as many and as large as a document may be", () => {
    const many = { tool_calls: Array.from({ length: 10 }, (_, i) => ({ id: `${i}`, name: "f", arguments: "{}" })) };
    expect(toolCalls(many, { maxMessages: 3, maxBytes: 1000 })).toHaveLength(3);
    expect(toolCalls(many, { maxMessages: 100, maxBytes: 100 })).toHaveLength(2);
    expect(toolCalls(many, { maxMessages: 100, maxBytes: 10 })).toBeUndefined();
  });
});

describe("finish reasons in output messages", () => {
  it("are found under the names of every system", () => {
    expect(
      finishReasons([{ role: "assistant", parts: [], finish_reason: "stop" }, { finish_reason: "length" }]),
    ).toEqual(["stop", "length"]);
    expect(finishReasons({ choices: [{ finish_reason: "tool_calls" }] })).toEqual(["tool_calls"]);
    expect(finishReasons({ candidates: [{ finishReason: "MAX_TOKENS" }] })).toEqual(["MAX_TOKENS"]);
    expect(finishReasons({ type: "message", stop_reason: "end_turn", stop_sequence: null })).toEqual(["end_turn"]);
    expect(finishReasons({ output: { message: {} }, stopReason: "tool_use" })).toEqual(["tool_use"]);
  });

  it("are none where there is none, null, text, or cut JSON", () => {
    for (const output of [
      {},
      { finish_reason: null },
      { finish_reason: "" },
      '"finish_reason',
      '{"finish_reason":"st',
    ]) {
      expect(finishReasons(output)).toBeUndefined();
    }
  });
});

describe("a system instruction", () => {
  const combined = (system: string, messages?: string, bounds = limits): unknown =>
    withTexts(
      messages === undefined ? [system] : [system, messages],
      (assembler, batch, ranges) => {
        const text = textOf(batch, assembler.withSystem(batch, ranges[0]!, ranges[1]))!;
        return text.startsWith("[") ? JSON.parse(text) : text;
      },
      bounds,
    );
  const user = { role: "user", content: 'a "quote"' };
  const instruction = (content: string): unknown => ({ role: "system", parts: [{ type: "text", content }] });

  it("stands before the messages, as text, JSON string or parts", () => {
    const expected = [instruction("Be brief."), user];
    expect(combined("Be brief.", JSON.stringify([user]))).toEqual(expected);
    expect(combined('"Be brief."', JSON.stringify([user]))).toEqual(expected);
    expect(combined('[{"type":"text","content":"Be brief."}]', ` ${JSON.stringify([user])} `)).toEqual(expected);
    expect(combined("Be brief.", JSON.stringify({ messages: [user] }))).toEqual(expected);
  });

  it("stands alone without messages, and before text that is no list of messages", () => {
    expect(combined("Be brief.")).toEqual([instruction("Be brief.")]);
    expect(combined("Be brief.", "[]")).toEqual([instruction("Be brief.")]);
    for (const text of ["Hi", "[1]", '[{"role":"us']) {
      expect(combined("Be brief.", text)).toEqual([
        instruction("Be brief."),
        { role: "user", parts: [{ type: "text", content: text }] },
      ]);
    }
  });

  it("is not added to messages that have one, or that would be too large with it", () => {
    const own = [{ role: "system", content: "Mine." }, user];
    expect(combined("Be brief.", JSON.stringify(own))).toEqual(own);
    expect(combined("Be brief.", JSON.stringify([user]), { maxMessages: 10, maxBytes: 40 })).toEqual([user]);
  });
});

describe("JSON that was encoded twice", () => {
  const unwrapped = (text: string): string =>
    withTexts([text], (assembler, batch, [range]) => textOf(batch, assembler.unwrapped(batch, range!))!);

  it("is unwrapped once", () => {
    const json = JSON.stringify([{ role: "user", content: 'ü "\\\n\u2028😀' }]);
    expect(unwrapped(JSON.stringify(json))).toBe(json);
    expect(unwrapped(JSON.stringify(` ${json}\n`))).toBe(` ${json}\n`);
  });

  it("is left alone when it is text, a JSON string of text, or cut", () => {
    const twice = JSON.stringify(JSON.stringify({ a: "b" }));
    const texts = [
      "",
      '"',
      '""',
      "text",
      '"text"',
      '"[not json"',
      '"[1]" and "[2]"',
      '"1"',
      '{"a":"b"}',
      JSON.stringify(twice),
    ];
    for (const text of [...texts, ...Array.from(twice, (_, i) => twice.slice(0, i))])
      expect(unwrapped(text)).toBe(text);
  });
});

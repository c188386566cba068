import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../../pipeline/span-batch/value.ts";
import { fromEvents } from "./support.ts";

const inputs = [
  "gen_ai.system.message",
  "gen_ai.user.message",
  "gen_ai.assistant.message",
  "gen_ai.tool.message",
  "gen_ai.content.prompt",
  "gen_ai.client.inference.operation.details",
];
const outputs = ["gen_ai.choice", "gen_ai.content.completion", "gen_ai.client.inference.operation.details"];
const text = (content: string): unknown => ({ type: "text", content });

describe("messages in events", () => {
  it("are read from OpenTelemetry's events of one role each", () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };
    const events: [string, Record<string, AttributeValue>][] = [
      ["gen_ai.system.message", { "gen_ai.system": "openai", content: "Be brief." }],
      ["gen_ai.user.message", { content: "Weather in Paris?" }],
      ["other", { content: "x" }],
      ["gen_ai.assistant.message", { tool_calls: JSON.stringify([call]) }],
      ["gen_ai.tool.message", { id: "call_1", content: "rainy" }],
      ["gen_ai.choice", { index: 0, finish_reason: "stop", message: '{"role":"assistant","content":"Rain."}' }],
    ];
    expect(fromEvents(events, inputs)).toEqual([
      { role: "system", parts: [text("Be brief.")] },
      { role: "user", parts: [text("Weather in Paris?")] },
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Paris" } }],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "rainy" }] },
    ]);
    expect(fromEvents(events, outputs)).toEqual([{ role: "assistant", parts: [text("Rain.")], finish_reason: "stop" }]);
  });

  it("are read from nested values", () => {
    const message = new Map<string, AttributeValue>([
      ["role", "assistant"],
      ["content", "Rain."],
    ]);
    expect(fromEvents([["gen_ai.choice", { index: 0, message, finish_reason: "stop" }]], outputs)).toEqual([
      { role: "assistant", parts: [text("Rain.")], finish_reason: "stop" },
    ]);
  });

  it("are read from the JSON in Semantic Kernel's events", () => {
    const content = (value: unknown): Record<string, AttributeValue> => ({
      "gen_ai.system": "openai",
      "gen_ai.event.content": JSON.stringify(value),
    });
    const call = { id: "call_2", type: "function", function: { name: "Math-Add", arguments: '{"a":1}' } };
    const events: [string, Record<string, AttributeValue>][] = [
      ["gen_ai.user.message", content({ role: "user", content: "1+1?" })],
      ["gen_ai.assistant.message", content({ role: "assistant", content: "", tool_calls: [call] })],
      ["gen_ai.tool.message", content({ role: "tool", content: "2", id: "call_2" })],
      ["gen_ai.choice", content({ index: 0, message: { role: "assistant", content: "2" }, finish_reason: "stop" })],
      ["gen_ai.choice", content({ index: 1, message: { role: "assistant", tool_calls: [call] } })],
    ];
    const part = { type: "tool_call", id: "call_2", name: "Math-Add", arguments: { a: 1 } };
    expect(fromEvents(events, inputs)).toEqual([
      { role: "user", parts: [text("1+1?")] },
      { role: "assistant", parts: [part] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_2", response: "2" }] },
    ]);
    expect(fromEvents(events, outputs)).toEqual([
      { role: "assistant", parts: [text("2")], finish_reason: "stop" },
      { role: "assistant", parts: [part] },
    ]);
  });

  it("are read from the Bedrock blocks in Strands' events", () => {
    const use = { toolUse: { toolUseId: "t1", name: "calc", input: { e: "1+1" } } };
    const result = { toolResult: { toolUseId: "t1", status: "success", content: [{ text: "2" }] } };
    const image = { image: { format: "png", source: { bytes: "iVBORw0KGgo=" } } };
    const events: [string, Record<string, AttributeValue>][] = [
      ["gen_ai.user.message", { content: JSON.stringify([{ text: "1+1?" }, image]) }],
      ["gen_ai.assistant.message", { content: JSON.stringify([{ text: "Hm." }, use]) }],
      ["gen_ai.tool.message", { content: JSON.stringify([result]) }],
      [
        "gen_ai.choice",
        {
          finish_reason: "tool_use",
          message: JSON.stringify([{ reasoningContent: { reasoningText: { text: "easy" } } }, use]),
          "tool.result": JSON.stringify([result]),
        },
      ],
    ];
    const call = { type: "tool_call", id: "t1", name: "calc", arguments: { e: "1+1" } };
    const response = { type: "tool_call_response", id: "t1", response: [{ text: "2" }] };
    expect(fromEvents(events, inputs)).toEqual([
      {
        role: "user",
        parts: [text("1+1?"), { type: "blob", modality: "image", mime_type: "image/png", content: "iVBORw0KGgo=" }],
      },
      { role: "assistant", parts: [text("Hm."), call] },
      { role: "tool", parts: [response] },
    ]);
    expect(fromEvents(events, outputs)).toEqual([
      { role: "assistant", parts: [{ type: "reasoning", content: "easy" }, call], finish_reason: "tool_use" },
      { role: "tool", parts: [response] },
    ]);
  });

  it("are read from the event with the details of an operation, input and output apart", () => {
    const input = [{ role: "user", parts: [{ type: "text", content: "Hi" }] }];
    const output = [{ role: "assistant", parts: [{ type: "text", content: "Hello" }], finish_reason: "stop" }];
    const events: [string, Record<string, AttributeValue>][] = [
      [
        "gen_ai.client.inference.operation.details",
        { "gen_ai.input.messages": JSON.stringify(input), "gen_ai.output.messages": JSON.stringify(output) },
      ],
    ];
    expect(fromEvents(events, inputs)).toEqual(input);
    expect(fromEvents(events, outputs)).toEqual(output);
  });

  it("are read from the former events of a whole prompt and completion, JSON or text", () => {
    const prompt = JSON.stringify([{ role: "user", content: "Hi" }]);
    const json: [string, Record<string, AttributeValue>][] = [
      ["gen_ai.content.prompt", { "gen_ai.prompt": prompt }],
      ["gen_ai.content.completion", { "gen_ai.completion": '[{"role":"assistant","content":"Hello"}]' }],
    ];
    const plain: [string, Record<string, AttributeValue>][] = [
      ["gen_ai.content.prompt", { "gen_ai.prompt": "Hi" }],
      ["gen_ai.content.completion", { "gen_ai.completion": "Hello" }],
    ];
    for (const events of [json, plain]) {
      expect(fromEvents(events, inputs)).toEqual([{ role: "user", parts: [text("Hi")] }]);
      expect(fromEvents(events, outputs)).toEqual([{ role: "assistant", parts: [text("Hello")] }]);
    }
  });

  it("keep JSON that is cut as text", () => {
    const whole = JSON.stringify([{ role: "user", content: "Hi" }]);
    for (let length = 1; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      const messages = fromEvents([["gen_ai.content.prompt", { "gen_ai.prompt": cut }]], inputs);
      expect(messages).toEqual([{ role: "user", parts: [text(cut)] }]);
    }
  });

  it("are none where no event has the name, or none says anything", () => {
    expect(fromEvents([], inputs)).toBeUndefined();
    expect(fromEvents([["exception", { content: "x" }]], inputs)).toBeUndefined();
    expect(fromEvents([["gen_ai.user.message", { "gen_ai.system": "openai" }]], inputs)).toBeUndefined();
  });

  it("are bounded as all documents are", () => {
    const events = Array.from({ length: 5 }, () => ["gen_ai.user.message", { content: "x" }] as const);
    const messages = fromEvents(events, inputs, { maxMessages: 3, maxBytes: 1000 }) as unknown[];
    expect(messages.slice(3)).toEqual([{ role: "truncated", parts: [{ type: "truncated", dropped_messages: 2 }] }]);
  });
});

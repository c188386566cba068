import { isUtf8 } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../../pipeline/span-batch/value.ts";
import { MessageAssembler } from "../../../../processors/genai/messages/assembler.ts";
import { batchOfSpans } from "../../../support/batches.ts";
import { assembled, limits, textOf } from "./support.ts";

const prompts = (attributes: Record<string, AttributeValue>, bounds = limits): unknown =>
  assembled(attributes, "gen_ai.prompt.", "traceloop", bounds);
const completions = (attributes: Record<string, AttributeValue>): unknown =>
  assembled(attributes, "gen_ai.completion.", "traceloop");
const inputs = (attributes: Record<string, AttributeValue>): unknown =>
  assembled(attributes, "llm.input_messages.", "openinference");

const text = (content: string): unknown => ({ type: "text", content });

describe("messages in OpenLLMetry's attributes", () => {
  it("become messages with tool calls and their answers", () => {
    const messages = prompts({
      "gen_ai.prompt.0.role": "system",
      "gen_ai.prompt.0.content": 'You are a "helpful" assistant.\nBe brief.',
      "gen_ai.prompt.1.role": "user",
      "gen_ai.prompt.1.content": "What is the weather in Zürich?",
      "gen_ai.prompt.2.role": "assistant",
      "gen_ai.prompt.2.content": "",
      "gen_ai.prompt.2.tool_calls.0.id": "call_1",
      "gen_ai.prompt.2.tool_calls.0.name": "get_weather",
      "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Zürich"}',
      "gen_ai.prompt.2.tool_calls.1.id": "call_2",
      "gen_ai.prompt.2.tool_calls.1.name": "get_time",
      "gen_ai.prompt.2.tool_calls.1.arguments": "now",
      "gen_ai.prompt.3.role": "tool",
      "gen_ai.prompt.3.content": '{"degrees": 12}',
      "gen_ai.prompt.3.tool_call_id": "call_1",
    });
    expect(messages).toEqual([
      { role: "system", parts: [text('You are a "helpful" assistant.\nBe brief.')] },
      { role: "user", parts: [text("What is the weather in Zürich?")] },
      {
        role: "assistant",
        parts: [
          { type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Zürich" } },
          { type: "tool_call", id: "call_2", name: "get_time", arguments: "now" },
        ],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { degrees: 12 } }] },
    ]);
  });

  it("have a finish reason, and a call of the former function_call keys", () => {
    const messages = completions({
      "gen_ai.completion.0.finish_reason": "function_call",
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.function_call.name": "lookup",
      "gen_ai.completion.0.function_call.arguments": '{"id":12}',
    });
    expect(messages).toEqual([
      {
        role: "assistant",
        parts: [{ type: "tool_call", name: "lookup", arguments: { id: 12 } }],
        finish_reason: "function_call",
      },
    ]);
  });

  it("keep thoughts and refusals apart from the answer", () => {
    const messages = completions({
      "gen_ai.completion.0.content": "42",
      "gen_ai.completion.0.reasoning": "six times seven",
      "gen_ai.completion.0.refusal": "no more",
    });
    expect(messages).toEqual([
      {
        role: "assistant",
        parts: [{ type: "reasoning", content: "six times seven" }, text("42"), { type: "refusal", content: "no more" }],
      },
    ]);
  });

  it("are read out of content that is a list of OpenAI's parts", () => {
    const content = [
      { type: "text", text: 'what is "this"?' },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "low" } },
      { type: "image_url", image_url: { url: "https://example.com/a.jpg" } },
      { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } },
      { type: "unheard_of", x: 1 },
    ];
    const parts = [
      text('what is "this"?'),
      { type: "blob", modality: "image", mime_type: "image/png", content: "iVBORw0KGgo=" },
      { type: "uri", modality: "image", uri: "https://example.com/a.jpg" },
      { type: "blob", modality: "audio", mime_type: "audio/wav", content: "UklGRg==" },
      { type: "unheard_of", x: 1 },
    ];
    const json = JSON.stringify(content);
    for (const sent of [json, ` ${json}`.trim(), JSON.stringify(json)]) {
      expect(prompts({ "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": sent })).toEqual([
        { role: "user", parts },
      ]);
    }
  });

  it("are read out of Anthropic's blocks", () => {
    const content = JSON.stringify([
      { type: "thinking", thinking: "hm", signature: "abc" },
      { type: "text", text: "let me look" },
      { type: "tool_use", id: "toolu_1", name: "look", input: { where: "here" } },
      { type: "tool_result", tool_use_id: "toolu_0", content: [{ type: "text", text: "nothing" }] },
      { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "/9j/4AAQ" } },
    ]);
    expect(prompts({ "gen_ai.prompt.0.role": "assistant", "gen_ai.prompt.0.content": content })).toEqual([
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "hm" },
          text("let me look"),
          { type: "tool_call", id: "toolu_1", name: "look", arguments: { where: "here" } },
          { type: "tool_call_response", id: "toolu_0", response: [{ type: "text", text: "nothing" }] },
          { type: "blob", modality: "image", mime_type: "image/jpeg", content: "/9j/4AAQ" },
        ],
      },
    ]);
  });

  it("keep text that only looks like parts, JSON that is cut, and a Python repr as they are", () => {
    const full = JSON.stringify([{ type: "text", text: "hello" }]);
    const texts = [
      "[1, 2, 3]",
      '[{"title":"a","text":"b","score":1,"id":2}]',
      '[{"type":"point","x":1}]',
      '{"type":"text","text":"structured output"}',
      "[{'type': 'text', 'text': 'hello'}]",
      '"[quoted"',
      '"[1]"',
      "b'bytes'",
      ...Array.from({ length: full.length - 1 }, (_, i) => full.slice(0, i + 1)),
    ];
    for (const content of texts) {
      expect(prompts({ "gen_ai.prompt.0.content": content })).toEqual([{ role: "user", parts: [text(content)] }]);
    }
  });

  it("are ordered by their numbers, whatever the order they were sent in and however sparse", () => {
    const messages = prompts({
      "gen_ai.prompt.100000.role": "user",
      "gen_ai.prompt.100000.content": "last",
      "gen_ai.prompt.10.content": "third",
      "gen_ai.prompt.2.content": "second",
      "gen_ai.prompt.2.tool_calls.10.name": "b",
      "gen_ai.prompt.2.tool_calls.9.name": "a",
      "gen_ai.prompt.0.content": "first",
      "gen_ai.prompt.999999999999999.content": "very last",
    });
    const calls = ["a", "b"].map((name) => ({ type: "tool_call", name }));
    expect(messages).toEqual([
      { role: "user", parts: [text("first")] },
      { role: "user", parts: [text("second"), ...calls] },
      { role: "user", parts: [text("third")] },
      { role: "user", parts: [text("last")] },
      { role: "user", parts: [text("very last")] },
    ]);
  });

  it("pass over keys that are not understood", () => {
    const messages = prompts({
      "gen_ai.prompt.__proto__.role": "user",
      "gen_ai.prompt.0.__proto__": "x",
      "gen_ai.prompt.0.constructor": "x",
      "gen_ai.prompt.0.tool_calls.__proto__.name": "x",
      "gen_ai.prompt.-1.content": "x",
      "gen_ai.prompt.9999999999999999.content": "x",
      "gen_ai.prompt.1e3.content": "x",
      "gen_ai.prompt.name": "x",
      "gen_ai.prompt.": "x",
      "gen_ai.prompt.0.content": "seen",
    });
    expect(messages).toEqual([{ role: "user", parts: [text("seen")] }]);
    expect(prompts({ "gen_ai.prompt.__proto__.role": "user" })).toBeUndefined();
  });

  it("hold numbers, booleans and nested values as JSON", () => {
    const messages = prompts({
      "gen_ai.prompt.0.content": 12,
      "gen_ai.prompt.1.content": true,
      "gen_ai.prompt.2.content": Number.NaN,
      "gen_ai.prompt.3.content": [
        new Map<string, AttributeValue>([
          ["type", "text"],
          ["text", "nested"],
        ]),
      ],
      "gen_ai.prompt.4.content": new Map<string, AttributeValue>([["a", 1n << 60n]]),
      "gen_ai.prompt.5.content": null,
      "gen_ai.prompt.6.role": 1,
    });
    expect(messages).toEqual([
      { role: "user", parts: [text("12")] },
      { role: "user", parts: [text("true")] },
      { role: "user", parts: [text("NaN")] },
      { role: "user", parts: [text("nested")] },
      { role: "user", parts: [text('{"a":1152921504606846976}')] },
      { role: "user", parts: [] },
    ]);
  });

  it("have the common names of roles", () => {
    const roles = ["human", "ai", "model", "function", "System", "developer", "AIMessage", "tools", "a\nb"];
    const attributes = Object.fromEntries(roles.map((role, i) => [`gen_ai.prompt.${i}.role`, role]));
    const named = (prompts({ ...attributes, "gen_ai.prompt.0.content": "Hi" }) as { role: string }[]).map(
      ({ role }) => role,
    );
    expect(named).toEqual([
      "user",
      "assistant",
      "assistant",
      "tool",
      "system",
      "developer",
      "assistant",
      "tools",
      "a\nb",
    ]);
  });

  it("are none where there is nothing but roles and names", () => {
    expect(prompts({ "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.name": "Ada" })).toBeUndefined();
  });

  it("keep the digits of numbers in arguments", () => {
    const batch = batchOfSpans([{ attributes: { "gen_ai.prompt.0.function_call.name": "f" } }]);
    const [span] = batch;
    span!.attributes.set("gen_ai.prompt.0.function_call.arguments", '{"id": 12345678901234567890}');
    const entries = [batch.attributeStart[0]!, batch.attributeStart[0]! + 1];
    const range = new MessageAssembler(limits).indexed(batch, entries, "gen_ai.prompt.".length, "traceloop");
    expect(textOf(batch, range)).toContain('"arguments":{"id": 12345678901234567890}');
  });

  it("are valid UTF-8 when the bytes sent are not", () => {
    const batch = batchOfSpans([{ attributes: { "gen_ai.prompt.0.content": '[{"type":"text","text":"caf#!"}]' } }]);
    const entry = batch.attributeStart[0]!;
    batch.arena.bytes[batch.attributes.words[2 * entry]! + '[{"type":"text","text":"caf'.length] = 0xe9;
    const range = new MessageAssembler(limits).indexed(batch, [entry], "gen_ai.prompt.".length, "traceloop")!;
    const bytes = batch.arena.bytes.subarray(range.start, range.start + range.length);
    expect(isUtf8(bytes)).toBe(true);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual([
      { role: "user", parts: [text('[{"type":"text","text":"caf\ufffd!"}]')] },
    ]);
  });
});

describe("messages in OpenInference's attributes", () => {
  it("become messages with contents, images and tool calls", () => {
    const messages = inputs({
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.contents.0.message_content.type": "text",
      "llm.input_messages.0.message.contents.0.message_content.text": "What is this?",
      "llm.input_messages.0.message.contents.1.message_content.type": "image",
      "llm.input_messages.0.message.contents.1.message_content.image.image.url": "data:image/jpeg;base64,/9j/4AAQ",
      "llm.input_messages.0.message.contents.2.message_content.image.image.url": "https://example.com/b.png",
      "llm.input_messages.0.message.contents.3.message_content.audio.audio.url": "data:;base64,UklGRg==",
      "llm.input_messages.0.message.contents.3.message_content.audio.audio.mime_type": "audio/wav",
      "llm.input_messages.1.message.role": "assistant",
      "llm.input_messages.1.message.contents.0.message_content.type": "reasoning",
      "llm.input_messages.1.message.contents.0.message_content.text": "hm",
      "llm.input_messages.1.message.tool_calls.0.tool_call.id": "call_1",
      "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "look",
      "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"at": [1, 2]}',
      "llm.input_messages.2.message.role": "tool",
      "llm.input_messages.2.message.content": "a cat",
      "llm.input_messages.2.message.tool_call_id": "call_1",
      "llm.input_messages.2.message.name": "look",
      "llm.input_messages.3.message.role": "assistant",
      "llm.input_messages.3.message.function_call_name": "old",
      "llm.input_messages.3.message.function_call_arguments_json": "{}",
    });
    expect(messages).toEqual([
      {
        role: "user",
        parts: [
          text("What is this?"),
          { type: "blob", modality: "image", mime_type: "image/jpeg", content: "/9j/4AAQ" },
          { type: "uri", modality: "image", uri: "https://example.com/b.png" },
          { type: "blob", modality: "audio", mime_type: "audio/wav", content: "UklGRg==" },
        ],
      },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "hm" },
          { type: "tool_call", id: "call_1", name: "look", arguments: { at: [1, 2] } },
        ],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "a cat" }], name: "look" },
      { role: "assistant", parts: [{ type: "tool_call", name: "old", arguments: {} }] },
    ]);
  });

  it("say a text once that stands in the content and in a part", () => {
    const message = "llm.input_messages.0.message";
    const of = (content: string) =>
      inputs({
        [`${message}.role`]: "assistant",
        [`${message}.content`]: content,
        [`${message}.contents.0.message_content.type`]: "text",
        [`${message}.contents.0.message_content.text`]: "Hello",
      });
    expect(of("Hello")).toEqual([{ role: "assistant", parts: [text("Hello")] }]);
    expect(of("World")).toEqual([{ role: "assistant", parts: [text("World"), text("Hello")] }]);
  });

  it("become messages of prompts, choices and embedded texts, without the vectors", () => {
    const of = (attributes: Record<string, AttributeValue>, prefix: string): unknown =>
      assembled(attributes, prefix, "openinference_prompts");
    expect(of({ "llm.prompts.0.prompt.text": "Once" }, "llm.prompts.")).toEqual([
      { role: "user", parts: [text("Once")] },
    ]);
    expect(of({ "llm.choices.0.completion.text": " upon" }, "llm.choices.")).toEqual([
      { role: "assistant", parts: [text(" upon")] },
    ]);
    const embeddings = {
      "embedding.embeddings.0.embedding.text": "one",
      "embedding.embeddings.0.embedding.vector": [0.5, 1.5],
      "embedding.embeddings.1.embedding.text": "two",
    };
    expect(of(embeddings, "embedding.embeddings.")).toEqual([
      { role: "user", parts: [text("one")] },
      { role: "user", parts: [text("two")] },
    ]);
  });

  it("become a list of documents where documents were retrieved", () => {
    const documents = {
      "retrieval.documents.0.document.id": 7,
      "retrieval.documents.0.document.content": "text",
      "retrieval.documents.0.document.score": 0.5,
      "retrieval.documents.0.document.metadata": '{"page": 1}',
      "retrieval.documents.1.document.content": "more",
    };
    expect(assembled(documents, "retrieval.documents.", "openinference_prompts")).toEqual([
      { id: 7, content: "text", score: 0.5, metadata: { page: 1 } },
      { content: "more" },
    ]);
  });
});

describe("limits of a document", () => {
  const many = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`gen_ai.prompt.${i}.content`, "x".repeat(100)]),
  );

  it("end it with a message that counts those past max messages", () => {
    const messages = prompts(many, { maxMessages: 4, maxBytes: 1 << 20 }) as unknown[];
    expect(messages).toHaveLength(5);
    expect(messages[4]).toEqual({ role: "truncated", parts: [{ type: "truncated", dropped_messages: 6 }] });
  });

  it("end it with what fits into max bytes, message by message", () => {
    for (let maxBytes = 0; maxBytes < 2000; maxBytes += 7) {
      const messages = prompts(many, { maxMessages: 100, maxBytes }) as { parts: { dropped_messages?: number }[] }[];
      const dropped = messages.at(-1)!.parts[0]!.dropped_messages ?? 0;
      expect(messages.length - (dropped > 0 ? 1 : 0) + dropped).toBe(10);
    }
  });

  it("end the parts of a message with one that counts those past the limit", () => {
    const calls = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`gen_ai.prompt.0.tool_calls.${i}.name`, `${i}`]),
    );
    expect(prompts(calls, { maxMessages: 2, maxBytes: 1 << 20 })).toEqual([
      {
        role: "user",
        parts: [
          { type: "tool_call", name: "0" },
          { type: "tool_call", name: "1" },
          { type: "truncated", dropped_parts: 3 },
        ],
      },
    ]);
  });
});

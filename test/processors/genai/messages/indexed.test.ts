import { describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../../pipeline/span-batch/value.ts";
import type { IndexedShape } from "../../../../processors/genai/dialect.ts";
import {
  type ArenaRange,
  MessageAssembler,
  type MessageLimits,
} from "../../../../processors/genai/messages/assembler.ts";
import { batchOfSpans } from "../../../support/batches.ts";

const limits: MessageLimits = { maxMessages: 1000, maxBytes: 1 << 24 };

function entriesOf(batch: SpanBatch, prefix: string): number[] {
  const found: number[] = [];
  for (let entry = batch.attributeStart[0]!; entry < batch.attributeEnd[0]!; entry++) {
    if (batch.attributes.keys.text(batch.attributes.keyIndexes[entry]!).startsWith(prefix)) found.push(entry);
  }
  return found;
}

function textOf(batch: SpanBatch, range: ArenaRange | undefined): string | undefined {
  return range === undefined ? undefined : batch.arena.text(range.start, range.length);
}

function assembled(
  attributes: Record<string, AttributeValue>,
  prefix = "gen_ai.prompt.",
  shape: IndexedShape = "traceloop",
  bounds = limits,
): unknown {
  const batch = batchOfSpans([{ attributes }]);
  const text = textOf(
    batch,
    new MessageAssembler(bounds).indexed(batch, entriesOf(batch, prefix), prefix.length, shape),
  );
  return text === undefined ? undefined : JSON.parse(text);
}

describe("indexed messages", () => {
  it("makes messages of OpenLLMetry's attributes", () => {
    const messages = assembled({
      "gen_ai.prompt.0.role": "system",
      "gen_ai.prompt.0.content": 'You are a "helpful" assistant.\nBe brief.',
      "gen_ai.prompt.1.role": "user",
      "gen_ai.prompt.1.content": "What is the weather in Zürich?",
      "gen_ai.prompt.2.role": "assistant",
      "gen_ai.prompt.2.content": "",
      "gen_ai.prompt.2.tool_calls.0.id": "call_1",
      "gen_ai.prompt.2.tool_calls.0.name": "get_weather",
      "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Zürich"}',
      "gen_ai.prompt.3.role": "tool",
      "gen_ai.prompt.3.content": "12 degrees",
      "gen_ai.prompt.3.tool_call_id": "call_1",
    });
    expect(messages).toEqual([
      { role: "system", parts: [{ type: "text", content: 'You are a "helpful" assistant.\nBe brief.' }] },
      { role: "user", parts: [{ type: "text", content: "What is the weather in Zürich?" }] },
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Zürich" } }],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "12 degrees" }] },
    ]);
  });
});

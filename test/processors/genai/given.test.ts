import { describe, expect, it } from "vitest";
import { batchOfSpans } from "../../support/batches.ts";
import { mapperOf } from "./support.ts";

const attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": 150,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"from attributes"}]}]',
  "session.id": "from attributes",
  "gen_ai.cost": 3,
  "user.id": "u",
};

describe("columns that a receiver has filled", () => {
  it("stay as they are, and the others are filled from the attributes", () => {
    const batch = batchOfSpans([{ attributes }, { attributes }]);
    batch.setDerived("OperationKind", 0, "transcription");
    batch.setDerived("SessionId", 0, "given");
    batch.setDerived("SessionName", 0, "name");
    batch.setDerived("Tags", 0, new Map());
    batch.setDerived("Cost", 0, 0.25);
    batch.setDerived("Input", 0, "in");
    mapperOf({}).map(batch);
    const names = [
      "OperationKind",
      "SessionId",
      "SessionName",
      "Cost",
      "Input",
      "RequestModel",
      "InputTokens",
    ] as const;
    expect(names.map((name) => batch.getDerived(name, 0))).toEqual([
      "transcription",
      "given",
      "name",
      0.25,
      "in",
      "gpt-4o",
      150,
    ]);
    expect(batch.getDerived("Tags", 0)).toEqual(new Map());
    expect(batch.getDerived("OperationKind", 1)).toBe("llm");
    expect(batch.getDerived("SessionId", 1)).toBe("from attributes");
    expect(batch.getDerived("Tags", 1)?.get("user_id")).toBe("u");
  });

  it("tell what follows from them: calls in an output, and no message where there is an error's own", () => {
    const output = JSON.stringify([
      { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
    ]);
    const batch = batchOfSpans([
      { attributes: { provider: "openai", model: "gpt-4o" }, statusCode: 2, statusMessage: "of status" },
    ]);
    batch.setDerived("OperationKind", 0, "llm");
    batch.setDerived("Output", 0, output);
    batch.setDerived("ErrorMessage", 0, "given");
    mapperOf({}).map(batch);
    expect(batch.getDerived("Output", 0)).toBe(output);
    expect(batch.getDerived("ToolCalls", 0)).toContain('"f"');
    expect(batch.getDerived("ErrorMessage", 0)).toBe("given");
  });

  it("keep a cost that was given to a span that repeats the usage of those below it", () => {
    const usage = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5 };
    const agent = { ...usage, "gen_ai.operation.name": "invoke_agent" };
    const [traceId, parent] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const batch = batchOfSpans([
      { traceId, spanId: parent, attributes: agent },
      { traceId, parentSpanId: parent, attributes: usage },
    ]);
    batch.setDerived("Cost", 0, 7);
    mapperOf({}).map(batch);
    expect(batch.getDerived("InputTokens", 0)).toBeUndefined();
    expect(batch.getDerived("Cost", 0)).toBe(7);
  });
});

import { describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { CallMemory } from "../../../processors/signals/detectors/call-memory.ts";
import { createSignals, type SignalsInput, type Sketch, signalsOf, spansOf } from "./tagged.ts";

type RuleSets = NonNullable<SignalsInput["rule_sets"]>;

async function found(set: RuleSets[number], sketch: Sketch) {
  const signals = await signalsOf({ rule_sets: [set] }, [sketch]);
  return signals.map(({ name, value }) => [name, value]);
}

const answer = (content: string): Sketch => ({
  OperationKind: "llm",
  Output: JSON.stringify([{ role: "assistant", parts: [{ type: "text", content }], finish_reason: "stop" }]),
});

describe("the ready-made rule refusal", () => {
  it.each([
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, but I can’t help with that.",
    "Sorry.\nI cannot provide instructions for making weapons.",
    "I am unable to comply with this.",
    "I'm not able to help you with hacking an account.",
    "As an AI, I must decline.",
    "This request violates our policies.",
  ])("finds %j", async (content) => {
    expect(await found("refusal", answer(content))).toEqual([["refusal", true]]);
  });

  it.each([
    "I can't believe how good this is; happy to assist with that!",
    "I cannot recommend this restaurant enough.",
    "Sorry for the delay. Here is the code you asked for.",
    "The API will return 403 if you are unable to provide that header.",
    "If you cannot comply with the deadline, tell your manager.",
    "He said I can help with that.",
    "hi can't do that", // no word begins at the i
  ])("passes over %j", async (content) => {
    expect(await found("refusal", answer(content))).toEqual([]);
  });

  it("finds the provider's finish reason, and a part of type refusal", async () => {
    expect(await found("refusal", { OperationKind: "llm", FinishReasons: ["refusal"] })).toHaveLength(1);
    const Output = '[{"role":"assistant","parts":[{"type":"refusal","content":"No."}]}]';
    expect(await found("refusal", { OperationKind: "llm", Output })).toHaveLength(1);
  });

  it("looks at outputs of models only", async () => {
    const { Output } = answer("I can't assist with that.");
    expect(await found("refusal", { OperationKind: "llm", Input: Output! })).toEqual([]);
    expect(await found("refusal", { OperationKind: "tool", Output: Output! })).toEqual([]);
    expect(await found("refusal", { Output: Output! })).toEqual([]);
  });

  it("finds phrases that are added, and only those when the built-in ones are switched off", async () => {
    const set = { name: "refusal" as const, phrases: ["leider kann ich"], builtin_phrases: false };
    expect(await found(set, answer("Leider kann ich dabei nicht helfen."))).toHaveLength(1);
    expect(await found(set, answer("I can't assist with that."))).toEqual([]);
  });
});

describe("the ready-made rule empty_output", () => {
  it.each([
    "",
    "  \n ",
    '""',
    "null",
    "[]",
    "{}",
    '[{"role":"assistant","content":""}]',
    '[{"role": "assistant", "content": null, "finish_reason": "stop"}]',
    '[{"role":"assistant","parts":[],"finish_reason":"stop"}]',
    '[{"role":"assistant","parts":[{"type":"text","content":" \\n"},{"type":"text","content":""}]}]',
    '{"choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}',
  ])("finds %j", async (Output) => {
    expect(await found("empty_output", { OperationKind: "llm", Output })).toEqual([["empty_output", true]]);
  });

  it.each([
    "No.",
    "0",
    "false",
    '"x"',
    '[{"role":"assistant","content":"ok"}]',
    '[{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}]',
    '[{"role":"assistant","parts":[{"type":"tool_call","name":"f","arguments":{}}],"content":""}]',
    '[{"role":"assistant","content":"","reasoning_content":"hmm"}]',
    '[{"role":"assistant","content":"the field \\"content\\":\\"\\" was empty"}]',
    '{"score":0}',
    '[{"content":""', // cut
  ])("passes over %j", async (Output) => {
    expect(await found("empty_output", { OperationKind: "llm", Output })).toEqual([]);
  });

  it("passes over outputs that were not recorded, calls of tools, and spans that failed", async () => {
    expect(await found("empty_output", { OperationKind: "llm" })).toEqual([]);
    expect(await found("empty_output", { OperationKind: "llm", Output: "", ToolCalls: '[{"name":"f"}]' })).toEqual([]);
    expect(await found("empty_output", { OperationKind: "llm", Output: "", statusCode: 2 })).toEqual([]);
    expect(await found("empty_output", { OperationKind: "tool", Output: "" })).toEqual([]);
  });
});

describe("the ready-made rule truncated_output", () => {
  it.each(["length", "max_tokens", "MAX_TOKENS", "max_output_tokens"])("finds the finish reason %s", async (reason) => {
    const sketch: Sketch = { OperationKind: "llm", FinishReasons: ["stop", reason] };
    expect(await found("truncated_output", sketch)).toEqual([["truncated_output", true]]);
  });

  it.each([[["stop"]], [["tool_calls", "end_turn"]], [[]]])("passes over %j", async (FinishReasons) => {
    expect(await found("truncated_output", { OperationKind: "llm", FinishReasons })).toEqual([]);
  });
});

describe("the ready-made rule tool_error", () => {
  it.each<[string, Sketch]>([
    ["a status of error", { statusCode: 2 }],
    ["an error's type", { ErrorType: "TimeoutError" }],
    ["an answer that says so", { Output: '{"content":[],"isError": true}' }],
  ])("finds %s", async (_, sketch) => {
    expect(await found("tool_error", { OperationKind: "tool", ...sketch })).toEqual([["tool_error", true]]);
  });

  it.each<[string, Sketch]>([
    ["a tool that worked", { OperationKind: "tool", Output: '{"content":[],"isError":false}' }],
    ["a model that failed", { OperationKind: "llm", statusCode: 2 }],
    ["a text about errors", { OperationKind: "tool", Output: "is_error: true" }],
  ])("passes over %s", async (_, sketch) => {
    expect(await found("tool_error", sketch)).toEqual([]);
  });
});

describe("the ready-made rule slow_first_token", () => {
  it("gives the milliseconds from the threshold on", async () => {
    const set = { name: "slow_first_token" as const, threshold: "1500ms" };
    const llm = (TimeToFirstToken: number): Sketch => ({ OperationKind: "llm", TimeToFirstToken });
    expect(await found(set, llm(1.5e9))).toEqual([["slow_first_token", 1500]]);
    expect(await found(set, llm(1.499e9))).toEqual([]);
    expect(await found("slow_first_token", llm(2.9e9))).toEqual([]);
    expect(await found("slow_first_token", { OperationKind: "llm" })).toEqual([]);
  });
});

describe("the ready-made rule cost_spike", () => {
  const call = (Cost: number, RequestModel = "m"): Sketch => ({ OperationKind: "llm", Cost, RequestModel });
  const rowsOf = async (set: RuleSets[number], sketches: readonly Sketch[]) =>
    (await signalsOf({ rule_sets: [set] }, sketches)).map(({ row, value }) => [row, value]);

  it("finds what costs as much as the threshold", async () => {
    const set = { name: "cost_spike" as const, threshold: 0.5, factor: null };
    expect(await rowsOf(set, [call(0.49), call(0.5), call(2), {}])).toEqual([
      [1, 0.5],
      [2, 2],
    ]);
  });

  it("finds what costs many times the mean of its model, once the mean is known", async () => {
    const set = { name: "cost_spike" as const, threshold: null, factor: 5, min_samples: 3, min_cost: 0 };
    const cheap = [call(0.01), call(0.01), call(0.01)];
    expect(await rowsOf(set, [call(0.05), ...cheap])).toEqual([]);
    expect(await rowsOf(set, [...cheap, call(0.049), call(0.2), call(0.2, "other")])).toEqual([[4, 0.2]]);
  });

  it("does not take spikes for the usual", async () => {
    const set = { name: "cost_spike" as const, threshold: null, factor: 10, min_samples: 10, min_cost: 0 };
    const sketches = [...Array.from({ length: 50 }, () => call(0.01)), ...Array.from({ length: 3 }, () => call(100))];
    expect(await rowsOf(set, sketches)).toHaveLength(3);
  });

  it("passes over unusual calls that cost less than min_cost", async () => {
    const set = { name: "cost_spike" as const, min_samples: 1 };
    expect(await rowsOf(set, [call(0.0001), call(0.009), call(0.02)])).toEqual([[2, 0.02]]);
  });
});

describe("the ready-made rule tool_loop", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const run = (Input: string, sketch: Sketch = {}): Sketch => ({
    traceId,
    OperationKind: "tool",
    ToolName: "search",
    Input,
    ...sketch,
  });
  const asked = (id: string, args: string): Sketch => ({
    traceId,
    OperationKind: "llm",
    ToolCalls: JSON.stringify([{ id, name: "search", arguments: args }]),
  });
  const set = { name: "tool_loop" as const, threshold: 3 };

  it("makes one signal of the trace, over batches, when the threshold is reached", async () => {
    const processor = createSignals({ rule_sets: [set] });
    const batches: SpanBatch[] = [];
    for (const sketches of [
      [run("x"), run("y"), run("x")],
      [run("x"), run("x")],
      [run("y"), run("y"), run("y")],
    ]) {
      const batch = spansOf(sketches);
      await processor.consume(batch);
      batches.push(batch);
    }
    expect(batches.map(({ signals }) => signals)).toEqual([
      [],
      [{ row: 0, entity: "trace", name: "tool_loop", value: "search", source: "tool_loop@1" }],
      [],
    ]);
  });

  it("passes over other arguments, other tools and other traces", async () => {
    const others = [
      run("x"),
      run("x"),
      run("y"),
      run("x", { ToolName: "fetch" }),
      run("x", { traceId: "1".repeat(32) }),
    ];
    expect(await signalsOf({ rule_sets: [set] }, others)).toEqual([]);
  });

  it("counts what models ask for, each call once, apart from the tools that then run", async () => {
    const rules = { rule_sets: [set] };
    expect(await signalsOf(rules, [asked("1", "x"), asked("2", "x"), asked("3", "x")])).toHaveLength(1);
    expect(await signalsOf(rules, [asked("1", "x"), asked("1", "x"), asked("2", "x")])).toEqual([]);
    expect(await signalsOf(rules, [asked("1", "x"), run("x"), asked("2", "x"), run("x")])).toEqual([]);
  });

  it("makes the signal again when the client sends the same spans again, since it was not told of them", async () => {
    const processor = createSignals({ rule_sets: [set] });
    const sketches = ["1", "2", "3"].map((ToolCallId) => run("x", { ToolCallId }));
    for (const _ of [1, 2]) {
      const batch = spansOf(sketches);
      await processor.consume(batch);
      expect(batch.signals.map(({ row }) => row)).toEqual([2]);
    }
  });

  it("takes calls that are cut, or no calls, for none", async () => {
    const odd = ['[{"name":"search","argu', "{}", "[1, null, {}]", "text"].map((ToolCalls) => ({
      OperationKind: "llm",
      ToolCalls,
    }));
    expect(await signalsOf({ rule_sets: [{ ...set, threshold: 2 }] }, odd)).toEqual([]);
  });

  it("forgets the trace that was quiet for longest when there are too many calls", () => {
    const memory = new CallMemory(2, 6);
    memory.add(1, 1, 1);
    memory.add(2, 1, 1);
    memory.add(1, 2, 2);
    memory.add(3, 1, 1);
    expect(memory.add(1, 1, 5)).toBe(true);
    expect(memory.add(2, 1, 5)).toBe(false);
    for (let trace = 10; trace < 1_000; trace++) memory.add(trace, 1, 1);
    expect(memory.size).toBeLessThanOrEqual(6);
  });
});

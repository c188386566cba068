import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { randomBatch } from "../../support/generate.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { createSignals, type SignalsInput, signalsOf, spansOf } from "./tagged.ts";

const costly: SignalsInput = { rules: [{ id: "costly", when: { field: "Cost", gt: 1 } }] };

describe("signals processor", () => {
  itLivesAsAComponent(() => createSignals({ rule_sets: ["refusal", "pii"] }));

  it("passes every batch on, and fails as the next stage does", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    next.failWith(new Error("full"));
    const processor = createSignals(costly, testSettings(), next);
    await expect(processor.consume(spansOf([{}]))).rejects.toThrow("full");
    await processor.consume(spansOf([{ Cost: 2 }, {}]));
    expect(next.itemCount).toBe(2);
  });

  it("makes at most max_signals_per_span, those of SDKs first, and counts the rest", async () => {
    const metrics = collectMetrics();
    const rules = ["a", "b", "c"].map((id) => ({ id, when: { field: "Cost", gt: 0 } }));
    const batch = spansOf([{ Cost: 1, attributes: { signals: '{"s": 1}' } }, { Cost: 1 }]);
    const settings = testSettings({ id: "signals", meter: metrics.meter });
    await createSignals({ rules, max_signals_per_span: 2 }, settings).consume(batch);
    expect(batch.signals.map(({ row, name }) => [row, name])).toEqual([
      [0, "s"],
      [0, "a"],
      [1, "a"],
      [1, "b"],
    ]);
    expect(await metrics.value("processor_signals_errors", { reason: "too_many_signals" })).toBe(3);
    expect(await metrics.value("processor_signals_made", { rule: "a", processor: "signals" })).toBe(2);
    expect(await metrics.value("processor_signals_made", { rule: "sdk" })).toBe(1);
    expect(await metrics.value("processor_incoming_items")).toBe(2);
    const warning = "signal_limit_exceeded: further signals were left out, max_signals_per_span is 2";
    expect([0, 1].map((row) => batch.getDerived("Warnings", row))).toEqual([[warning], [warning]]);
  });

  it("counts the signals that a receiver has read, and keeps them and the warnings of the span", async () => {
    const rules = ["a", "b"].map((id) => ({ id, when: { field: "Cost", gt: 0 } }));
    const batch = spansOf([{ Cost: 1, Warnings: ["earlier"] }, { Cost: 1 }]);
    const sent = { row: 0, entity: "span", name: "sent", value: 1, source: "sdk" } as const;
    batch.signals.push(sent, { ...sent, name: "sent too" });
    await createSignals({ rules, max_signals_per_span: 2 }).consume(batch);
    expect(batch.signals.map(({ row, name }) => [row, name])).toEqual([
      [0, "sent"],
      [0, "sent too"],
      [1, "a"],
      [1, "b"],
    ]);
    expect(batch.getDerived("Warnings", 0)).toEqual([
      "earlier",
      "signal_limit_exceeded: further signals were left out, max_signals_per_span is 2",
    ]);
    expect(batch.getDerived("Warnings", 1)).toBeUndefined();
  });

  it("counts JSON that was cut, once a span", async () => {
    const metrics = collectMetrics();
    const condition = (path: string) => ({ field: "Output", json_path: path, exists: true });
    const rules = [
      { id: "a", when: { any: [condition("$.a"), condition("$.b")] } },
      { id: "b", when: condition("$.c") },
    ];
    const batch = spansOf([{ Output: '{"a": [1, 2' }, { Output: "not JSON at all" }, { Output: '{"c": 1}' }]);
    await createSignals({ rules }, testSettings({ meter: metrics.meter })).consume(batch);
    expect(batch.signals.map(({ row, name }) => [row, name])).toEqual([[2, "b"]]);
    expect(await metrics.value("processor_signals_errors", { reason: "json_invalid" })).toBe(1);
  });

  it("passes on a span that makes a rule fail, and asks the rules about the next", async () => {
    const metrics = collectMetrics();
    const batch = spansOf([{ ToolCalls: "[]" }, { Cost: 2 }]);
    // As a fault in the program might leave it.
    batch.resourceIndex[0] = 99;
    const rules = [{ id: "r", when: { resource: "service.name", equals: "test" } }];
    const next = new RecordingConsumer<SpanBatch>();
    await createSignals({ rules }, testSettings({ meter: metrics.meter }), next).consume(batch);
    expect(next.itemCount).toBe(2);
    expect(batch.signals.map(({ row }) => row)).toEqual([1]);
    expect(await metrics.value("processor_signals_errors", { reason: "exception" })).toBe(1);
  });

  it("stands random batches with every rule there is", async () => {
    const rule_sets: SignalsInput["rule_sets"] = [
      "refusal",
      "empty_output",
      "truncated_output",
      "tool_error",
      "slow_first_token",
      "cost_spike",
      "tool_loop",
      "pii",
    ];
    const fields = ["Input", "Output", "SessionId", "RequestParameters", "StatusMessage"];
    const rules = fields.map((field) => ({ id: field, when: { field, json_path: "$[*]", exists: true } }));
    const metrics = collectMetrics();
    const processor = createSignals({ rule_sets, rules }, testSettings({ meter: metrics.meter }));
    for (let seed = 0; seed < 300; seed++) await processor.consume(randomBatch(seed));
    expect(await metrics.value("processor_signals_errors", { reason: "exception" })).toBeUndefined();
  });

  it("remembers nothing of a batch when it looks at the next", async () => {
    const json = { field: "Output", json_path: "$.a", exists: true };
    const rules = [
      { id: "text", when: { field: "Output", contains_any: "needle" } },
      { id: "json", when: json },
      { id: "word", when: { field: "Provider", equals: "openai" } },
      { id: "resource", when: { resource: "service.name", equals: "test" } },
      { id: "list", when: { field: "FinishReasons", equals: "stop" } },
    ];
    const processor = createSignals({ rules });
    const first = spansOf([{ Output: '{"a": "needle"}', Provider: "openai", FinishReasons: ["stop"] }]);
    const second = spansOf([{ Output: '{"b": "hay"}', Provider: "other", FinishReasons: ["length"] }], {
      "service.name": "x",
    });
    const third = spansOf([{}], {});
    for (const batch of [first, second, third, first]) await processor.consume(batch);
    expect(first.signals.map(({ name }) => name)).toEqual([...rules, ...rules].map(({ id }) => id));
    expect([second.signals, third.signals]).toEqual([[], []]);
  });

  it("asks rules that need a kind of span about no other", async () => {
    const rules = [
      {
        id: "llm",
        when: {
          all: [
            { field: "OperationKind", equals: ["LLM"] },
            { field: "Cost", gt: 0 },
          ],
        },
      },
      { id: "any", when: { field: "Cost", gt: 0 } },
      { id: "none", when: { field: "OperationKind", exists: false } },
    ];
    const spans = [{ Cost: 1, OperationKind: "llm" }, { Cost: 1, OperationKind: "tool" }, { Cost: 1 }];
    const signals = await signalsOf({ rules }, spans);
    expect(signals.map(({ row, name }) => [row, name])).toEqual([
      [0, "llm"],
      [0, "any"],
      [1, "any"],
      [2, "any"],
      [2, "none"],
    ]);
  });
});

describe("the file of rules", () => {
  let directory: string;
  let path: string;
  let lines: { level: number; msg: string; reason?: string }[];
  const settings = () =>
    testSettings({
      id: "signals",
      logger: pino({ level: "info" }, { write: (line) => void lines.push(JSON.parse(line)) }),
    });
  const rule = (id: string, bound: number) => `rules: [{id: ${id}, when: {field: Cost, gt: ${bound}}}]`;
  const create = (input: SignalsInput = {}) =>
    createSignals({ ...input, rules_file: { path, poll_interval: 0 } }, settings());
  const namesFrom = async (processor: ReturnType<typeof create>) => {
    const batch = spansOf([{ Cost: 2 }]);
    await processor.consume(batch);
    return batch.signals.map(({ source }) => source);
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "signalbox-signals-"));
    path = join(directory, "rules.yaml");
    lines = [];
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("adds its rules to those of the configuration", async () => {
    await writeFile(path, rule("dear", 1));
    const processor = create(costly);
    await processor.start();
    expect(await namesFrom(processor)).toEqual(["costly@1", "dear@1"]);
  });

  it("is read again when it has changed", async () => {
    await writeFile(path, rule("before", 1));
    const processor = create();
    await processor.start();
    await writeFile(path, rule("afterwards", 1));
    await processor.poll();
    expect(await namesFrom(processor)).toEqual(["afterwards@1"]);
    expect(lines.map(({ msg }) => msg)).toEqual(["rules_file has changed and was read again"]);
  });

  it("changes nothing while it holds a fault, which is said once", async () => {
    await writeFile(path, rule("good", 1));
    const processor = create();
    await processor.start();
    await writeFile(path, "rules: [{id: bad, when: {field: Csot, gt: 1}}]");
    await processor.poll();
    await processor.poll();
    expect(await namesFrom(processor)).toEqual(["good@1"]);
    expect(lines).toMatchObject([
      {
        level: 40,
        msg: "rules_file could not be read again; what was read before stays in force",
        reason: `rules_file ${path}: rules[0].when.field: must be a field such as Output, Cost or Duration, got "Csot", did you mean "Cost"?`,
      },
    ]);
    await unlink(path);
    await processor.poll();
    expect(await namesFrom(processor)).toEqual(["good@1"]);
    await writeFile(path, rule("mended", 1));
    await processor.poll();
    expect(await namesFrom(processor)).toEqual(["mended@1"]);
  });

  it("stops the start with every fault it holds", async () => {
    await writeFile(path, "rules:\n- {id: a, when: {}}\n- {id: b, whn: {field: Cost, gt: 1}}");
    await expect(create().start()).rejects.toThrow(
      /^signals: rules_file .*: rules\[0\]\.when: needs exactly one of .*\nrules\[1\]\.when: is missing.*\nrules\[1\]: unknown key "whn", did you mean "when"\?/s,
    );
    await writeFile(path, "rules: [");
    await expect(create().start()).rejects.toThrow(/^signals: rules_file .*: line 1, column \d+: invalid YAML/);
    await unlink(path);
    await expect(create().start()).rejects.toThrow(/^signals: rules_file .*: ENOENT/);
  });

  it("must not repeat ids, nor hold more rules than max_rules", async () => {
    await writeFile(path, rule("costly", 1));
    await expect(create(costly).start()).rejects.toThrow(
      'rules[0].id: must not be that of a rule of the configuration, got "costly"',
    );
    await writeFile(path, rule("one-more", 1));
    await expect(create({ ...costly, max_rules: 1 }).start()).rejects.toThrow(
      "there would be 2 rules, more than max_rules 1",
    );
  });

  it("leaves what ready-made rules remember as it is", async () => {
    await writeFile(path, rule("before", 100));
    const processor = create({ rule_sets: [{ name: "tool_loop", threshold: 2 }] });
    await processor.start();
    const call = { traceId: "1".repeat(32), OperationKind: "tool", ToolName: "t" };
    await processor.consume(spansOf([call]));
    await writeFile(path, rule("afterwards", 100));
    await processor.poll();
    const batch = spansOf([call]);
    await processor.consume(batch);
    expect(batch.signals.map(({ name }) => name)).toEqual(["tool_loop"]);
  });
});

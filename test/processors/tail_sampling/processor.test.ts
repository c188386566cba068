import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { tailSamplingConfigSchema } from "../../../processors/tail_sampling/config.ts";
import { tailSamplingFactory } from "../../../processors/tail_sampling/factory.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { settled } from "../../support/manual-clock.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { batchOfTail, type PolicyInput, TailHarness, type TailInput, traceIdOf } from "./support.ts";

const all: PolicyInput = { name: "all", type: "always_sample" };
const errors: PolicyInput = { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } };
const child = { parentSpanId: "0000000000000001" };
const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const prefix = "processor_tail_sampling";

describe("tail_sampling", () => {
  itLivesAsAComponent(() =>
    tailSamplingFactory.create(
      tailSamplingConfigSchema.parse({ policies: [all] }),
      new RecordingConsumer(),
      testSettings(),
    ),
  );

  it("decides decision_wait after the first span, not before", async () => {
    const harness = await TailHarness.of({ policies: [all], decision_wait: "10s" });
    await harness.consume([{ traceId: traceIdOf(1), ...child }]);
    await harness.pass(9);
    await harness.consume([{ traceId: traceIdOf(1) }]);
    expect(harness.next.itemCount).toBe(0);
    await harness.pass(2);
    expect(harness.next.itemCount).toBe(2);
  });

  it("decides soon after the root, if that is earlier", async () => {
    const harness = await TailHarness.of({
      policies: [all],
      decision_wait: "10s",
      decision_wait_after_root_received: "2s",
    });
    await harness.consume([
      { traceId: traceIdOf(1), ...child },
      { traceId: traceIdOf(2), ...child },
    ]);
    await harness.pass(1);
    await harness.consume([{ traceId: traceIdOf(2) }]);
    await harness.pass(3);
    expect(harness.keptTraces).toEqual([traceIdOf(2)]);
    await harness.pass(8);
    expect(harness.keptTraces).toEqual([traceIdOf(1), traceIdOf(2)]);
  });

  it("writes weight and policy to each kept span, and multiplies a weight that is there", async () => {
    const half: PolicyInput = { name: "half", type: "probabilistic", probabilistic: { sampling_percentage: 100 } };
    const harness = await TailHarness.of({ policies: [half, errors] });
    await harness.consume([{ statusCode: 2, derived: { SampleWeight: 4 } }]);
    await harness.pass(32);
    const [batch] = harness.next.batches;
    expect(batch!.getDerived("SampleWeight", 0)).toBe(4);
    expect(batch!.getDerived("SamplePolicy", 0)).toBe("half");
  });

  it("names the policy that keeps for certain before one that keeps by chance", async () => {
    const some: PolicyInput = { name: "some", type: "probabilistic", probabilistic: { sampling_percentage: 99.999 } };
    const harness = await TailHarness.of({ policies: [some, errors] });
    await harness.consume([{ statusCode: 2 }]);
    await harness.pass(32);
    expect(harness.next.batches[0]!.getDerived("SamplePolicy", 0)).toBe("errors");
    expect([...harness.weights.values()]).toEqual([1]);
  });

  it("records policies in attributes when asked to", async () => {
    const harness = await TailHarness.of({
      policies: [
        {
          name: "shared",
          type: "composite",
          composite: {
            max_total_spans_per_second: 10,
            composite_sub_policy: [{ name: "part", type: "always_sample" }],
          },
        },
      ],
      record_policy: true,
      decision_cache: { sampled_cache_size: 10 },
    });
    await harness.consume([{ traceId: traceIdOf(1), attributes: { k: "v" } }]);
    await harness.pass(32);
    await harness.consume([{ traceId: traceIdOf(1) }]);
    await harness.pass(1);
    const attributes = harness.next.batches.map((batch) => Object.fromEntries([...batch][0]!.attributes));
    const policies = { "tailsampling.policy": "shared" };
    expect(attributes).toEqual([
      { k: "v", ...policies, "tailsampling.composite_policy": "part" },
      { ...policies, "tailsampling.cached_decision": true },
    ]);
  });

  it.each([
    ["without caches", {}],
    ["with caches", { sampled_cache_size: 10, non_sampled_cache_size: 10 }],
  ])("sends late spans where the decision sent their trace, %s", async (_, decision_cache) => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [errors], decision_cache }, { meter });
    await harness.consume([{ traceId: traceIdOf(1), statusCode: 2, derived: { SampleWeight: 2 } }]);
    await harness.consume([{ traceId: traceIdOf(2) }]);
    await harness.pass(40);
    await harness.consume([{ traceId: traceIdOf(1) }, { traceId: traceIdOf(2), statusCode: 2 }]);
    await harness.pass(1);
    expect(harness.keptTraces).toEqual([traceIdOf(1)]);
    expect(harness.next.itemCount).toBe(2);
    expect(harness.next.batches[1]!.getDerived("SamplePolicy", 0)).toBe("errors");
    expect(harness.processor.held().spans).toBe(0);
    const isCached = Object.keys(decision_cache).length > 0;
    expect(await value(`${prefix}_early_releases_from_cache_decision`, { sampled: "true" })).toBe(
      isCached ? 1 : undefined,
    );
    expect(await value(`${prefix}_sampling_late_span_age`)).toBeGreaterThan(10);
  });

  it("decides the oldest trace first when there are more than num_traces", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [all], num_traces: 2 }, { meter });
    for (const trace of [1, 2, 3]) await harness.consume([{ traceId: traceIdOf(trace) }]);
    await settled();
    expect(harness.keptTraces).toEqual([traceIdOf(1)]);
    expect(harness.processor.held().traces).toBe(2);
    expect(await value(`${prefix}_sampling_trace_decided_early`, { reason: "num_traces" })).toBe(1);
    expect(await value(`${prefix}_sampling_trace_dropped_too_early`)).toBeUndefined();
  });

  it("decides the oldest traces when memory is full, and never holds more than max_bytes", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [errors], max_bytes: "1MiB" }, { meter });
    const attributes = { text: "x".repeat(20_000) };
    for (let trace = 0; trace < 200; trace++) {
      await harness.consume([{ traceId: traceIdOf(trace), statusCode: trace === 0 ? 2 : 0, attributes }]);
      expect(harness.processor.held().bytes).toBeLessThan(2 ** 20);
    }
    await settled();
    expect(harness.keptTraces).toEqual([traceIdOf(0)]);
    const { traces, spans } = harness.processor.held();
    expect(traces).toBe(spans);
    expect(traces).toBeGreaterThan(20);
    expect(await value(`${prefix}_sampling_trace_decided_early`, { reason: "max_bytes" })).toBe(200 - traces);
  });

  it("holds no more than max_bytes of spans that share their values within a request", async () => {
    const harness = await TailHarness.of({ policies: [errors], max_bytes: "1MiB" });
    const text = "x".repeat(5_000);
    for (let request = 0; request < 5; request++) {
      const spans = Array.from({ length: 300 }, (_, i) => ({ traceId: traceIdOf(1 + 300 * request + i) }));
      const batch = batchOfTail(spans);
      const key = batch.attributes.keys.internText("text");
      const start = batch.arena.appendText(text);
      for (let row = 0; row < batch.length; row++) {
        batch.attributeStart[row] = batch.attributes.push(key, ValueType.STRING, start, text.length);
        batch.attributeEnd[row] = batch.attributes.length;
      }
      expect(batch.byteLength).toBeLessThan(100_000);
      await harness.processor.consume(batch);
      expect(harness.processor.held().bytes).toBeLessThan(2 ** 20);
      expect(harness.processor.held().traces).toBeGreaterThan(50);
    }
  });

  it("refuses new spans with block_on_overflow, and decides nothing early", async () => {
    const harness = await TailHarness.of({ policies: [all], num_traces: 2, block_on_overflow: true });
    await harness.consume([{}, {}]);
    const refused = harness.consume([{}]);
    await expect(refused).rejects.toBeInstanceOf(RetryableError);
    await expect(refused).rejects.toThrow("tail_sampling: holds 2 undecided traces, num_traces is 2");
    expect(harness.next.itemCount).toBe(0);
    await harness.pass(32);
    expect(harness.next.itemCount).toBe(2);
    await expect(harness.consume([{}])).resolves.toBeUndefined();
  });

  it("holds what the next stage refuses, tries it again, and refuses new spans when that fills memory", async () => {
    const harness = await TailHarness.of({ policies: [all], max_bytes: "1MiB", decision_wait: "1s" });
    const attributes = { text: "x".repeat(300_000) };
    harness.next.failWith(...Array.from({ length: 9 }, () => new RetryableError("not now")));
    let sent = 0;
    const fill = async (): Promise<void> => {
      for (; sent < 30; sent++) {
        await harness.consume([{ traceId: traceIdOf(sent), attributes }]);
        await harness.pass(2);
      }
    };
    await expect(fill()).rejects.toThrow(/^tail_sampling: would hold \d+ bytes, max_bytes is 1048576$/);
    expect(sent).toBeGreaterThan(1);
    expect(harness.processor.held().outgoingSpans).toBe(sent);
    await harness.pass(120);
    expect(harness.keptTraces).toHaveLength(sent);
    expect(harness.processor.held().outgoingSpans).toBe(0);
  });

  it("counts kept spans that the next stage will never take", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [all] }, { meter });
    harness.next.failWith(new PermanentError("never"));
    await harness.consume([{}, {}]);
    await harness.pass(32);
    expect(await value(`${prefix}_send_failed_spans`)).toBe(2);
    expect(harness.processor.held().outgoingSpans).toBe(0);
  });

  it("decides at shutdown by what has arrived, and passes it on", async () => {
    const harness = await TailHarness.of({ policies: [errors] });
    await harness.consume([{ traceId: traceIdOf(1), statusCode: 2 }, { traceId: traceIdOf(2) }]);
    await harness.processor.shutdown(soon());
    expect(harness.keptTraces).toEqual([traceIdOf(1)]);
    await expect(harness.consume([{}])).rejects.toThrow("tail_sampling: shutting down");
  });

  it("drops what is undecided at shutdown when asked to, and counts it", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [all], drop_pending_traces_on_shutdown: true }, { meter });
    await harness.consume([{ traceId: traceIdOf(1) }, { traceId: traceIdOf(1) }]);
    await harness.processor.shutdown(soon());
    expect(harness.next.itemCount).toBe(0);
    expect(await value(`${prefix}_sampling_trace_dropped_too_early`)).toBe(1);
    expect(await value(`${prefix}_global_count_spans_sampled`, { decision: "dropped" })).toBe(2);
  });

  it("counts as lost what the next stage has not taken when the shutdown ends", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [all] }, { meter });
    harness.next.failWith(...Array.from({ length: 99 }, () => new RetryableError("not now")));
    await harness.consume([{}, {}, {}]);
    const deadline = new AbortController();
    const ended = harness.processor.shutdown(deadline.signal);
    await settled();
    deadline.abort();
    await ended;
    await settled();
    expect(await value(`${prefix}_send_failed_spans`)).toBe(3);
  });

  it("drops a trace beyond maximum_trace_size_bytes at once, later spans included", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [all], maximum_trace_size_bytes: 1000 }, { meter });
    await harness.consume([
      { traceId: traceIdOf(1), attributes: { text: "x".repeat(2000) } },
      { traceId: traceIdOf(2) },
    ]);
    expect(harness.processor.held().spans).toBe(1);
    await harness.consume([{ traceId: traceIdOf(1) }]);
    await harness.pass(32);
    expect(harness.keptTraces).toEqual([traceIdOf(2)]);
    expect(await value(`${prefix}_traces_dropped_too_large`)).toBe(1);
  });

  it("keeps a trace as soon as its spans say so with span-ingest", async () => {
    const harness = await TailHarness.of({ policies: [errors], sampling_strategy: "span-ingest" });
    await harness.consume([{ traceId: traceIdOf(1) }, { traceId: traceIdOf(2) }]);
    await settled();
    expect(harness.next.itemCount).toBe(0);
    await harness.consume([{ traceId: traceIdOf(1), statusCode: 2 }]);
    await settled();
    expect(harness.next.itemCount).toBe(2);
    await harness.pass(32);
    expect(harness.keptTraces).toEqual([traceIdOf(1)]);
    expect(harness.processor.held().spans).toBe(0);
  });

  it("counts traces by policy and by what became of them, as the Collector does", async () => {
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of({ policies: [errors, all] }, { meter, id: "tail_sampling/eu" });
    await harness.consume([{ statusCode: 2 }, {}]);
    await harness.pass(32);
    const byPolicy = (policy: string, sampled: string) => value(`${prefix}_count_traces_sampled`, { policy, sampled });
    expect(await byPolicy("eu.errors", "true")).toBe(1);
    expect(await byPolicy("eu.errors", "false")).toBe(1);
    expect(await byPolicy("eu.all", "true")).toBe(2);
    expect(await value(`${prefix}_global_count_traces_sampled`, { sampled: "true", decision: "sampled" })).toBe(2);
    expect(await value(`${prefix}_new_trace_id_received`)).toBe(2);
  });
});

describe("configuration of tail_sampling", () => {
  const problems = (input: object): string[] => {
    const parsed = tailSamplingConfigSchema.safeParse({ policies: [all], ...input } as TailInput);
    return parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  };

  it("takes every key of the Collector's", () => {
    const input = {
      decision_wait: "10s",
      decision_wait_after_root_received: "5s",
      num_traces: 100,
      expected_new_traces_per_sec: 10,
      block_on_overflow: true,
      decision_cache: { sampled_cache_size: 100_000, non_sampled_cache_size: 100_000 },
      sample_on_first_match: true,
      sampling_strategy: "trace-complete",
      drop_pending_traces_on_shutdown: true,
      maximum_trace_size_bytes: 1_000_000,
      num_shards: 4,
      tail_storage: "file",
    };
    expect(problems(input)).toEqual([]);
  });

  it("refuses two policies of one name, a policy without its block, and conditions it cannot read", () => {
    const condition = { name: "c", type: "ottl_condition", ottl_condition: { span: ['Foo(name) == "x"'] } };
    expect(problems({ policies: [all, all, { name: "l", type: "latency" }, condition] })).toEqual([
      "policies.2: needs the block that is called as its type",
      'policies.3.ottl_condition.span.0: not a condition: undefined function "Foo", must be IsMatch, IsRootSpan, HasPrefix, HasSuffix at character 1',
    ]);
    expect(problems({ policies: [all, all] })).toEqual(['policies.1.name: another policy is called "all" too']);
  });

  it("refuses policies that must see the whole trace with span-ingest", () => {
    const limit = { name: "l", type: "rate_limiting", rate_limiting: { spans_per_second: 1 } };
    expect(problems({ sampling_strategy: "span-ingest", policies: [all, limit] })).toEqual([
      "policies.1.type: needs what the whole trace says, which sampling_strategy span-ingest does not wait for",
    ]);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Fnv64, fnv32, hashBound } from "../../../processors/helper/sampling/fnv.ts";
import { thresholdOf, thresholdText } from "../../../processors/helper/sampling/threshold.ts";
import { Random, randomBatch } from "../../support/generate.ts";
import { settled } from "../../support/manual-clock.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { plainSpans } from "../../support/plain.ts";
import { type PolicyInput, TailHarness, traceIdOf } from "./support.ts";

interface Hashes {
  readonly ids: string[];
  readonly hash32_seed22: number[];
  readonly tail_hashes: string[];
  readonly tail_thresholds: Record<string, string>;
  readonly thresholds: { P: number; Prec: number; T: string }[];
}

describe("numbers of the Collector", () => {
  const recorded = JSON.parse(
    readFileSync(new URL("../../testdata/sampling/hashes.json", import.meta.url), "utf8"),
  ) as Hashes;

  it("hashes trace ids to the same numbers", () => {
    const seed = Uint8Array.of(22, 0, 0, 0);
    const tail = new Fnv64("default-hash-seed");
    recorded.ids.forEach((hex, index) => {
      const id = Buffer.from(hex, "hex");
      expect(fnv32(id, 0, 16, fnv32(seed, 0, 4))).toBe(recorded.hash32_seed22[index]);
      tail.hash(id, 0, 16);
      const text = [tail.high, tail.low].map((half) => half.toString(16).padStart(8, "0")).join("");
      expect(text).toBe(recorded.tail_hashes[index]);
    });
  });

  it("comes to the same bounds and thresholds", () => {
    for (const [percentage, bound] of Object.entries(recorded.tail_thresholds)) {
      expect(String(hashBound(Number(percentage) / 100)), percentage).toBe(bound);
    }
    for (const { P, Prec, T } of recorded.thresholds) expect(thresholdText(thresholdOf(P, Prec)), `${P}`).toBe(T);
  });

  it("keeps the traces whose hash is within the bound", async () => {
    const harness = await TailHarness.of({
      policies: [{ name: "p", type: "probabilistic", probabilistic: { sampling_percentage: 33.3 } }],
    });
    await harness.consume(recorded.ids.map((traceId) => ({ traceId })));
    await harness.pass(32);
    const bound = BigInt(recorded.tail_thresholds["33.3"]!);
    const expected = recorded.ids.filter((_, index) => BigInt(`0x${recorded.tail_hashes[index]!}`) <= bound);
    expect(harness.keptTraces).toEqual(expected.sort());
    expect(new Set(harness.weights.values())).toEqual(new Set([100 / 33.3]));
  });
});

describe("weights of tail_sampling", () => {
  /** Sends `traces` traces of one to three spans; returns the spans sent, and the sum of the weights of those kept. */
  async function estimate(policies: PolicyInput[], traces = 20_000): Promise<{ sent: number; estimated: number }> {
    const random = new Random(7);
    const harness = await TailHarness.of({ policies, num_traces: traces });
    let sent = 0;
    for (let first = 0; first < traces; first += 500) {
      const spans = Array.from({ length: 500 }, () => {
        const traceId = Buffer.from(random.bytes(16)).toString("hex");
        const statusCode = random.chance(5) ? 2 : 0;
        return Array.from({ length: 1 + random.int(3) }, () => ({ traceId, statusCode }));
      }).flat();
      sent += spans.length;
      await harness.consume(spans);
      await harness.pass(1);
    }
    await harness.pass(40);
    let estimated = 0;
    for (const batch of harness.next.batches)
      for (const span of batch) estimated += span.getDerived("SampleWeight") ?? 1;
    return { sent, estimated };
  }

  const errors: PolicyInput = { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } };
  const some = (percentage: number, hash_salt = ""): PolicyInput => ({
    name: `${percentage} ${hash_salt}`,
    type: "probabilistic",
    probabilistic: { sampling_percentage: percentage, hash_salt },
  });
  const limit: PolicyInput = { name: "limit", type: "rate_limiting", rate_limiting: { spans_per_second: 200 } };

  it.each<[string, PolicyInput[]]>([
    ["a share of traces", [some(10)]],
    ["a share and all errors", [some(10), errors]],
    ["two shares by the same hash", [some(5), some(10)]],
    ["two shares by hashes of their own", [some(10, "a"), some(10, "b")]],
    ["a limit", [limit]],
    ["a limit, a share and all errors", [limit, some(10), errors]],
  ])("add up to the spans that were sent: %s", async (_, policies) => {
    const { sent, estimated } = await estimate(policies);
    // Ten times 10 % of 20,000 traces: a standard deviation is about 2 %.
    expect(Math.abs(estimated / sent - 1)).toBeLessThan(0.07);
  });
});

describe("spans in tail_sampling", () => {
  it.each([1, 2, 3])("are kept whole, dropped by decision, or held, at every moment (seed %i)", async (seed) => {
    const random = new Random(seed);
    const { meter, value } = collectMetrics();
    const harness = await TailHarness.of(
      {
        policies: [
          { name: "some", type: "probabilistic", probabilistic: { sampling_percentage: 40 } },
          { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
          {
            name: "drop",
            type: "drop",
            drop: { drop_sub_policy: [{ type: "span_count", span_count: { min_spans: 30 } }] },
          },
        ],
        decision_wait: "5s",
        decision_wait_after_root_received: "1s",
        num_traces: 150,
        max_bytes: "1MiB",
        decision_cache: { sampled_cache_size: 50 },
        output: { max_spans: 64 },
      },
      { meter },
    );
    const sentSpans = new Map<string, unknown>();
    let sent = 0;
    const dropped = async (): Promise<number> =>
      (await value("processor_tail_sampling_global_count_spans_sampled", { sampled: "false" })) ?? 0;
    for (let step = 0; step < 120; step++) {
      const batch = randomBatch(seed * 1000 + step);
      for (let row = 0; row < batch.length; row++) {
        const trace = step * 3 + random.int(60);
        batch.traceId.set(Buffer.from(traceIdOf(trace), "hex"), 16 * row);
        batch.spanId.set(Buffer.from((++sent).toString(16).padStart(16, "0"), "hex"), 8 * row);
        if (batch.isDropped(row)) sentSpans.delete(String(row));
      }
      for (const plain of plainSpans(batch) as { spanId: string }[]) sentSpans.set(plain.spanId, plain);
      await harness.processor.consume(batch);
      if (random.chance(30)) await harness.pass(random.int(3) / 2);
      const { spans, outgoingSpans } = harness.processor.held();
      expect(harness.next.itemCount + (await dropped()) + spans + outgoingSpans).toBe(sentSpans.size);
    }
    await harness.processor.shutdown(AbortSignal.timeout(5_000));
    await settled();
    expect(harness.next.itemCount + (await dropped())).toBe(sentSpans.size);
    expect(harness.processor.held()).toMatchObject({ traces: 0, spans: 0, outgoingSpans: 0 });
    const received = harness.next.batches.flatMap((batch) => plainSpans(batch)) as PlainSpan[];
    expect(received.length).toBeGreaterThan(100);
    for (const span of received)
      expect(withoutMarks(span)).toEqual(withoutMarks(sentSpans.get(span.spanId) as PlainSpan));
  });
});

interface PlainSpan {
  readonly spanId: string;
  readonly derived: Record<string, unknown>;
}

/** Without what the sampler writes. */
function withoutMarks({ derived: { SampleWeight: _, SamplePolicy: __, ...derived }, ...span }: PlainSpan): unknown {
  return { ...span, derived };
}

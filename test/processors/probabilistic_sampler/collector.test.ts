import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../../otlp/protobuf-to-json.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { probabilisticSamplerConfigSchema } from "../../../processors/probabilistic_sampler/config.ts";
import { probabilisticSamplerFactory } from "../../../processors/probabilistic_sampler/factory.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

interface Case {
  readonly mode: "" | "hash_seed" | "proportional" | "equalizing";
  readonly percentage: number;
  readonly seed: number;
  readonly closed: boolean;
  readonly precision?: number;
}
interface Recorded {
  readonly traces: (Case & {
    readonly spans: [id: string, state: string, priority: string, kept: boolean, after: string][];
  })[];
  readonly logs: (Case & {
    readonly records: [id: string, uid: string, priority: number, kept: boolean, attributes: Record<string, unknown>][];
  })[];
}

const recorded = JSON.parse(
  readFileSync(new URL("../../testdata/sampling/head.json", import.meta.url), "utf8"),
) as Recorded;

const configOf = ({ mode, percentage, seed, closed, precision }: Case, more: object = {}) =>
  probabilisticSamplerConfigSchema.parse({
    mode,
    sampling_percentage: percentage,
    hash_seed: seed,
    fail_closed: closed,
    sampling_precision: precision ?? 4,
    ...more,
  });

const titleOf = ({ mode, percentage, closed, precision = 4 }: Case): string =>
  `${mode || "no mode"} at ${percentage}%, fail_closed ${closed}, ${precision} digits`;

async function sample(test: Recorded["traces"][number], spans: Recorded["traces"][number]["spans"]) {
  const next = new RecordingConsumer<SpanBatch>();
  const batch = batchOfSpans(
    spans.map(([traceId, , priority], index) => ({
      traceId,
      spanId: (index + 1).toString(16).padStart(16, "0"),
      attributes: priority === "" ? {} : { "sampling.priority": priority },
    })),
  );
  spans.forEach(([, state], row) => {
    batch.traceState[2 * row] = batch.arena.appendText(state);
    batch.traceState[2 * row + 1] = state.length;
  });
  await probabilisticSamplerFactory.create(configOf(test), next as never, testSettings()).consume(batch);
  const kept = new Map<number, string>();
  for (const span of next.batches[0] ?? []) kept.set(Number.parseInt(span.spanId, 16) - 1, span.traceState);
  return kept;
}

describe("probabilistic_sampler beside the Collector", () => {
  for (const test of recorded.traces) {
    it(`keeps the same spans and writes the same tracestate: ${titleOf(test)}`, async () => {
      // With and without sampling.priority in the batch: that decides which way a span is judged.
      const plain = test.spans.filter(([, , priority]) => priority === "");
      for (const spans of [test.spans, plain]) {
        const kept = await sample(test, spans);
        const certain = test.percentage >= 100;
        spans.forEach(([id, state, priority, isKept, after], row) => {
          expect(kept.has(row), `${id} ${state} ${priority}`).toBe(isKept);
          // What is kept for certain, or cannot be read, is left as it was.
          const byHash = test.mode === "" || test.mode === "hash_seed";
          const isLeft = (certain && (state === "" || byHash)) || !isReadable(state);
          if (isKept && !isLeft) expect(kept.get(row), `${id} ${state} ${priority}`).toBe(after);
          if (isKept && isLeft) expect([state, after]).toContain(kept.get(row));
        });
      }
    });
  }

  for (const test of recorded.logs) {
    it(`keeps the same log records: ${titleOf(test)}`, async () => {
      for (const [traceId, uid, priority, isKept, attributes] of test.records) {
        const list = [
          { key: "uid", value: { stringValue: uid } },
          ...(priority > 0 ? [{ key: "prio", value: { intValue: String(priority) } }] : []),
        ];
        const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ traceId, attributes: list }] }] }] };
        const request = jsonToProtobuf("logs", Buffer.from(JSON.stringify(body)));
        const next = new RecordingConsumer<OtlpBatch>();
        const config = configOf(test, { attribute_source: "record", from_attribute: "uid", sampling_priority: "prio" });
        const settings = testSettings({ signals: ["logs"] });
        const processor = probabilisticSamplerFactory.create(config, next as never, settings);
        await processor.consume(new OtlpBatch("logs", [request], 1));
        expect(next.itemCount, uid).toBe(isKept ? 1 : 0);
        if (!isKept || test.percentage >= 100) continue;
        const [record] = protobufToJson("logs", next.batches[0]!.requests[0]!).resourceLogs![0]!.scopeLogs![0]!
          .logRecords!;
        const found = Object.fromEntries(record!.attributes!.map(({ key, value }) => [key, value!.stringValue]));
        expect(found["sampling.threshold"]).toBe(attributes["sampling.threshold"]);
        expect(found["sampling.randomness"]).toBe(attributes["sampling.randomness"]);
      }
    });
  }
});

function isReadable(state: string): boolean {
  return !["=bad", "ot=th:zz", "ot=rv:123", "A=1", "ot=th:"].includes(state);
}

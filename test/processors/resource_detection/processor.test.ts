import { describe, expect, it, vi } from "vitest";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../../otlp/protobuf-to-json.ts";
import type { Batch } from "../../../pipeline/batch.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { resourceDetectionConfigSchema } from "../../../processors/resource_detection/config.ts";
import { resourceDetectionFactory } from "../../../processors/resource_detection/factory.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

type Signal = Batch["signal"];

const create = (signal: Signal, input: object = {}, next = new RecordingConsumer<never>()) =>
  resourceDetectionFactory.create(
    resourceDetectionConfigSchema.parse(input),
    next,
    testSettings({ signals: [signal] }),
  );

/** What becomes of the attributes of the resource of one item. */
async function run(signal: Signal, attributes: Record<string, string>, input: object = {}): Promise<object> {
  vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "team=detected,region=eu");
  const next = new RecordingConsumer<never>();
  const processor = create(signal, input, next);
  await processor.start();
  const batch = signal === "traces" ? batchOfSpans([{}], attributes) : otlpBatchOf(signal, attributes);
  await processor.consume(batch);
  await processor.shutdown(AbortSignal.timeout(1_000));
  vi.unstubAllEnvs();
  return attributesOf(next.batches[0]!);
}

function otlpBatchOf(signal: OtlpBatch["signal"], attributes: Record<string, string>): OtlpBatch {
  const entries = Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const items = [{ resource: { attributes: entries } }];
  const json = signal === "logs" ? { resourceLogs: items } : { resourceMetrics: items };
  return new OtlpBatch(signal, [Uint8Array.from(jsonToProtobuf(signal, Buffer.from(JSON.stringify(json))))], 1);
}

function attributesOf(batch: SpanBatch | OtlpBatch): object {
  if (batch.signal === "traces") {
    const [span] = batch;
    return Object.fromEntries(span!.resource);
  }
  const request: Record<string, unknown> = { ...protobufToJson(batch.signal, batch.requests[0]!) };
  const [items] = Object.values(request)[0] as { resource: { attributes: { key: string; value: object }[] } }[];
  return Object.fromEntries(items!.resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

describe.each(["traces", "metrics", "logs"] as const)("resource_detection processor of %s", (signal) => {
  itLivesAsAComponent(() => create(signal));

  it("adds what was detected to every resource, in place of what it had", async () => {
    expect(await run(signal, { team: "own", k: "v" })).toEqual({ team: "detected", region: "eu", k: "v" });
  });

  it("keeps what a resource had where override is false", async () => {
    expect(await run(signal, { team: "own" }, { override: false })).toEqual({ team: "own", region: "eu" });
  });
});

describe("resource_detection processor", () => {
  it("does not start, and names the detector, when metadata must be there and are not", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const processor = create("traces", { detectors: ["ec2"], timeout: "50ms", fail_on_missing_metadata: true });
    await expect(processor.start()).rejects.toThrow('detector "ec2" found nothing');
    await processor.shutdown(AbortSignal.timeout(1_000));
    vi.unstubAllEnvs();
  });

  it("is also known under its former name", () => {
    expect(resourceDetectionFactory).toMatchObject({ type: "resource_detection", aliases: ["resourcedetection"] });
  });
});

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../../otlp/protobuf-to-json.ts";
import { PermanentError } from "../../../pipeline/errors.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { resourceConfigSchema } from "../../../processors/resource/config.ts";
import { resourceFactory } from "../../../processors/resource/factory.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

type Signal = OtlpBatch["signal"];
type Attributes = z.input<typeof resourceConfigSchema>["attributes"];

const create = (signal: Signal, attributes: Attributes, next = new RecordingConsumer<OtlpBatch>()) =>
  resourceFactory.create(
    resourceConfigSchema.parse({ attributes }),
    next as never,
    testSettings({ signals: [signal] }),
  );

async function run(signal: Signal, attributes: Attributes, batch: OtlpBatch): Promise<readonly Uint8Array[]> {
  const next = new RecordingConsumer<OtlpBatch>();
  await create(signal, attributes, next).consume(batch);
  expect(next.itemCount).toBe(batch.itemCount);
  return next.batches[0]!.requests;
}

const logsOf = (request: unknown) => Uint8Array.from(jsonToProtobuf("logs", Buffer.from(JSON.stringify(request))));
const example = async (signal: Signal) =>
  jsonToProtobuf(signal, await readFile(new URL(`../../testdata/otlp/${signal}.json`, import.meta.url)));
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const upsert: Attributes = [{ action: "upsert", key: "region", value: "eu" }];

describe("resource processor of metrics and logs", () => {
  itLivesAsAComponent(() => create("logs", upsert));

  it("changes the attributes of every resource, and not those of records", async () => {
    const scopeLogs = [{ logRecords: [{ body: { stringValue: "hi" }, attributes: [text("region", "record")] }] }];
    const request = logsOf({
      resourceLogs: [
        { resource: { attributes: [text("region", "us"), text("old", "x")], droppedAttributesCount: 3 }, scopeLogs },
        { scopeLogs, schemaUrl: "https://example.com/1" },
      ],
    });
    const attributes: Attributes = [...upsert, { action: "delete", key: "old" }];
    const [changed] = await run("logs", attributes, new OtlpBatch("logs", [request], 2));
    expect(changed).toEqual(
      logsOf({
        resourceLogs: [
          { resource: { attributes: [text("region", "eu")], droppedAttributesCount: 3 }, scopeLogs },
          { resource: { attributes: [text("region", "eu")] }, scopeLogs, schemaUrl: "https://example.com/1" },
        ],
      }),
    );
  });

  it("keeps the project of each request", async () => {
    const next = new RecordingConsumer<OtlpBatch>();
    const request = logsOf({ resourceLogs: [{}] });
    const batch = new OtlpBatch("logs", [request, request], 0, undefined, ["a", "b"]);
    await create("logs", upsert, next).consume(batch);
    expect(next.batches[0]!.projects).toEqual(["a", "b"]);
  });

  it("takes values from the metadata of the sender", async () => {
    const context = { metadata: new Map([["tenant", ["acme"]]]), auth: new Map<string, string>() };
    const batch = new OtlpBatch("logs", [logsOf({ resourceLogs: [{}] })], 0, context);
    const [changed] = await run("logs", [{ action: "insert", key: "tenant", from_context: "metadata.tenant" }], batch);
    expect(protobufToJson("logs", changed!).resourceLogs![0]!.resource!.attributes).toEqual([text("tenant", "acme")]);
  });

  it.each(["metrics", "logs"] as const)("keeps everything else of %s", async (signal) => {
    const request = await example(signal);
    const attributes: Attributes = [
      { action: "insert", key: "added and removed", value: "x" },
      { action: "delete", key: "added and removed" },
    ];
    const [changed] = await run(signal, attributes, new OtlpBatch(signal, [request], 4));
    expect(protobufToJson(signal, changed!)).toEqual(protobufToJson(signal, request));
  });

  it("keeps fields of a newer OTLP, such as the entities of a resource", async () => {
    const entities = Buffer.from("1a0412024142", "hex");
    const request = Buffer.concat([Buffer.from([0x0a, entities.length + 2, 0x0a, entities.length]), entities]);
    const [changed] = await run("metrics", upsert, new OtlpBatch("metrics", [request], 0));
    expect(Buffer.from(changed!).includes(entities)).toBe(true);
  });

  it("leaves the requests alone that other pipelines hold too", async () => {
    const request = await example("logs");
    const before = Uint8Array.from(request);
    await run(
      "logs",
      [{ action: "upsert", key: "long", value: "x".repeat(100_000) }],
      new OtlpBatch("logs", [request], 1),
    );
    expect(Uint8Array.from(request)).toEqual(before);
  });

  it.each(["metrics", "logs"] as const)("refuses %s that were cut within a resource", async (signal) => {
    const attributes = { resource: { attributes: [text("region", "us")] } };
    const whole = jsonToProtobuf(
      signal,
      Buffer.from(JSON.stringify({ resourceLogs: [attributes], resourceMetrics: [attributes] })),
    );
    for (let length = 1; length < whole.length; length++) {
      const batch = new OtlpBatch(signal, [whole.subarray(0, length)], 1);
      await expect(create(signal, upsert).consume(batch as never)).rejects.toThrow(PermanentError);
    }
  });
});

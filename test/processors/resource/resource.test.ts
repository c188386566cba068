import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { resourceConfigSchema } from "../../../processors/resource/config.ts";
import { resourceFactory } from "../../../processors/resource/factory.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { randomBatch } from "../../support/generate.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { plainSpans } from "../../support/plain.ts";

type Input = z.input<typeof resourceConfigSchema>;
const create = (input: Input, next = new RecordingConsumer<SpanBatch>()) =>
  resourceFactory.create(resourceConfigSchema.parse(input), next as never, testSettings());

describe("resource processor", () => {
  const upsert: Input = { attributes: [{ action: "upsert", key: "region", value: "eu" }] };

  itLivesAsAComponent(() => create(upsert));

  it("changes the attributes of every resource, and not those of spans", async () => {
    const batch = batchOfSpans([{ attributes: { region: "span" } }], { "service.name": "a", region: "us", old: 1 });
    batch.append(batchOfSpans([{}], { "service.name": "b" }));
    await create({
      attributes: [
        { action: "upsert", key: "region", value: "eu" },
        { action: "upsert", key: "service", from_attribute: "service.name" },
        { action: "delete", key: "old" },
      ],
    }).consume(batch);
    expect(Array.from(batch, (span) => Object.fromEntries(span.resource))).toEqual([
      { "service.name": "a", region: "eu", service: "a" },
      { "service.name": "b", region: "eu", service: "b" },
    ]);
    expect(Array.from(batch, (span) => span.attributes.get("region"))).toEqual(["span", undefined]);
  });

  it("works per resource, not per span", async () => {
    const batch = batchOfSpans(Array.from({ length: 1_000 }, () => ({})));
    const before = batch.resourceAttributes.length;
    await create(upsert).consume(batch);
    expect(batch.resourceAttributes.length).toBeLessThanOrEqual(before + 2);
  });

  it("keeps everything else, whatever the batch holds", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const batch = randomBatch(seed, { spans: 5 });
      const expected = plainSpans(batch);
      const key = "added and removed";
      const attributes: Input["attributes"] = [
        { action: "insert", key, value: "x" },
        { action: "delete", key },
      ];
      await create({ attributes }).consume(batch);
      expect(plainSpans(batch)).toEqual(expected);
    }
  });

  it("needs an action", () => {
    expect(resourceConfigSchema.safeParse({ attributes: [] }).success).toBe(false);
  });
});

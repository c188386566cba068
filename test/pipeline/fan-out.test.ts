import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError } from "../../pipeline/errors.ts";
import { FanOut, fanOut } from "../../pipeline/fan-out.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../support/batches.ts";
import { RecordingConsumer } from "../support/doubles.ts";
import { plainSpans } from "../support/plain.ts";

function consumers(count: number): RecordingConsumer<SpanBatch>[] {
  return Array.from({ length: count }, () => new RecordingConsumer<SpanBatch>());
}

describe("fan-out", () => {
  it("is the consumer itself where there is one", () => {
    const [only] = consumers(1);
    expect(fanOut([only!])).toBe(only);
  });

  it("gives each consumer a batch of its own: what one writes the others do not see", async () => {
    const all = consumers(3);
    const batch = batchOfSpans([{ name: "a", attributes: { k: "sent" } }]);
    const sent = plainSpans(batch);
    await new FanOut(all).consume(batch);
    for (const span of all[0]!.batches[0]!) span.attributes.set("k", "written");
    for (const span of all[2]!.batches[0]!) span.drop();
    expect(plainSpans(all[1]!.batches[0]!)).toEqual(sent);
    expect(all.map(({ itemCount }) => itemCount)).toEqual([1, 1, 0]);
  });

  it("asks the sender to come again when that helps one consumer, after the longest wait any of them asks for", async () => {
    const all = consumers(3);
    all[0]!.failWith(new PermanentError("never"));
    all[1]!.failWith(new RetryableError("later", { retryAfterMs: 200 }));
    all[2]!.failWith(new RetryableError("much later", { retryAfterMs: 900 }));
    const error = await new FanOut(all).consume(batchOfSpans([{}])).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ message: "never; later; much later", retryAfterMs: 900 });
  });

  it("tells the sender to drop the batch when all consumers do", async () => {
    const all = consumers(2);
    for (const consumer of all) consumer.failWith(new PermanentError("never"));
    await expect(new FanOut(all).consume(batchOfSpans([{}]))).rejects.toThrow(PermanentError);
  });

  it("gathers only when every consumer does", () => {
    const gathering = { gathers: true, consume: async () => {} };
    expect(new FanOut<SpanBatch>([gathering, gathering]).gathers).toBe(true);
    expect(new FanOut<SpanBatch>([gathering, new RecordingConsumer()]).gathers).toBe(false);
  });
});

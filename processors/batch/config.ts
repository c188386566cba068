import { z } from "zod";
import { durationMs } from "../../config/duration.ts";

const mebibyte = 1024 * 1024;

const retrySchema = z
  .strictObject({
    initial_interval: durationMs.prefault("1s").describe("Wait before the second attempt; doubled after each failure."),
    max_interval: durationMs.prefault("30s").describe("Longest wait between two attempts."),
  })
  .prefault({})
  .describe(
    "With `acknowledge: received`, how a batch that the next stage refused is tried again. There is no limit of time: the batch is held until it is taken, and max_pending_bytes bounds what is held.",
  );

export const batchConfigSchema = z
  .strictObject({
    timeout: durationMs
      .prefault("200ms")
      .describe("Age at which a batch is sent that is not full; 0 sends every request at once."),
    send_batch_size: z
      .int()
      .min(0)
      .default(8192)
      .describe("Spans, data points or log records at which a batch is sent."),
    send_batch_max_size: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "Items a batch may have at most; larger requests are split. 0 is no limit. A single request of metrics or logs is not split.",
      ),
    send_batch_bytes: z
      .int()
      .min(1)
      .max(1024 * mebibyte)
      .default(32 * mebibyte)
      .describe("Bytes in memory at which a batch is sent, however few items it has."),
    metadata_keys: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Request metadata that separates batches: one for each distinct combination of their values. Their values, and no other metadata, go on with the batch.",
      ),
    metadata_cardinality_limit: z
      .int()
      .min(0)
      .default(1000)
      .describe("Combinations of metadata values that may have an open batch at once; 0 is no limit."),
    max_in_flight: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe("Batches that the next stage may be working on at once; others wait."),
    max_pending_bytes: z
      .int()
      .min(1)
      .default(256 * mebibyte)
      .describe(
        "Bytes held, open and sent batches together, above which new data is refused and the sender keeps it. A single request may be larger.",
      ),
    retry_on_failure: retrySchema,
  })
  .check((context) => {
    const { send_batch_size, send_batch_max_size, metadata_keys } = context.value;
    if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size) {
      context.issues.push({
        code: "custom",
        message: `must be 0 or at least send_batch_size ${send_batch_size}, got ${send_batch_max_size}`,
        input: send_batch_max_size,
        path: ["send_batch_max_size"],
      });
    }
    const lower = metadata_keys.map((key) => key.toLowerCase());
    lower.forEach((key, index) => {
      if (lower.indexOf(key) === index) return;
      context.issues.push({
        code: "custom",
        message: `"${metadata_keys[index]}" is listed twice; case does not count`,
        input: metadata_keys[index],
        path: ["metadata_keys", index],
      });
    });
  });
export type BatchConfig = z.output<typeof batchConfigSchema>;

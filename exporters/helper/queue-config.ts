import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";

const sizer = z.enum(["requests", "items", "bytes"]);
export type Sizer = z.output<typeof sizer>;

const queueBatchSchema = z
  .strictObject({
    flush_timeout: durationMs.prefault("200ms").describe("Age at which data is sent though min_size is not reached."),
    min_size: z.int().min(0).default(8192).describe("Size at which data is sent without waiting longer."),
    max_size: z
      .int()
      .min(0)
      .default(0)
      .describe("Largest size of one request; larger trace requests are split. 0 for no limit."),
    sizer: z.enum(["items", "bytes"]).default("items").describe("What min_size and max_size count."),
  })
  .check((context) => {
    const { min_size, max_size } = context.value;
    if (max_size === 0 || max_size >= min_size) return;
    context.issues.push({
      code: "custom",
      path: ["max_size"],
      message: "must be 0 or at least min_size",
      input: max_size,
    });
  });
export type QueueBatchConfig = z.output<typeof queueBatchSchema>;

/** `sending_queue:` of an exporter; the Collector's keys and defaults, and a bound in bytes that always holds. */
export const sendingQueueSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether data waits in a queue; without one, every caller waits."),
    num_consumers: z.int().min(1).default(10).describe("Requests sent at the same time."),
    queue_size: z.int().min(1).default(1000).describe("Size at which the queue is full, counted by sizer."),
    sizer: sizer
      .default("requests")
      .describe("What queue_size counts: requests, items (spans, points, records) or bytes."),
    max_queue_bytes: byteSize
      .prefault("256MiB")
      .describe("Bytes at which the queue is full, whatever sizer says; one request larger than that is taken alone."),
    wait_for_result: z
      .boolean()
      .optional()
      .describe("Whether callers wait until the data was delivered; when left out, service.acknowledge decides."),
    block_on_overflow: z.boolean().default(false).describe("Whether callers wait for room instead of being refused."),
    storage: z
      .never({ error: "is not supported: queues live in memory, remove the key" })
      .optional()
      .describe("Storage extension of a persistent queue; not supported."),
    batch: queueBatchSchema.optional().describe("Joins small requests and splits large ones; off when left out."),
  })
  .check((context) => {
    const { batch, queue_size, sizer: queueSizer } = context.value;
    if (batch === undefined || batch.sizer !== queueSizer || batch.min_size <= queue_size) return;
    context.issues.push({
      code: "custom",
      path: ["batch", "min_size"],
      message: `must be at most queue_size ${queue_size}`,
      input: batch.min_size,
    });
  });
export type SendingQueueConfig = z.output<typeof sendingQueueSchema>;

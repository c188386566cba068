import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";

const MiB = 1024 * 1024;

const sizer = z.enum(["requests", "items", "bytes"]);

const batchSchema = z
  .strictObject({
    flush_timeout: durationMs.optional().describe("The same as insert.max_age, which wins."),
    min_size: z.int().min(0).optional().describe("The same as insert.max_rows or max_bytes (by sizer), which win."),
    max_size: z.int().min(0).optional().describe("The same, where min_size is left out; 0 is no bound."),
    sizer: sizer.default("items").describe("What min_size and max_size count: items or bytes."),
    partition: z
      .strictObject({ metadata_keys: z.array(z.string()).default([]).describe("Only an empty list is supported.") })
      .optional()
      .describe("Blocks by client metadata; not supported."),
  })
  .superRefine((batch, context) => {
    if (batch.sizer === "requests") {
      context.addIssue({ code: "custom", path: ["sizer"], message: "must be items or bytes", input: batch.sizer });
    }
    if ((batch.partition?.metadata_keys.length ?? 0) > 0) {
      const message = "is not supported, one table takes the spans of all clients; remove it";
      context.addIssue({ code: "custom", path: ["partition"], message, input: undefined });
    }
  });

/** `sending_queue`: the Collector's keys, and a bound in bytes that always holds. */
export const sendingQueueSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("false: every caller waits for its insert, as with wait_for_result."),
    num_consumers: z.int().min(1).default(10).describe("Inserts at a time, where below insert.max_in_flight."),
    queue_size: z
      .int()
      .min(1)
      .optional()
      .describe("Room of the queue in units of sizer; left out: 10000 requests, 1000000 items, or max_queue_bytes."),
    sizer: sizer
      .default("requests")
      .describe("What queue_size counts: requests (batches taken), items (spans, points, records) or bytes."),
    max_queue_bytes: byteSize
      .prefault("160MiB")
      .describe("Bytes of all encoded blocks of one signal that are not stored yet; holds beside queue_size."),
    wait_for_result: z
      .boolean()
      .optional()
      .describe("A caller waits until its rows are stored; left out: as service.acknowledge says."),
    block_on_overflow: z.boolean().default(false).describe("A caller waits for room instead of getting an error."),
    storage: z
      .string()
      .optional()
      .describe("Not supported: with service.acknowledge stored, senders keep what is not stored yet."),
    batch: batchSchema.optional().describe("The Collector's names for the bounds of insert blocks."),
  })
  .superRefine((queue, context) => {
    if (queue.storage === undefined) return;
    const message =
      "is not supported, with service.acknowledge stored (the default) senders keep what is not stored yet; remove it";
    context.addIssue({ code: "custom", path: ["storage"], message, input: queue.storage });
  });
export type SendingQueueConfig = z.output<typeof sendingQueueSchema>;

/** `insert`: when a block is complete. */
export const insertSchema = z.strictObject({
  max_rows: z.int().min(1).optional().describe("Rows at which a block is inserted; 50000 when left out."),
  max_bytes: byteSize
    .optional()
    .describe(
      "Bytes at which a block is inserted; 32MiB when left out. The server takes about ten times as much memory.",
    ),
  max_age: durationMs
    .optional()
    .describe("Age at which a block is inserted; 1s when left out. Also inserts per minute, where no sender waits."),
  linger: durationMs
    .prefault("50ms")
    .describe("Wait for more rows when no insert was made during the last max_age, so that quiet hours are not slow."),
  commit_delay: durationMs
    .prefault("5ms")
    .describe(
      "Age at which a block is inserted that senders wait for, while no other insert is under way; while one is, time without new rows, and 2ms more for each 1000 rows it has: all have sent then. At least max_age turns it off: answers come later, and fewer parts are made.",
    ),
  min_interval: durationMs
    .prefault("50ms")
    .describe("Least time between two such inserts into a table: 50ms are at most 1200 parts a minute and table."),
  max_in_flight: z.int().min(1).max(64).default(3).describe("Inserts at a time; each costs the server memory."),
  max_partitions: z
    .int()
    .min(1)
    .max(99)
    .default(48)
    .describe("Days (UTC) in one block. The server refuses 100; a day there may be two of these, by its time zone."),
  max_open_blocks: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe("Blocks filled at a time when rows are of more days than one block may have."),
});
export type InsertConfig = z.output<typeof insertSchema>;

/** Bounds of insert blocks, from `insert` and `sending_queue.batch`. Times in milliseconds. */
export interface BlockBounds {
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly lingerMs: number;
  readonly commitDelayMs: number;
  readonly minIntervalMs: number;
  readonly maxPartitions: number;
  readonly maxOpenBlocks: number;
}

export function blockBoundsOf(insert: InsertConfig, queue: SendingQueueConfig): BlockBounds {
  const { batch } = queue;
  const size = batch?.min_size || batch?.max_size || undefined;
  const maxAgeMs = insert.max_age ?? batch?.flush_timeout ?? 1_000;
  return {
    maxRows: insert.max_rows ?? (batch?.sizer === "items" ? size : undefined) ?? 50_000,
    maxBytes: insert.max_bytes ?? (batch?.sizer === "bytes" ? size : undefined) ?? 32 * MiB,
    maxAgeMs,
    lingerMs: Math.min(insert.linger, maxAgeMs),
    commitDelayMs: insert.commit_delay,
    minIntervalMs: insert.min_interval,
    maxPartitions: insert.max_partitions,
    maxOpenBlocks: insert.max_open_blocks,
  };
}

/** Room of the queue in units of its sizer. */
export function queueCapacityOf(queue: SendingQueueConfig): number {
  return queue.queue_size ?? { requests: 10_000, items: 1_000_000, bytes: queue.max_queue_bytes }[queue.sizer];
}

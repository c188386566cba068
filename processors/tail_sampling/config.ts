import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { ignoredKey } from "../../config/schema.ts";
import { maxMatchLength } from "../helper/pattern.ts";
import { isStateful } from "./policies/stateful.ts";
import { policySchema } from "./policy-config.ts";

const cacheSize = z.int().min(0).max(100_000_000).default(0);

const outputSchema = z
  .strictObject({
    max_spans: z.int().min(1).max(1_000_000).default(4096).describe("Spans of a batch that is handed on."),
    max_bytes: byteSize.prefault("4MiB").describe("Bytes of such a batch, at which it is handed on."),
    max_in_flight: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe("Batches that the next stage may be working on at once."),
    initial_interval: durationMs
      .prefault("1s")
      .describe("Wait before a batch that was refused is tried again; doubled after each failure."),
    max_interval: durationMs.prefault("30s").describe("Longest such wait."),
  })
  .prefault({})
  .describe("How kept spans go on. A batch that is refused is held until it is taken; max_bytes bounds what is held.");

export const tailSamplingConfigSchema = z
  .strictObject({
    decision_wait: durationMs.prefault("30s").describe("Time from the first span of a trace to its decision."),
    decision_wait_after_root_received: durationMs
      .prefault("0s")
      .describe("Time from the root span to the decision, if that is earlier; 0 waits for decision_wait."),
    num_traces: z
      .int()
      .min(1)
      .max(100_000_000)
      .default(50_000)
      .describe(
        "Undecided traces in memory; beyond it the oldest is decided first. As many decisions of each kind are remembered for late spans, unless decision_cache says otherwise.",
      ),
    max_bytes: byteSize
      .refine((bytes) => bytes >= 1024 * 1024, { error: "must be 1MiB or more" })
      .prefault("256MiB")
      .describe(
        "Memory for spans that wait, for a decision or for the next stage. Beyond it the oldest traces are decided first; what even that gives no room for is refused.",
      ),
    block_on_overflow: z
      .boolean()
      .default(false)
      .describe("Refuses new spans when memory is full, so that senders keep them, in place of deciding early."),
    expected_new_traces_per_sec: z.int().min(0).default(0).describe("Accepted: memory grows as it is needed."),
    decision_cache: z
      .strictObject({
        sampled_cache_size: cacheSize.describe("Kept traces that are remembered for late spans; 0 is num_traces."),
        non_sampled_cache_size: cacheSize.describe(
          "Dropped traces that are remembered for late spans; 0 is num_traces.",
        ),
      })
      .prefault({})
      .describe("Decisions remembered when the spans have left memory; make it much more than num_traces."),
    sample_on_first_match: z
      .boolean()
      .default(false)
      .describe("Asks no further policy once one keeps the trace; limits of later ones are not used up then."),
    sampling_strategy: z
      .enum(["trace-complete", "span-ingest"])
      .default("trace-complete")
      .describe(
        "trace-complete decides at the end of decision_wait; span-ingest keeps or drops a trace as soon as its spans so far say so.",
      ),
    drop_pending_traces_on_shutdown: z
      .boolean()
      .default(false)
      .describe("Drops undecided traces at shutdown, in place of deciding them by what has arrived."),
    maximum_trace_size_bytes: byteSize
      .prefault(0)
      .describe("Bytes in memory beyond which a trace is dropped at once; 0 is no bound."),
    record_policy: z
      .boolean()
      .default(false)
      .describe(
        "Writes tailsampling.policy, .composite_policy and .cached_decision to the attributes of kept spans: the Collector's feature gate recordpolicy.",
      ),
    policies: z.array(policySchema).min(1).describe("Policies; a trace is kept when any keeps it and none drops it."),
    output: outputSchema,
    max_match_length: maxMatchLength,
    num_shards: ignoredKey("traces are not split over threads"),
    tail_storage: ignoredKey("undecided spans are held in memory"),
  })
  .check((context) => {
    const { policies, sampling_strategy } = context.value;
    policies.forEach((policy, index) => {
      const twice = policies.findIndex((other) => other.name === policy.name) !== index;
      if (twice) {
        context.issues.push({
          code: "custom",
          message: `another policy is called "${policy.name}" too`,
          input: policy.name,
          path: ["policies", index, "name"],
        });
      }
      if (sampling_strategy === "span-ingest" && isStateful(policy)) {
        context.issues.push({
          code: "custom",
          message: `needs what the whole trace says, which sampling_strategy span-ingest does not wait for`,
          input: policy.type,
          path: ["policies", index, "type"],
        });
      }
    });
  });
export type TailSamplingConfig = z.output<typeof tailSamplingConfigSchema>;

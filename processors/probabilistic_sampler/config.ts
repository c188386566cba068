import { z } from "zod";
import { minProbability } from "../helper/sampling/threshold.ts";

export const probabilisticSamplerConfigSchema = z.strictObject({
  sampling_percentage: z
    .number()
    .min(0)
    .refine((percentage) => percentage === 0 || percentage / 100 >= minProbability, {
      error: `must be 0 or at least ${100 * minProbability}`,
    })
    .default(0)
    .describe("Share of spans or log records to keep, in percent; 100 and more keeps all, 0 none."),
  mode: z
    .enum(["", "hash_seed", "proportional", "equalizing"])
    .default("")
    .describe(
      "hash_seed: by a hash of the trace id. proportional: keeps this share of what arrives, by the randomness of the trace id. equalizing: lowers the share of what arrives to this one and keeps what is below. Empty is hash_seed.",
    ),
  hash_seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("Seed of the hash: the same in all collectors of one tier, another one in the next tier."),
  fail_closed: z
    .boolean()
    .default(true)
    .describe(
      "Drops what cannot be judged: no trace id, a tracestate that cannot be read or contradicts itself, or one with th or rv in the mode hash_seed. false keeps it.",
    ),
  sampling_precision: z
    .int()
    .min(1)
    .max(14)
    .default(4)
    .describe("Hexadecimal digits of the threshold that is written; proportional and equalizing only."),
  attribute_source: z
    .enum(["traceID", "record"])
    .default("traceID")
    .describe(
      "Logs only: traceID hashes the trace id, and from_attribute where there is none; record from_attribute alone.",
    ),
  from_attribute: z.string().default("").describe("Logs only: attribute of the record that is hashed."),
  sampling_priority: z
    .string()
    .default("")
    .describe("Logs only: attribute of the record that holds its own percentage, in place of sampling_percentage."),
});
export type ProbabilisticSamplerConfig = z.output<typeof probabilisticSamplerConfigSchema>;

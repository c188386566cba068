import { z } from "zod";
import { durationMs } from "../config/duration.ts";

/** `extensions.api.records`. */
export const recordsSchema = z.strictObject({
  max_insert_rows: z.int().min(1).default(5_000).describe("Rows that one insert stores; more go in several."),
  max_insert_characters: z
    .int()
    .min(1)
    .default(8_388_608)
    .describe("Characters of all texts that one insert stores; a longer row goes alone."),
  claim_timeout: durationMs
    .prefault("5s")
    .describe("How long a name that somebody else took may stay unseen, on another replica; then 503 is answered."),
  max_batch_size: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Results, or scores, of an eval in one request; more are answered with 400."),
  max_parts: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Metrics, scorers, evaluators or judges that one answer without pages shows."),
  max_discovered_prompts: z
    .int()
    .min(1)
    .default(200)
    .describe("Prompts that spans alone name and that one list makes; the next list goes on."),
  discovery_age: durationMs.prefault("168h").describe("Age of the spans whose names of prompts are looked for."),
  attribute_search_age: durationMs
    .prefault("48h")
    .describe("Age of the spans in whose attributes the id of a completion is looked for, where no column has it."),
});
export type RecordsConfig = z.output<typeof recordsSchema>;

import { z } from "zod";

export const signalTypes = ["boolean", "numerical", "categorical"] as const;
export const signalEntities = ["session", "trace", "span", "completion"] as const;
export type SignalEntityType = (typeof signalEntities)[number];

const value = z.union([z.boolean(), z.number(), z.string()]);

/** Current signals of an entity by name. */
export const signalValues = z
  .record(z.string(), z.object({ value, type: z.enum(signalTypes) }))
  .meta({ id: "SignalValues" })
  .describe("The newest signal of each name.");
export type SignalValues = z.output<typeof signalValues>;

/** One signal. */
export const signalRead = z
  .object({
    id: z.string().describe("UUID."),
    name: z.string(),
    value,
    type: z.enum(signalTypes),
    signal_type: z.enum(signalTypes).describe("The same as type."),
    entity_type: z.enum(signalEntities),
    entity_id: z.string(),
    trace_id: z.string().nullable().describe("Of the span that carried it, or of its target."),
    span_id: z.string().nullable(),
    source: z.string().describe("`sdk`, or the rule that found it out."),
    created_at: z.string(),
  })
  .meta({ id: "SignalRead" });
export type SignalRead = z.output<typeof signalRead>;

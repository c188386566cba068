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

/** The signals of one name on one kind of entity. */
export const signalSummary = z
  .object({
    name: z.string(),
    type: z.enum(signalTypes),
    entity_type: z.enum(signalEntities),
    count: z.int().describe("Entities that have it now."),
    true_count: z.int().nullable().describe("Of booleans: how many are true."),
    avg: z.number().nullable().describe("Of numbers."),
    min: z.number().nullable().describe("Of numbers."),
    max: z.number().nullable().describe("Of numbers."),
    values: z
      .array(z.object({ value: z.string(), count: z.int() }))
      .describe("Of texts: the twenty most frequent ones."),
    last_at: z.string().describe("When the newest arrived."),
  })
  .meta({ id: "SignalSummary" });
export type SignalSummary = z.output<typeof signalSummary>;

import { z } from "zod";
import { parseUuid, sessionUuid, storedSpanId, storedTraceId } from "../../pipeline/ids.ts";

const choiceName = z
  .string()
  .max(500)
  .refine((name) => name.trim() !== "", "must not be empty");

export const choiceBody = z
  .object({
    entity_type: z.enum(["span", "trace", "session"], "must be span, trace or session").describe("What got a variant."),
    entity_id: z.string().min(1).max(1_000).describe("Its id."),
    choice_name: choiceName.describe("Name of the test."),
    variant_key: z.string().min(1).max(500).describe("The variant that was drawn."),
    variant_value: z.unknown().optional().describe("What it stands for."),
    variants: z.record(z.string(), z.unknown()).nullish().describe("All variants: what they stand for by key."),
    weights: z.record(z.string(), z.number().min(0)).nullish().describe("How often each is drawn, by key."),
    duration_days: z
      .number()
      .positive()
      .max(36_500)
      .nullish()
      .describe("Days from the first choice on that the test runs; left out: without an end."),
  })
  .superRefine((body, context) => {
    const { variants, weights, variant_key: key, entity_type: type, entity_id: id } = body;
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message, input: undefined });
    if (variants && !Object.hasOwn(variants, key)) issue("variant_key", "must be one of variants");
    if (variants && Object.keys(weights ?? {}).some((name) => !Object.hasOwn(variants, name)))
      issue("weights", "must have keys of variants alone");
    if (type !== "session" && parseUuid(id) === undefined) issue("entity_id", "must be a UUID");
  });
export type ChoiceBody = z.output<typeof choiceBody>;

/** The id of an entity that was checked, as spans, traces and sessions are stored. */
export function storedEntityId({ entity_type: type, entity_id: id }: ChoiceBody): string {
  if (type === "session") return sessionUuid(id);
  const uuid = parseUuid(id)!;
  return type === "trace" ? storedTraceId(uuid) : storedSpanId(uuid);
}

export const choiceRead = z
  .object({
    ab_choice_id: z.guid().describe("Id of the choice."),
    test_status: z
      .enum(["running", "completed"])
      .describe("Whether the test goes on. After it, clients take their default."),
    message: z.string().optional().describe("For people."),
  })
  .meta({ id: "AbChoice" });

export const testRead = z
  .object({
    id: z.guid().describe("Id of the test."),
    choice_name: z.string().describe("Its name."),
    test_status: z.enum(["running", "completed"]).describe("Whether it goes on."),
    started_at: z.string().describe("When the first choice came, ISO 8601 in UTC."),
    ends_at: z.string().nullable().describe("When it ends, ISO 8601 in UTC; null: never."),
    variants: z.record(z.string(), z.unknown()).describe("What the variants stand for by key."),
    weights: z.record(z.string(), z.number()).describe("How often each is drawn, by key."),
    choices: z.record(z.string(), z.int()).describe("How many got each variant while the test ran, by key."),
  })
  .meta({ id: "AbTest" });

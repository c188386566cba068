import { z } from "zod";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet } from "./rule-set.ts";

/** What models write when they refuse: whole clauses, since "I cannot" alone begins many a helpful sentence. */
const verbs = [
  "assist with",
  "assist you with",
  "help with",
  "help you with",
  "comply with",
  "fulfill",
  "fulfil",
  "do that",
  "provide that",
  "provide you with that",
  "provide instructions",
  "provide information on how to",
  "engage in",
  "participate in",
  "create content",
  "generate content",
  "support that",
];
const openings = ["can't", "can’t", "cannot", "can not", "won't", "won’t", "will not"];
const inabilities = ["unable to", "not able to", "not willing to"];
const subjects = ["i'm", "i’m", "i am"];

const fixed = [
  "i must decline",
  "i have to decline",
  "i must respectfully decline",
  "i'm going to have to decline",
  "i can't in good conscience",
  "i cannot in good conscience",
  "i'm not comfortable with that",
  "i can't discuss that",
  "i cannot discuss that",
  "i can't share that",
  "i cannot share that",
  "that request violates",
  "this request violates",
  "against my programming",
  "against my guidelines",
  "goes against my safety guidelines",
  '"type":"refusal"',
  '"type": "refusal"',
];

export const refusalPhrases: readonly string[] = [
  ...openings.flatMap((opening) => verbs.map((verb) => `i ${opening} ${verb}`)),
  ...subjects.flatMap((subject) =>
    inabilities.flatMap((inability) => verbs.map((verb) => `${subject} ${inability} ${verb}`)),
  ),
  ...fixed,
];

const configSchema = z.strictObject({
  phrases: z
    .array(z.string().min(1))
    .default([])
    .describe("Phrases to look for in outputs besides the built-in English ones."),
  builtin_phrases: z.boolean().default(true).describe("Whether to look for the built-in ones."),
});

/** The model refused: it says so in the output, or the provider says it by the finish reason. */
export const refusal: RuleSet<typeof configSchema.shape> = {
  name: "refusal",
  configSchema,
  create: ({ phrases, builtin_phrases }) => {
    const all = [...phrases, ...(builtin_phrases ? refusalPhrases : [])];
    const byReason = { field: "FinishReasons", equals: ["refusal"] };
    return {
      rule: ruleSchema.parse({
        id: "refusal",
        when: {
          all: [
            { field: "OperationKind", equals: modelKinds },
            { any: [byReason, ...(all.length > 0 ? [{ field: "Output", words_any: all }] : [])] },
          ],
        },
      }),
    };
  },
};

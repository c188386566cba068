import { z } from "zod";
import { PiiDetector, piiFields } from "../detectors/pii.ts";
import { piiKinds } from "../detectors/pii-scan.ts";
import { ruleSchema } from "../rule-config.ts";
import type { RuleSet } from "./rule-set.ts";

const configSchema = z.strictObject({
  kinds: z
    .array(z.enum(piiKinds))
    .min(1)
    .default([...piiKinds])
    .describe("What to look for."),
  fields: z
    .array(z.enum(piiFields))
    .min(1)
    .default([...piiFields])
    .describe("Where to look for it."),
});

/** Personal data in inputs and outputs: a signal `pii_<kind>` that says where, never what. */
export const pii: RuleSet<typeof configSchema.shape> = {
  name: "pii",
  configSchema,
  create: ({ kinds, fields }) => ({
    rule: ruleSchema.parse({
      id: "pii",
      when: { any: fields.map((field) => ({ field, min_bytes: 5 })) },
    }),
    detector: (subjects) => new PiiDetector(kinds, fields, subjects),
  }),
};

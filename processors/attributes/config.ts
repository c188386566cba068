import { z } from "zod";
import { attributeActionSchema } from "../helper/attribute-action-config.ts";
import { itemMatchSchema } from "../helper/item-match-config.ts";
import { maxMatchLength } from "../helper/pattern.ts";

export const attributesConfigSchema = z.strictObject({
  actions: z
    .array(attributeActionSchema)
    .min(1)
    .describe("What to do with the attributes of each span, log record or data point, in order."),
  include: itemMatchSchema
    .optional()
    .describe("Only spans, log records or data points that match are changed; asked before exclude."),
  exclude: itemMatchSchema
    .optional()
    .describe("Spans, log records or data points that match are left alone.")
    .meta({ sameAs: "include" }),
  max_match_length: maxMatchLength,
});
export type AttributesConfig = z.output<typeof attributesConfigSchema>;

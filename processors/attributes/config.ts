import { z } from "zod";
import { attributeActionSchema } from "../helper/attribute-action-config.ts";
import { maxMatchLength } from "../helper/pattern.ts";
import { spanMatchSchema } from "../helper/span-match-config.ts";

export const attributesConfigSchema = z.strictObject({
  actions: z.array(attributeActionSchema).min(1).describe("What to do with the attributes of each span, in order."),
  include: spanMatchSchema.optional().describe("Only spans that match are changed; asked before exclude."),
  exclude: spanMatchSchema.optional().describe("Spans that match are left alone."),
  max_match_length: maxMatchLength,
});
export type AttributesConfig = z.output<typeof attributesConfigSchema>;

import { z } from "zod";
import { attributeActionSchema } from "../helper/attribute-action-config.ts";
import { maxMatchLength } from "../helper/pattern.ts";

export const resourceConfigSchema = z.strictObject({
  attributes: z
    .array(attributeActionSchema)
    .min(1)
    .describe("What to do with the attributes of each resource, in order."),
  max_match_length: maxMatchLength,
});
export type ResourceConfig = z.output<typeof resourceConfigSchema>;

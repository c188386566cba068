import { z } from "zod";
import { Pattern, patternText } from "./pattern.ts";

const key = z.string().min(1).describe("The attribute to act on.");

const scalar = z.union([z.string(), z.boolean(), z.number()]);
const valueSources = ["value", "from_attribute", "from_context"] as const;

const setAction = z
  .strictObject({
    action: z
      .enum(["insert", "update", "upsert"])
      .describe("insert: only when the key is absent; update: only when it is there; upsert: either way."),
    key,
    value: z
      .union([scalar, z.array(scalar)])
      .optional()
      .describe("The value to set; whole numbers become integers, other numbers doubles."),
    from_attribute: z
      .string()
      .min(1)
      .optional()
      .describe("The attribute to copy the value of; nothing is set without it."),
    from_context: z
      .string()
      .regex(/^(?:metadata|auth)\../, "must be metadata.<name> or auth.<name>")
      .optional()
      .describe(
        "What to take from the request: metadata.<name>, several values joined with `;`, or auth.<name>. Needs a receiver with include_metadata or an authenticator.",
      ),
  })
  .check((context) => {
    const given = valueSources.filter((source) => context.value[source] !== undefined);
    if (given.length === 1) return;
    const found = given.length === 0 ? "none" : given.join(" and ");
    context.issues.push({
      code: "custom",
      message: `needs one of value, from_attribute and from_context, got ${found}`,
      input: context.value,
    });
  });

const selecting = {
  key: key.optional(),
  pattern: patternText.optional().describe("Acts on every attribute whose key matches, besides key."),
};
const needsSelection = z.check<{ key?: string | undefined; pattern?: string | undefined }>((context) => {
  if (context.value.key !== undefined || context.value.pattern !== undefined) return;
  context.issues.push({ code: "custom", message: "needs key or pattern", input: context.value });
});

const deleteAction = z
  .strictObject({ action: z.literal("delete").describe("Removes attributes."), ...selecting })
  .check(needsSelection);

const hashAction = z
  .strictObject({
    action: z
      .literal("hash")
      .describe(
        "Replaces values by the hexadecimal SHA-256 of their bytes; numbers are 8 bytes little-endian, booleans one.",
      ),
    ...selecting,
  })
  .check(needsSelection);

const extractAction = z.strictObject({
  action: z.literal("extract").describe("Sets one attribute for each named group of the pattern."),
  key,
  pattern: patternText
    .check((context) => {
      if (namesAGroup(context.value)) return;
      context.issues.push({
        code: "custom",
        message: "must name at least one group, as in (?P<name>...)",
        input: context.value,
      });
    })
    .describe("Searched in the attribute's text. Groups that took no part give empty texts."),
});

const convertAction = z.strictObject({
  action: z.literal("convert").describe("Changes the type of a value; one that cannot be converted stays."),
  key,
  converted_type: z.enum(["int", "double", "string"]).describe("The type to convert to."),
});

/** One action on attributes, of spans (`attributes`) or of resources (`resource`). */
export const attributeActionSchema = z.discriminatedUnion("action", [
  setAction,
  deleteAction,
  hashAction,
  extractAction,
  convertAction,
]);
export type AttributeActionConfig = z.output<typeof attributeActionSchema>;
export type SetActionConfig = z.output<typeof setAction>;
/** What `delete` and `hash` act on. */
export type SelectionConfig = Pick<z.output<typeof deleteAction>, "key" | "pattern">;

function namesAGroup(text: string): boolean {
  try {
    return new Pattern(text, 0).groupNames.length > 0;
  } catch {
    // The syntax is reported by `patternText` itself.
    return true;
  }
}

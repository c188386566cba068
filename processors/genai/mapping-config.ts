import { z } from "zod";
import { targets } from "./dialect.ts";

const key = z.string().min(1);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);

const test = {
  attribute: key.optional().describe("Key of a span attribute that must be there; a * at the end matches by prefix."),
  resource: key.optional().describe("Key of a resource attribute that must be there."),
  equals: oneOrMore(scalar)
    .optional()
    .describe(
      "With attribute or resource: the value, or one of them; case is ignored, a * at the end matches by prefix.",
    ),
  scope: oneOrMore(key).optional().describe("Name of the instrumentation scope; a * at the end matches by prefix."),
  span_name: oneOrMore(key).optional().describe("Name of the span; a * at the end matches by prefix."),
  negate: z.boolean().default(false).describe("The test holds when it would not."),
};
const subjects = ["attribute", "resource", "scope", "span_name"] as const;

/** Reports unless `value` has exactly one of `names`. */
function needsOneOf(names: readonly string[]) {
  return (context: z.core.ParsePayload<Record<string, unknown>>): void => {
    const given = names.filter((name) => context.value[name] !== undefined);
    if (given.length === 1) return;
    const found = given.length === 0 ? "none" : given.join(" and ");
    const message = `needs one of ${names.slice(0, -1).join(", ")} and ${names.at(-1)}, got ${found}`;
    context.issues.push({ code: "custom", message, input: context.value });
  };
}

/** Reports keys that only make sense beside others. */
function needsBeside(dependent: string, names: readonly string[]) {
  return (context: z.core.ParsePayload<Record<string, unknown>>): void => {
    if (context.value[dependent] === undefined || names.some((name) => context.value[name] !== undefined)) return;
    const message = `stands beside ${names.join(" or ")} only`;
    context.issues.push({ code: "custom", message, input: context.value[dependent], path: [dependent] });
  };
}

const testSchema = z.strictObject(test).check(needsOneOf(subjects), needsBeside("equals", ["attribute", "resource"]));

const conditionSchema = z
  .strictObject({
    ...test,
    all: z.array(testSchema).min(1).optional().describe("Tests that must all hold."),
    any: z.array(testSchema).min(1).optional().describe("Tests of which one must hold."),
  })
  .check(needsOneOf([...subjects, "all", "any"]), needsBeside("equals", ["attribute", "resource"]));
export type TestConfig = z.output<typeof testSchema>;
export type ConditionConfig = z.output<typeof conditionSchema>;

const kinds = ["attribute", "prefix", "attributes", "resource", "resources", "scope", "event", "indexed"].concat([
  "message_events",
  "span_name",
  "constant",
]);
const names = z.record(z.string(), z.string());

const sourceObject = z
  .strictObject({
    attribute: key.optional().describe("Key of a span attribute, or with event: of an attribute of the event."),
    path: z
      .array(z.union([z.string(), z.int()]))
      .min(1)
      .optional()
      .describe("Members and positions within a value that is JSON or nested; `*` is every element of a list."),
    unit: z
      .enum(["s", "ms", "ns", "time"])
      .optional()
      .describe("Of TimeToFirstToken: what the number counts; time is an instant, of which the start is subtracted."),
    values: names
      .optional()
      .describe("Value as sent (in lower case, * at the end for a prefix) to the value to store."),
    prefix: key.optional().describe("All span attributes whose keys begin so, as an object or as tags."),
    attributes: names.optional().describe("Several span attributes, as an object or as tags: name to key."),
    resource: key.optional().describe("Key of a resource attribute."),
    resources: names.optional().describe("Several resource attributes, as an object or as tags: name to key."),
    scope: key.optional().describe("name, version, or the key of an attribute of the instrumentation scope."),
    event: key
      .optional()
      .describe(
        "Name of a span event: its attribute, of the last such event; without attribute, the time of the first.",
      ),
    indexed: key.optional().describe("Beginning of numbered attributes that make up messages, such as gen_ai.prompt."),
    shape: z
      .enum(["traceloop", "openinference", "openinference_prompts"])
      .optional()
      .describe("With indexed: how the numbered attributes are named."),
    message_events: z.array(key).min(1).optional().describe("Names of span events that hold one message each."),
    span_name: names.optional().describe("Name of the span (* at the end for a prefix) to the value to store."),
    constant: z.string().min(1).optional().describe("A fixed value."),
  })
  .check((context) => {
    const value: Record<string, unknown> = context.value;
    if (value["event"] !== undefined && value["attribute"] !== undefined) return;
    needsOneOf(kinds)({ ...context, value });
  })
  .check(needsBeside("path", ["attribute"]), needsBeside("values", ["attribute"]), needsBeside("unit", ["attribute"]))
  .check(needsBeside("shape", ["indexed"]));
export type SourceConfig = string | z.output<typeof sourceObject>;

/** One rule of the configuration. */
export const mappingSchema = z.strictObject({
  target: z.enum(targets).describe("The column to fill, such as SessionId."),
  sources: z
    .array(z.union([key, sourceObject]))
    .min(1)
    .describe("Keys of span attributes, or other places; the first that holds a valid value is taken."),
  when: conditionSchema.optional().describe("Spans that the mapping is for; left out, all."),
  override: z
    .boolean()
    .default(false)
    .describe("Where `when` holds, the dialects' own rules for the target are not tried after the sources."),
});
export type MappingConfig = z.output<typeof mappingSchema>;

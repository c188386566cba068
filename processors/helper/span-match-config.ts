import { z } from "zod";
import { Pattern, patternText } from "./pattern.ts";

const scalar = z.union([z.string(), z.boolean(), z.number()]);

const attributeMatch = z.strictObject({
  key: z.string().min(1).describe("Key of the attribute."),
  value: scalar
    .optional()
    .describe("Value, or pattern of its text, that it must have; left out, it must only be there."),
});

const library = z.strictObject({
  name: z.string().describe("Name of the instrumentation scope."),
  version: z.string().optional().describe("Its version; left out, any."),
});

const properties = {
  services: z.array(z.string()).default([]).describe("Values of the resource attribute service.name, one must match."),
  span_names: z.array(z.string()).default([]).describe("Names of spans, one must match."),
  span_kinds: z.array(z.string()).default([]).describe("Kinds of spans, such as SPAN_KIND_SERVER, one must match."),
  attributes: z.array(attributeMatch).default([]).describe("Attributes of the span, all must match."),
  resources: z.array(attributeMatch).default([]).describe("Attributes of the resource, all must match."),
  libraries: z.array(library).default([]).describe("Instrumentation scopes, one must match."),
};

/** Which spans an action is for: those that match all the properties that are set. */
export const spanMatchSchema = z
  .strictObject({
    match_type: z
      .enum(["strict", "regexp"])
      .describe(
        "strict compares whole values; regexp searches patterns in RE2 syntax, which match anywhere unless anchored.",
      ),
    regexp: z
      .strictObject({
        cacheenabled: z.boolean().default(false).describe("Accepted for the Collector's sake."),
        cachemaxnumentries: z.int().min(0).default(0).describe("Accepted for the Collector's sake."),
      })
      .optional()
      .describe("Without effect: names are matched once per batch anyway."),
    ...properties,
  })
  .check((context) => {
    const config = context.value;
    if (propertyNames.every((name) => config[name].length === 0)) {
      context.issues.push({
        code: "custom",
        message: `needs at least one of ${propertyNames.join(", ")}`,
        input: config,
      });
    }
    if (config.match_type === "strict") return;
    for (const { path, text } of patternsOf(config)) {
      for (const issue of patternText.safeParse(text).error?.issues ?? []) {
        context.issues.push({ code: "custom", message: issue.message, input: text, path });
      }
    }
  });
export type SpanMatchConfig = z.output<typeof spanMatchSchema>;
export type AttributeMatchConfig = z.output<typeof attributeMatch>;

const propertyNames = ["services", "span_names", "span_kinds", "attributes", "resources", "libraries"] as const;

interface PatternAt {
  readonly path: (string | number)[];
  readonly text: string;
}

/** Every text of the configuration that is a pattern when `match_type` is regexp. */
function patternsOf(config: Pick<SpanMatchConfig, (typeof propertyNames)[number]>): PatternAt[] {
  const texts = (["services", "span_names", "span_kinds"] as const).flatMap((name) =>
    config[name].map((text, index) => ({ path: [name, index], text })),
  );
  const values = (["attributes", "resources"] as const).flatMap((name) =>
    config[name].flatMap(({ value }, index) =>
      value === undefined ? [] : [{ path: [name, index, "value"], text: String(value) }],
    ),
  );
  const libraries = config.libraries.flatMap(({ name, version }, index) => [
    { path: ["libraries", index, "name"], text: name },
    ...(version === undefined ? [] : [{ path: ["libraries", index, "version"], text: version }]),
  ]);
  return [...texts, ...values, ...libraries];
}

/** Makes the test for a text: equality, or a pattern found in it. */
export function textTest(
  config: SpanMatchConfig,
  text: string,
  maxMatchLength: number,
): (candidate: string) => boolean {
  if (config.match_type === "strict") return (candidate) => candidate === text;
  const pattern = new Pattern(text, maxMatchLength);
  return (candidate) => pattern.matches(candidate);
}

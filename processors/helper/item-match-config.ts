import { z } from "zod";
import { type Signal, signals } from "../../pipeline/batch.ts";
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

const severityNumber = z.strictObject({
  min: z.int().min(0).max(24).default(0).describe("Lowest SeverityNumber that matches, such as 9 for INFO; 0 for all."),
  match_undefined: z.boolean().default(false).describe("Whether records without a severity match."),
});

const texts = z.array(z.string()).default([]);

const properties = {
  services: texts.describe("Traces: values of the resource attribute service.name, one must match."),
  span_names: texts.describe("Traces: names of spans, one must match."),
  span_kinds: texts.describe("Traces: kinds of spans, such as SPAN_KIND_SERVER, one must match."),
  log_bodies: texts.describe("Logs: bodies of records as text, one must match."),
  log_severity_texts: texts.describe("Logs: severity texts, one must match."),
  log_severity_number: severityNumber.optional().describe("Logs: severity of the record."),
  metric_names: texts.describe("Metrics: names of metrics, one must match."),
  attributes: z
    .array(attributeMatch)
    .default([])
    .describe("Attributes of the span, log record or data point, all must match."),
  resources: z.array(attributeMatch).default([]).describe("Attributes of the resource, all must match."),
  libraries: z.array(library).default([]).describe("Instrumentation scopes, one must match."),
};

/** Which spans, log records or data points an action is for: those that match all the properties that are set. */
export const itemMatchSchema = z
  .strictObject({
    match_type: z
      .enum(["strict", "regexp"])
      .optional()
      .describe(
        "strict compares whole values; regexp searches patterns in RE2 syntax, which match anywhere unless anchored. Needed for all but log_severity_number.",
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
    if (propertyNames.every((name) => !isSet(config[name]))) {
      context.issues.push({
        code: "custom",
        message: `needs at least one of ${propertyNames.join(", ")}`,
        input: config,
      });
    }
    const compared = propertyNames.find((name) => name !== "log_severity_number" && isSet(config[name]));
    if (config.match_type === undefined && compared !== undefined) {
      const message = `is missing, ${compared} needs it, must be strict or regexp`;
      context.issues.push({ code: "custom", message, input: config, path: ["match_type"] });
    }
    if (config.match_type !== "regexp") return;
    for (const { path, text } of patternsOf(config)) {
      for (const issue of patternText.safeParse(text).error?.issues ?? []) {
        context.issues.push({ code: "custom", message: issue.message, input: text, path });
      }
    }
  });
export type ItemMatchConfig = z.output<typeof itemMatchSchema>;
export type SeverityNumberConfig = z.output<typeof severityNumber>;
export type AttributeMatchConfig = z.output<typeof attributeMatch>;

/** Which signals have what a property asks for. */
const signalsOf = {
  services: ["traces"],
  span_names: ["traces"],
  span_kinds: ["traces"],
  log_bodies: ["logs"],
  log_severity_texts: ["logs"],
  log_severity_number: ["logs"],
  metric_names: ["metrics"],
  attributes: signals,
  resources: signals,
  libraries: signals,
} as const satisfies Record<keyof typeof properties, readonly Signal[]>;
type PropertyName = keyof typeof signalsOf;
const propertyNames = Object.keys(signalsOf) as PropertyName[];

function isSet(value: ItemMatchConfig[PropertyName]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** Properties that are set although items of `signal` do not have them. */
export function misplacedProperties(config: ItemMatchConfig, signal: Signal): readonly PropertyName[] {
  const fitting = propertiesFor(signal);
  return propertyNames.filter((name) => isSet(config[name]) && !fitting.includes(name));
}

/** Properties that items of `signal` have. */
export function propertiesFor(signal: Signal): readonly PropertyName[] {
  return propertyNames.filter((name) => (signalsOf[name] as readonly Signal[]).includes(signal));
}

interface PatternAt {
  readonly path: (string | number)[];
  readonly text: string;
}

const textProperties = [
  "services",
  "span_names",
  "span_kinds",
  "log_bodies",
  "log_severity_texts",
  "metric_names",
] as const satisfies readonly PropertyName[];

/** Every text of the configuration that is a pattern when `match_type` is regexp. */
function patternsOf(config: Pick<ItemMatchConfig, PropertyName>): PatternAt[] {
  const texts = textProperties.flatMap((name) => config[name].map((text, index) => ({ path: [name, index], text })));
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
  config: ItemMatchConfig,
  text: string,
  maxMatchLength: number,
): (candidate: string) => boolean {
  if (config.match_type === "strict") return (candidate) => candidate === text;
  const pattern = new Pattern(text, maxMatchLength);
  return (candidate) => pattern.matches(candidate);
}

import { z } from "zod";
import { parseDurationMs } from "../../config/duration.ts";
import { didYouMean } from "../../config/suggest.ts";
import { messageOf } from "../../pipeline/errors.ts";
import { patternText } from "../helper/pattern.ts";
import { type FieldType, fieldTypes } from "./fields.ts";
import { JsonPath } from "./text/json-path.ts";

/** A condition as it is written: `all`, `any` or `not`, or a subject with what must be true of it. */
export interface ConditionConfig extends OperatorsConfig {
  readonly all?: readonly ConditionConfig[] | undefined;
  readonly any?: readonly ConditionConfig[] | undefined;
  readonly not?: ConditionConfig | undefined;
  readonly field?: string | undefined;
  readonly attribute?: string | undefined;
  readonly resource?: string | undefined;
  readonly key?: string | undefined;
  readonly json_path?: string | undefined;
}

type Words = string | readonly string[];
type Bound = number | string;

/** What must be true of a value; all that are given. */
export interface OperatorsConfig {
  readonly exists?: boolean | undefined;
  readonly equals?: string | number | boolean | readonly (string | number | boolean)[] | undefined;
  readonly gt?: Bound | undefined;
  readonly gte?: Bound | undefined;
  readonly lt?: Bound | undefined;
  readonly lte?: Bound | undefined;
  readonly contains_any?: Words | undefined;
  readonly contains_all?: Words | undefined;
  readonly words_any?: Words | undefined;
  readonly starts_with?: Words | undefined;
  readonly ends_with?: Words | undefined;
  readonly matches?: string | undefined;
  readonly min_bytes?: number | undefined;
  readonly max_bytes?: number | undefined;
  readonly case_sensitive?: boolean | undefined;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const words = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const bound = z.union([z.number(), z.string()]);
const bounds = ["gt", "gte", "lt", "lte"] as const;

/** A name in `field:`. */
export const fieldName = z.string().check((context) => {
  const name = context.value;
  if (fieldTypes.has(name)) return;
  const message = `must be a field such as Output, Cost or Duration, got ${JSON.stringify(name)}${didYouMean(name, fieldTypes.keys())}`;
  context.issues.push({ code: "custom", message, input: name });
});

/** A path in `json_path:`. */
export const jsonPathText = z.string().check((context) => {
  try {
    new JsonPath(context.value);
  } catch (error) {
    context.issues.push({ code: "custom", message: messageOf(error), input: context.value });
  }
});

/** A test of a span; holds other conditions. */
export const conditionSchema: z.ZodType<ConditionConfig, ConditionConfig> = z
  .strictObject({
    get all() {
      return z.array(conditionSchema).min(1).optional().describe("Conditions that must all hold.");
    },
    get any() {
      return z.array(conditionSchema).min(1).optional().describe("Conditions of which one must hold.");
    },
    get not() {
      return conditionSchema.optional().describe("A condition that must not hold.");
    },
    field: fieldName.optional().describe("A canonical field, such as Output, Cost or Duration (docs/signals.md)."),
    attribute: z.string().min(1).optional().describe("Key of an attribute of the span."),
    resource: z.string().min(1).optional().describe("Key of an attribute of the resource."),
    key: z.string().min(1).optional().describe("Which of a field's pairs: needed for Tags, and for nothing else."),
    json_path: jsonPathText
      .optional()
      .describe("Where in the text, which is JSON, the values stand, as in $.choices[0].message.content. One must do."),
    exists: z.boolean().optional().describe("Whether there must be a value, or must be none."),
    equals: z
      .union([scalar, z.array(scalar).min(1)])
      .optional()
      .describe("The value, or several of which one must do."),
    gt: bound.optional().describe("More than a number; than a duration such as 3s for Duration and TimeToFirstToken."),
    gte: bound.optional().describe("At least a number, or a duration."),
    lt: bound.optional().describe("Less than a number, or a duration."),
    lte: bound.optional().describe("At most a number, or a duration."),
    contains_any: words.optional().describe("Texts of which one must stand anywhere in the value."),
    contains_all: words.optional().describe("Texts that must all stand in the value."),
    words_any: words.optional().describe("As contains_any, but only as whole words."),
    starts_with: words.optional().describe("The text that the value begins with, or several."),
    ends_with: words.optional().describe("The text that the value ends with, or several."),
    matches: patternText.optional().describe("A pattern in RE2 syntax that must be found in the value."),
    min_bytes: z.int().min(0).optional().describe("How many bytes of UTF-8 the value must have at least."),
    max_bytes: z.int().min(0).optional().describe("How many it may have."),
    case_sensitive: z
      .boolean()
      .optional()
      .describe("Whether texts, but not patterns, are compared with the case of ASCII letters. False if left out."),
  })
  .check((context) => {
    for (const { path, message } of faultsOf(context.value)) {
      context.issues.push({ code: "custom", message, input: context.value, path });
    }
  });

interface FaultAt {
  readonly path: string[];
  readonly message: string;
}

const combinations = ["all", "any", "not"] as const;
const subjects = ["field", "attribute", "resource"] as const;
/** Everything that says what must be true of a value. */
export const operators = [
  "exists",
  "equals",
  ...bounds,
  "contains_any",
  "contains_all",
  "words_any",
  "starts_with",
  "ends_with",
  "matches",
  "min_bytes",
  "max_bytes",
] as const;

const numberOperators: readonly string[] = ["exists", "equals", ...bounds];
const textOperators: readonly string[] = operators.filter((name) => !bounds.some((bound) => bound === name));

function faultsOf(condition: ConditionConfig): FaultAt[] {
  const given = (names: readonly (keyof ConditionConfig)[]) => names.filter((name) => condition[name] !== undefined);
  const heads = given([...combinations, ...subjects]);
  if (heads.length !== 1) {
    const found = heads.length === 0 ? "none" : heads.join(" and ");
    return [{ path: [], message: `needs exactly one of ${[...combinations, ...subjects].join(", ")}, got ${found}` }];
  }
  const found = given(operators);
  const isCombination = (combinations as readonly string[]).includes(heads[0]!);
  if (isCombination) {
    const stray = given([...operators, "json_path", "key", "case_sensitive"]);
    return stray.map((name) => ({ path: [name], message: `needs a field, attribute or resource beside it` }));
  }
  if (found.length === 0) {
    return [{ path: [], message: `needs at least one of ${operators.join(", ")}, got none` }];
  }
  if (condition.exists === false && found.length > 1) {
    return [{ path: ["exists"], message: `must stand alone, got ${found.slice(1).join(" and ")} beside it` }];
  }
  return subjectFaults(condition, found);
}

function subjectFaults(condition: ConditionConfig, found: readonly string[]): FaultAt[] {
  const type = condition.field === undefined ? undefined : fieldTypes.get(condition.field);
  const faults: FaultAt[] = [];
  const subject = condition.field ?? "";
  if (type === "map" && condition.key === undefined) {
    faults.push({ path: ["field"], message: `needs a key beside it, as in key: environment, got "${subject}"` });
  }
  if (type !== "map" && condition.key !== undefined) {
    faults.push({ path: ["key"], message: "is only for the field Tags" });
  }
  if (condition.json_path !== undefined && ((type !== undefined && type !== "text") || condition.resource)) {
    faults.push({ path: ["json_path"], message: "is only for fields that hold texts, and for attributes of spans" });
  }
  if (type !== undefined && condition.json_path === undefined) faults.push(...operatorFaults(subject, type, found));
  return [...faults, ...boundFaults(condition, type)];
}

function operatorFaults(subject: string, type: FieldType, found: readonly string[]): FaultAt[] {
  const allowed = type === "number" || type === "duration" ? numberOperators : textOperators;
  return found
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      path: [name],
      message: `does not go with ${subject}, which ${allowed === numberOperators ? "is a number" : "holds text"}; it takes ${allowed.join(", ")}`,
    }));
}

/** Durations say their unit, so that nobody takes nanoseconds for milliseconds; everything else is a plain number. */
function boundFaults(condition: ConditionConfig, type: FieldType | undefined): FaultAt[] {
  const given = [...bounds, "equals" as const].filter((name) => condition[name] !== undefined);
  return given.flatMap((name) => {
    const values = [condition[name]].flat();
    if (type === "duration") {
      const isDuration = (value: unknown) => typeof value === "string" && parseDurationMs(value) !== undefined;
      return values.every(isDuration) ? [] : [{ path: [name], message: "must be a duration such as 200ms, 5s or 1h" }];
    }
    if (name === "equals" && type !== "number") return [];
    return values.every((value) => typeof value === "number") ? [] : [{ path: [name], message: "must be a number" }];
  });
}

import { z } from "zod";
import { patternText } from "../helper/pattern.ts";
import { fieldName, jsonPathText } from "./condition-config.ts";
import { fieldTypes } from "./fields.ts";
import { TextPattern } from "./text/text-pattern.ts";

/** What a number of arithmetic is: itself, or a value of the span. */
export type OperandConfig = number | ValueFromConfig;
type Operands = readonly [OperandConfig, OperandConfig];

/** A value that is read off the span, or computed of two such. */
export interface ValueFromConfig {
  readonly field?: string | undefined;
  readonly attribute?: string | undefined;
  readonly resource?: string | undefined;
  readonly key?: string | undefined;
  readonly json_path?: string | undefined;
  readonly matches?: string | undefined;
  readonly group?: string | number | undefined;
  readonly type?: SignalType | undefined;
  readonly add?: Operands | undefined;
  readonly subtract?: Operands | undefined;
  readonly multiply?: Operands | undefined;
  readonly divide?: Operands | undefined;
}

/** The categories of signals. */
export const signalTypes = ["boolean", "numerical", "categorical"] as const;
export type SignalType = (typeof signalTypes)[number];

const arithmetic = ["add", "subtract", "multiply", "divide"] as const;
export type Arithmetic = (typeof arithmetic)[number];
const subjects = ["field", "attribute", "resource"] as const;
const operand: z.ZodType<OperandConfig, OperandConfig> = z.lazy(() => z.union([z.number(), valueFromSchema]));
const operands = z.tuple([operand, operand]).optional();

const valueFromSchema: z.ZodType<ValueFromConfig, ValueFromConfig> = z
  .strictObject({
    field: fieldName.optional().describe("A canonical field; durations are milliseconds, a list gives its first text."),
    attribute: z.string().min(1).optional().describe("Key of an attribute of the span."),
    resource: z.string().min(1).optional().describe("Key of an attribute of the resource."),
    key: z.string().min(1).optional().describe("Which of a field's pairs: needed for Tags, and for nothing else."),
    json_path: jsonPathText
      .optional()
      .describe("Where in the text, which is JSON, the value stands; the first counts."),
    matches: patternText.optional().describe("A pattern in RE2 syntax: the value is what it matches first."),
    group: z
      .union([z.string().min(1), z.int().min(0)])
      .optional()
      .describe("Name or number of the group of the pattern that is the value. The whole match if left out."),
    type: z.enum(signalTypes).optional().describe("What a text is to become: true and false, or numbers, written out."),
    add: operands.describe("Two numbers or values to add."),
    subtract: operands.describe("Two numbers or values, the second subtracted from the first."),
    multiply: operands.describe("Two numbers or values to multiply."),
    divide: operands.describe("Two numbers or values, the first divided by the second; there is none by zero."),
  })
  .check((context) => {
    for (const { path, message } of faultsOf(context.value)) {
      context.issues.push({ code: "custom", message, input: context.value, path });
    }
  });

/** `value:` of a rule. */
export const valueSchema = z.union([z.boolean(), z.number(), z.string().max(8192), valueFromSchema]);
export type ValueConfig = z.output<typeof valueSchema>;

function faultsOf(config: ValueFromConfig): { readonly path: string[]; readonly message: string }[] {
  const given = (names: readonly (keyof ValueFromConfig)[]) => names.filter((name) => config[name] !== undefined);
  const heads = given([...subjects, ...arithmetic]);
  if (heads.length !== 1) {
    const found = heads.length === 0 ? "none" : heads.join(" and ");
    return [{ path: [], message: `needs exactly one of ${[...subjects, ...arithmetic].join(", ")}, got ${found}` }];
  }
  const faults: { path: string[]; message: string }[] = [];
  const type = config.field === undefined ? undefined : fieldTypes.get(config.field);
  if (subjects.every((subject) => subject !== heads[0])) {
    const stray = given(["key", "json_path", "matches", "group", "type"]);
    return stray.map((name) => ({ path: [name], message: `does not go with ${heads[0]}` }));
  }
  if ((type === "map") !== (config.key !== undefined)) {
    faults.push({ path: ["key"], message: "is needed for the field Tags, and is for nothing else" });
  }
  if (config.json_path !== undefined && ((type !== undefined && type !== "text") || config.resource)) {
    faults.push({ path: ["json_path"], message: "is only for fields that hold texts, and for attributes of spans" });
  }
  if (config.group !== undefined && config.matches === undefined) {
    faults.push({ path: ["group"], message: "needs matches beside it" });
  } else if (config.group !== undefined && !hasGroup(config.matches!, config.group)) {
    faults.push({ path: ["group"], message: "must be the name or number of a group of matches" });
  }
  return faults;
}

function hasGroup(pattern: string, group: string | number): boolean {
  try {
    return TextPattern.hasGroup(pattern, group);
  } catch {
    // The syntax is reported at `matches` itself.
    return true;
  }
}

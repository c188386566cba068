import type { Condition, Source } from "./dialect.ts";

/** What a source is, in words and Markdown. */
export function describeSource(source: Source): string {
  if (typeof source === "string") return code(source);
  if ("event" in source) {
    if (source.attribute === undefined) return `time of the event ${code(source.event)}`;
    return `${code(path(source.attribute, source.path))} of the event ${code(source.event)}`;
  }
  if ("attribute" in source) return attributeText(source);
  if ("prefix" in source) return code(`${source.prefix}*`);
  if ("attributes" in source) return pairs(source.attributes);
  if ("resources" in source) return `of the resource ${pairs(source.resources)}`;
  if ("resource" in source) return `${code(source.resource)} of the resource`;
  if ("scope" in source) return source.scope === "name" ? "name of the scope" : `${code(source.scope)} of the scope`;
  if ("indexed" in source) return code(`${source.indexed}N.*`);
  if ("messageEvents" in source) return `messages in events ${source.messageEvents.map(code).join(", ")}`;
  if ("spanName" in source) return `name of the span (${meanings(source.spanName)})`;
  return `always ${code(source.constant)}`;
}

function attributeText(source: Extract<Source, { attribute: string }>): string {
  const {
    attribute,
    path: steps,
    sum,
    after,
    until,
    unit,
    values,
  } = source as Extract<Source, { attribute: string; values?: unknown }>;
  const notes = [
    sum === undefined ? "" : `the sum of ${sum.map(code).join(" and ")}`,
    after === undefined ? "" : `behind ${code(after)}`,
    until === undefined ? "" : `before ${code(until)}`,
    unit === undefined ? "" : unit === "time" ? "an instant" : `in ${unit}`,
    values === undefined ? "" : meanings(values),
  ].filter((note) => note !== "");
  return code(path(attribute, steps)) + (notes.length === 0 ? "" : ` (${notes.join("; ")})`);
}

function path(attribute: string, steps: readonly (string | number)[] | undefined): string {
  return steps === undefined || steps.length === 0 ? attribute : `${attribute} → ${steps.join(".")}`;
}

function pairs(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, key]) => `${name} from ${code(key)}`)
    .join(", ");
}

/** Values that mean the same stand together. */
function meanings(values: Readonly<Record<string, string>>): string {
  const sent = new Map<string, string[]>();
  for (const [value, meaning] of Object.entries(values)) sent.set(meaning, [...(sent.get(meaning) ?? []), value]);
  return [...sent].map(([meaning, texts]) => `${texts.map(code).join(", ")}: ${meaning}`).join("; ");
}

/** When a condition holds, in words and Markdown; stands behind "if". */
export function describeCondition(condition: Condition, isInner = false): string {
  if ("attribute" in condition) return comparison(code(condition.attribute), condition.equals);
  if ("resource" in condition) return comparison(`the resource's ${code(condition.resource)}`, condition.equals);
  if ("scope" in condition) return `the scope is ${anyOf(condition.scope)}`;
  if ("spanName" in condition) return `the span is named ${anyOf(condition.spanName)}`;
  if ("not" in condition) return `not (${describeCondition(condition.not)})`;
  const [parts, word] = "all" in condition ? [condition.all, " and "] : [condition.any, " or "];
  const text = parts.map((part) => describeCondition(part, true)).join(word);
  return isInner && parts.length > 1 ? `(${text})` : text;
}

function comparison(what: string, equals: readonly string[] | undefined): string {
  return equals === undefined ? `it has ${what}` : `${what} is ${anyOf(equals)}`;
}

function anyOf(texts: readonly string[]): string {
  return texts.map(code).join(" or ");
}

function code(text: string): string {
  return `\`${text}\``;
}

import type { z } from "zod";
import { enumeration } from "./issues.ts";
import { coreOf, definitionOf, layersOf, metaOf, optionsOf, type Schema } from "./schema.ts";

/** How the documentation calls what a schema accepts: `duration`, `list of strings`, `whole number, 1 or more`. */
export function typeText(schema: Schema): string {
  const { typeName, secret } = metaOf(schema);
  if (typeName !== undefined) return typeName;
  if (secret === true) return "secret string";
  const options = optionsOf(schema);
  const texts = new Set(options.length > 0 ? options.map(typeText) : [coreText(coreOf(schema))]);
  if (layersOf(schema).some((layer) => definitionOf(layer).type === "nullable")) texts.add("null");
  return [...texts].join(" or ");
}

function coreText(schema: Schema): string {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "string":
      return "string";
    case "number":
      return `${isWhole(schema) ? "whole number" : "number"}${boundsText(schema)}`;
    case "boolean":
      return "true or false";
    case "enum":
      return enumeration(Object.values(definition.entries).map((value) => `\`${value}\``));
    case "literal":
      return enumeration(definition.values.map((value) => `\`${String(value)}\``));
    case "array":
      return `list of ${plural(typeText(definition.element))}`;
    case "record":
      return `map of ${plural(typeText(definition.valueType))}`;
    case "object":
      return "map";
    case "null":
      return "null";
    default:
      return "any value";
  }
}

const plurals: Readonly<Record<string, string>> = {
  "any value": "any values",
  duration: "durations",
  map: "maps",
  "secret string": "secret strings",
  size: "sizes",
  string: "strings",
};

function plural(text: string): string {
  return plurals[text] ?? `(${text})`;
}

function isWhole(schema: Schema): boolean {
  const definition = definitionOf(schema);
  return definition.type === "number" && "format" in definition && String(definition.format).includes("int");
}

/** `, 1 or more`, `, 0 to 65535`; nothing for a number without bounds. */
function boundsText(schema: Schema): string {
  const checks = (definitionOf(schema).checks ?? []).map((check) => check._zod.def);
  const low = checks.filter((check) => check.check === "greater_than").map((check) => check as Bound)[0];
  const high = checks.filter((check) => check.check === "less_than").map((check) => check as Bound)[0];
  if (low?.inclusive && high?.inclusive) return `, ${low.value} to ${high.value}`;
  const lowText = low === undefined ? "" : low.inclusive ? `, ${low.value} or more` : `, more than ${low.value}`;
  const highText = high === undefined ? "" : high.inclusive ? `, ${high.value} or less` : `, less than ${high.value}`;
  return lowText + highText;
}

type Bound = z.core.$ZodCheckGreaterThanDef | z.core.$ZodCheckLessThanDef;

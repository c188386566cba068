import type { Source } from "./dialect.ts";

/** How a source is named to people: `gen_ai.usage.input_tokens`, `ai.usage.details[input]`, `event exception: type`. */
export function sourceText(source: Source): string {
  if (typeof source === "string") return source;
  if ("event" in source) {
    return source.attribute === undefined
      ? `time of event ${source.event}`
      : `event ${source.event}: ${source.attribute}${pathText(source.path)}`;
  }
  if ("attribute" in source) {
    const sum = source.sum === undefined ? "" : ` (${source.sum.join(" + ")})`;
    return source.attribute + pathText(source.path) + sum;
  }
  if ("prefix" in source) return `${source.prefix}*`;
  if ("attributes" in source) return Object.values(source.attributes).join(", ");
  if ("resource" in source) return `resource ${source.resource}`;
  if ("resources" in source) return `resource ${Object.values(source.resources).join(", ")}`;
  if ("scope" in source) return `scope ${source.scope}`;
  if ("indexed" in source) return `${source.indexed}*`;
  if ("messageEvents" in source) return `events ${source.messageEvents.join(", ")}`;
  return "spanName" in source ? "span name" : `constant ${source.constant}`;
}

function pathText(path: readonly (string | number)[] | undefined): string {
  return path === undefined ? "" : `[${path.join(".")}]`;
}

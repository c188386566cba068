import type { AttributeValue } from "../../pipeline/span-batch/value.ts";

/** A value as text: strings as they are, bytes in base64, lists and maps as JSON, nothing as "". */
export function attributeText(value: AttributeValue): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "object" ? jsonOf(value) : String(value);
}

function jsonOf(value: AttributeValue): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(attributeText(value));
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (value instanceof Map) {
    return `{${Array.from(value, ([key, item]) => `${JSON.stringify(key)}:${jsonOf(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

import { TupleParam } from "@clickhouse/client";

/*
 * Values of parameters as the server reads them (`param_name` of its HTTP interface): as in a line of format TabSeparated,
 * and within arrays as literals.
 */

const escapes: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "'": "\\'",
  "\\": "\\\\",
};

function escaped(text: string): string {
  return text.replaceAll(/[\t\n\r'\\]/g, (character) => escapes[character]!);
}

/**
 * The text of a parameter.
 *
 * @throws {TypeError} a value that is no text, number, boolean, null, or array or tuple of these
 */
export function parameterText(value: unknown): string {
  if (value === null || value === undefined) return "\\N";
  if (typeof value === "string") return escaped(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  return literal(value);
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(",")}]`;
  if (value instanceof TupleParam) return `(${value.values.map(literal).join(",")})`;
  if (typeof value === "string") return `'${escaped(value)}'`;
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number") throw new TypeError(`a parameter cannot be ${typeof value}`);
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+inf" : "-inf";
}

/*
 * Attributes are stored as texts; the letters of `TypePatterns` (exporters/clickhouse/encode/type-pattern.ts) beside them
 * say what they were.
 */

/**
 * Turns texts back into values for JSON. Integers past 2^53 and numbers that JSON does not know (NaN) stay texts, bytes are
 * base64.
 *
 * @param types a letter per entry; "": all are strings
 */
export function attributeValues(
  keys: readonly string[],
  values: readonly string[],
  types: string,
): ReadonlyMap<string, unknown> {
  return new Map(keys.map((key, index) => [key, attributeValue(values[index]!, types[index] ?? "s")]));
}

function attributeValue(text: string, type: string): unknown {
  switch (type) {
    case "n":
      return null;
    case "b":
      return text === "true";
    case "i":
    case "d":
      return numberOf(text, type);
    case "a":
    case "m":
      return documentOf(text);
    default:
      return text;
  }
}

function numberOf(text: string, type: "i" | "d"): number | string {
  const value = Number(text);
  return type === "i" ? (Number.isSafeInteger(value) ? value : text) : Number.isFinite(value) ? value : text;
}

/** Rows that other programs have written may say that a text is JSON which is none. */
function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

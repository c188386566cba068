/** A ClickHouse type as a tree: its name, and what stands in its parentheses. */
export interface NativeType {
  readonly name: string;
  /** Types within, of Array, Nullable, LowCardinality, Map and Tuple. */
  readonly inner: readonly NativeType[];
  /** A whole number within: bytes of a FixedString, decimal places of a DateTime64. */
  readonly size: number;
}

const wrappers = new Set(["Array", "Nullable", "LowCardinality", "Map", "Tuple", "SimpleAggregateFunction"]);

/**
 * Reads a type such as `Array(Map(LowCardinality(String), String))`.
 *
 * @throws {RangeError} unbalanced parentheses
 */
export function parseNativeType(text: string): NativeType {
  const match = /^(\w+)(?:\((.*)\))?$/s.exec(text.trim());
  if (match === null) throw new RangeError(`native type "${text}" cannot be read`);
  const [, name, within] = match;
  const parts = within === undefined ? [] : splitArguments(within);
  if (name === "SimpleAggregateFunction") return parseNativeType(parts[1] ?? "");
  if (wrappers.has(name!)) return { name: name!, inner: parts.map(parseNativeType), size: 0 };
  return { name: name!, inner: [], size: Number.parseInt(parts[0] ?? "0", 10) || 0 };
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

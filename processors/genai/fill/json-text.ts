/** A value from JSON text; undefined where it is none, or is larger than `maxLength`. */
export function parsedJson(text: string, maxLength: number): unknown {
  if (text.length > maxLength) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** JSON text of a value that came from JSON; undefined where it is nested so deep that it cannot be written. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.parse does not recurse, JSON.stringify does: what a sender has nested deep enough ends the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

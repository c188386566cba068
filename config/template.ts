/** A piece of a text: literal, or `${...}` with the pieces between the braces. */
export type Part = string | Reference;

export interface Reference {
  readonly parts: readonly Part[];
  /** References around this one. */
  readonly depth: number;
}

// `$$` first: `$${A}` is the text `${A}`.
const token = /\$\$|\$\{|\}/g;

/**
 * Takes a text apart into literals and `${...}` references, which may stand in each other.
 * `$$` is a dollar sign, a `$` before anything else is itself, and so is `${` without its brace.
 */
export function parseTemplate(text: string): readonly Part[] {
  const open: Part[][] = [[]];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    append(open.at(-1)!, text.slice(end, index));
    end = index + found.length;
    if (found === "$$") append(open.at(-1)!, "$");
    else if (found === "${") open.push([]);
    else if (open.length === 1) append(open[0]!, "}");
    else {
      const parts = open.pop()!;
      append(open.at(-1)!, { parts, depth: open.length - 1 });
    }
  }
  append(open.at(-1)!, text.slice(end));
  return open.reduce((outer, unclosed) => {
    append(outer, "${");
    for (const part of unclosed) append(outer, part);
    return outer;
  });
}

function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (typeof last === "string" && typeof part === "string") parts[parts.length - 1] = last + part;
  else if (part !== "") parts.push(part);
}

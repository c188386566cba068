import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";

/** A member's name, a position (negative ones from the end), or every member. */
type Step = string | number | typeof every;
const every = Symbol("every");

/** JSON, or an attribute's value: both have lists, maps and scalars. */
export type Tree = AttributeValue | { readonly [key: string]: Tree } | readonly Tree[] | undefined;

/** A string, a number or a boolean: what conditions compare and signals hold. */
export type Scalar = string | number | boolean;

/** Values that one path may select of one text. */
const maxSelected = 1_000;
const maxSteps = 32;
const stepPattern = /\.(\*|[\p{L}_$][\p{L}\p{N}_$-]*)|\[(\*|-?\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]|\['([^'\\]*)'\]/uy;

/**
 * A path into JSON: `$.choices[0].message.content`, `$.parts[*].text`, `$[-1]["a key"]`. `$` may be left out before a
 * dot or bracket; `[-1]` is the last element; `[*]` and `.*` are every element or member.
 */
export class JsonPath {
  readonly #steps: readonly Step[];

  /** @throws {Error} says what a path must look like, and where this one ends to */
  constructor(text: string) {
    this.#steps = parse(text);
  }

  /** The scalars that the path leads to, in the order of the text. */
  scalars(root: Tree): Scalar[] {
    const found: Scalar[] = [];
    for (const value of this.#select(root)) {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") found.push(value);
      else if (typeof value === "bigint") found.push(Number(value));
    }
    return found;
  }

  /** Whether the path leads to anything but null. */
  leadsTo(root: Tree): boolean {
    return this.#select(root).some((value) => value !== null);
  }

  #select(root: Tree): readonly Tree[] {
    let selected: Tree[] = [root];
    for (const step of this.#steps) {
      selected = selected.flatMap((value) => childrenAt(value, step)).slice(0, maxSelected);
    }
    return selected;
  }
}

function childrenAt(value: Tree, step: Step): readonly Tree[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  if (Array.isArray(value)) {
    if (step === every) return value;
    const found = typeof step === "number" ? (value as readonly Tree[]).at(step) : undefined;
    return found === undefined ? [] : [found];
  }
  if (value instanceof Map) {
    if (step === every) return [...value.values()];
    const found = value.get(String(step));
    return found === undefined ? [] : [found];
  }
  if (step === every) return Object.values(value);
  return Object.hasOwn(value, step) ? [(value as Record<string, Tree>)[step]] : [];
}

function parse(text: string): Step[] {
  const steps: Step[] = [];
  let at = text.startsWith("$") ? 1 : 0;
  while (at < text.length) {
    stepPattern.lastIndex = at;
    const found = stepPattern.exec(text);
    if (found === null || steps.length === maxSteps) {
      const place =
        steps.length === maxSteps ? `has more than ${maxSteps} steps` : `is not understood from ${at + 1} on`;
      throw new Error(`must be a path such as $.choices[0].message.content or $[*].text; it ${place}`);
    }
    steps.push(stepOf(found));
    at = stepPattern.lastIndex;
  }
  if (text === "") throw new Error("must be a path such as $.choices[0].message.content or $[*].text; it is empty");
  return steps;
}

function stepOf([, member, position, quoted, single]: RegExpExecArray): Step {
  if (member === "*" || position === "*") return every;
  if (position !== undefined) return Number(position);
  if (quoted !== undefined) return JSON.parse(`"${quoted}"`) as string;
  return member ?? single ?? "";
}

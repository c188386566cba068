import { type Path, pathKey } from "./problems.ts";

/** A map of the configuration. */
export type Mapping = Record<string, unknown>;

/** A value that stood for a text (`${env:PORT}`, `--set a=1`): string fields take the text, all others the value. */
export class Expanded {
  /** The text read as YAML; never a string, because a string is its own text. */
  readonly value: unknown;
  readonly text: string;

  constructor(value: unknown, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** The texts of a tree's expanded values, by where they stand. */
export class Texts {
  readonly #texts = new Map<string, string>();

  set(path: Path, text: string): void {
    this.#texts.set(pathKey(path), text);
  }

  at(path: Path): string | undefined {
    return this.#texts.get(pathKey(path));
  }
}

/** Whether `value` is a map, and not a list, scalar or expanded value. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Expanded);
}

/** The tree with the value in place of each expanded one; their texts go to `texts`. */
export function collapse(tree: unknown, texts: Texts, path: Path = []): unknown {
  if (tree instanceof Expanded) {
    texts.set(path, tree.text);
    return collapse(tree.value, texts, path);
  }
  if (Array.isArray(tree)) return tree.map((item, index) => collapse(item, texts, [...path, index]));
  if (!isMapping(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, collapse(item, texts, [...path, key])]));
}

/** What stands at `path`, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isMapping(value) && Object.hasOwn(value, key)) value = value[String(key)];
    else return undefined;
  }
  return value;
}

/** A copy of the tree with `value` at `path`, which exists; undefined removes a key. */
export function withValueAt(tree: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(tree)) return tree.with(Number(key), withValueAt(tree[Number(key)], rest, value));
  if (!isMapping(tree)) return tree;
  const changed = withValueAt(tree[String(key)], rest, value);
  const others = Object.entries(tree).map(([name, item]) => [name, name === key ? changed : item] as const);
  return Object.fromEntries(others.filter(([name, item]) => name !== key || item !== undefined));
}

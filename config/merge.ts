import { type Path, pathKey } from "./problems.ts";
import { isMapping, type Mapping } from "./tree.ts";

/** Lays `over` on `base`: maps merge key by key; everything else, null included, replaces. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over;
  const merged: Mapping = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(base, key) ? merge(base[key], value) : value;
  }
  return merged;
}

/** Remembers which source said what, so that a problem can name it. */
export class Origins {
  readonly #sources = new Map<string, string>();

  /** Notes that `source` holds `tree`; a later source takes over what it says again. */
  record(tree: unknown, source: string, path: Path = []): void {
    this.#sources.set(pathKey(path), source);
    if (Array.isArray(tree)) {
      for (const [index, item] of tree.entries()) this.record(item, source, [...path, index]);
    } else if (isMapping(tree)) {
      for (const [key, item] of Object.entries(tree)) this.record(item, source, [...path, key]);
    }
  }

  /** The source that holds `path`, or the map in which it is missing. */
  of(path: Path): string | undefined {
    for (let length = path.length; length >= 0; length--) {
      const source = this.#sources.get(pathKey(path.slice(0, length)));
      if (source !== undefined) return source;
    }
    return undefined;
  }
}

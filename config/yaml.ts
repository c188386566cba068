import { isMap, isScalar, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { messageOf } from "../pipeline/errors.ts";
import type { LoadLimits } from "./limits.ts";
import { isMapping, type Mapping } from "./tree.ts";

/** What a YAML text says, or why it says nothing. */
export interface ParsedYaml {
  /** Maps are plain objects, lists are arrays, nothing is shared; undefined when there are errors. */
  readonly value: unknown;
  /** Messages with line and column, without any text of the source. */
  readonly errors: readonly string[];
  /** Whether the text is YAML but for keys that are written twice. */
  readonly duplicateKeys: boolean;
}

/** Parses one YAML 1.2 document with merge keys; finds every duplicate key. */
export function parseYaml(text: string, limits: LoadLimits): ParsedYaml {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: "error",
      merge: true,
      prettyErrors: false,
      // Found below instead, with the name of the key and both lines.
      uniqueKeys: false,
    });
    if (document.errors.length > 0) return failed(document.errors.map((error) => describe(error, lines)));
    const faults = keyFaults(document, lines);
    if (faults.length > 0) return { ...failed(faults), duplicateKeys: true };
    const value = document.toJS({ maxAliasCount: limits.maxAliases });
    return { value: new Copier(limits).copy(value, 0), errors: [], duplicateKeys: false };
  } catch (error) {
    return failed([refusal(error)]);
  }
}

function failed(errors: readonly string[]): ParsedYaml {
  return { value: undefined, errors, duplicateKeys: false };
}

/** The library's sentence without what it quotes: the rest of a line may hold a password. */
function describe(error: YAMLError, lines: LineCounter): string {
  const { line, col } = lines.linePos(error.pos[0]);
  if (error.code === "MULTIPLE_DOCS") return `line ${line}: holds a second YAML document, only one is read`;
  const sentence = error.message.replace(/: ".*$/s, "").replace(/\.$/, "");
  return `line ${line}, column ${col}: invalid YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

/** Stack overflow of the parser, an alias bomb, or one of our own bounds. */
function refusal(error: unknown): string {
  if (error instanceof BoundError) return error.message;
  if (error instanceof RangeError) return "invalid YAML: nested too deeply";
  if (error instanceof ReferenceError) return "invalid YAML: its aliases expand to too much, or name no anchor";
  return `invalid YAML: ${messageOf(error).replace(/: ".*$/s, "")}`;
}

function keyFaults(document: Parameters<typeof visit>[0], lines: LineCounter): string[] {
  const faults: string[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Map<string, number>();
      for (const { key } of map.items) {
        const line = lines.linePos(rangeStart(key)).line;
        if (!isScalar(key)) {
          faults.push(`line ${line}: a key must be a string, got ${isMap(key) ? "a map" : "a list or alias"}`);
          continue;
        }
        const name = String(key.value);
        const first = seen.get(name);
        if (name === "__proto__") faults.push(`line ${line}: key "__proto__" is not allowed`);
        if (first === undefined) seen.set(name, line);
        else faults.push(`line ${line}: key "${name}" is written twice, first at line ${first}`);
      }
    },
  });
  return faults;
}

function rangeStart(node: unknown): number {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? 0;
}

class BoundError extends Error {}

/** Copies a tree, so that aliases share nothing, within the bounds. */
class Copier {
  readonly #limits: LoadLimits;
  #values = 0;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  copy(value: unknown, depth: number): unknown {
    const { maxDepth, maxValues } = this.#limits;
    if (depth > maxDepth) throw new BoundError(`nested deeper than ${maxDepth} levels`);
    if (++this.#values > maxValues) throw new BoundError(`holds more than ${maxValues} values`);
    if (Array.isArray(value)) return value.map((item) => this.copy(item, depth + 1));
    if (!isMapping(value)) return value;
    const copy: Mapping = {};
    for (const [key, item] of Object.entries(value)) copy[key] = this.copy(item, depth + 1);
    return copy;
  }
}

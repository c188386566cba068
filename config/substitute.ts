import type { LoadLimits } from "./limits.ts";
import { type Path, pathKey } from "./problems.ts";
import { redactText } from "./redact-text.ts";
import { parseUri, retrieve, SourceError } from "./sources.ts";
import { type Part, parseTemplate, type Reference } from "./template.ts";
import { Expanded, isMapping } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

/** What substitution finds besides values. */
export interface SubstitutionFindings {
  readonly problems: { readonly path: Path; readonly message: string }[];
  readonly warnings: { readonly path: Path; readonly message: string }[];
}

/** A reference that cannot be replaced; stops the text it stands in, not the rest of the configuration. */
class ReferenceFault extends Error {}

/** Replaces the `${...}` references of a tree. Keys are left as they are. */
export class Substitution implements SubstitutionFindings {
  readonly problems: { path: Path; message: string }[] = [];
  readonly warnings: { path: Path; message: string }[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #limits: LoadLimits;
  /** Files and addresses are read once, however often they are referred to. */
  readonly #retrieved = new Map<string, Promise<string | undefined>>();
  #references = 0;
  #path: Path = [];

  constructor(env: NodeJS.ProcessEnv, limits: LoadLimits) {
    this.#env = env;
    this.#limits = limits;
  }

  /** The tree with every reference replaced; a text that cannot be replaced becomes null and a problem. */
  async apply(tree: unknown, path: Path = []): Promise<unknown> {
    if (typeof tree === "string") return this.#applyText(tree, path);
    return this.#applyInside(tree, (item, key) => this.apply(item, [...path, key]));
  }

  async #applyInside(tree: unknown, apply: (item: unknown, key: PropertyKey) => Promise<unknown>): Promise<unknown> {
    // One after the other: two references at once would mix up the path that warnings name.
    if (Array.isArray(tree)) {
      const items: unknown[] = [];
      for (const [index, item] of tree.entries()) items.push(await apply(item, index));
      return items;
    }
    if (!isMapping(tree)) return tree;
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(tree)) entries.push([key, await apply(item, key)]);
    return Object.fromEntries(entries);
  }

  async #applyText(text: string, path: Path): Promise<unknown> {
    this.#path = path;
    this.#warnOfBareNames(text);
    try {
      return await this.#expand(text, 0);
    } catch (error) {
      if (!(error instanceof ReferenceFault)) throw error;
      this.problems.push({ path, message: error.message });
      return null;
    }
  }

  /** `$NAME` was replaced by former Collectors; who sets the variable means it. */
  #warnOfBareNames(text: string): void {
    for (const [, name] of text.matchAll(/(?<!\$)\$([a-zA-Z_]\w*)/g)) {
      if (!Object.hasOwn(this.#env, name!)) continue;
      this.warnings.push({ path: this.#path, message: `$${name} is left as it is, write \${env:${name}}` });
    }
  }

  /** The paths whose values are unknown, because a reference in them could not be replaced. */
  get failedPaths(): ReadonlySet<string> {
    return new Set(this.problems.map(({ path }) => pathKey(path)));
  }

  async #expand(text: string, depth: number): Promise<unknown> {
    if (!text.includes("$")) return text;
    const parts = parseTemplate(text);
    const [only] = parts;
    if (parts.length === 1 && typeof only === "object") return this.#valueOf(only, depth);
    return this.#concatenate(parts, depth);
  }

  async #concatenate(parts: readonly Part[], depth: number): Promise<string> {
    let text = "";
    for (const part of parts) {
      text += typeof part === "string" ? part : await this.#textOf(part, depth);
      if (text.length > this.#limits.maxSourceBytes) {
        throw new ReferenceFault(`expands to more than ${this.#limits.maxSourceBytes} characters`);
      }
    }
    return text;
  }

  /** What a reference inside a longer text stands for. */
  async #textOf(reference: Reference, depth: number): Promise<string> {
    const value = await this.#valueOf(reference, depth);
    if (typeof value === "string") return value;
    if (value instanceof Expanded && !isTree(value.value)) return value.text;
    throw new ReferenceFault(
      "a reference inside a longer text must stand for a string, number or boolean, got a map or list",
    );
  }

  /** What a reference that is the whole text stands for. */
  async #valueOf(reference: Reference, depth: number): Promise<unknown> {
    const { maxReferenceDepth, maxReferences } = this.#limits;
    if (depth + reference.depth >= maxReferenceDepth) {
      throw new ReferenceFault(`references are nested deeper than ${maxReferenceDepth}, or refer to themselves`);
    }
    if (++this.#references > maxReferences) throw new ReferenceFault(`more than ${maxReferences} references`);
    const uri = await this.#concatenate(reference.parts, depth);
    const text = await this.#retrieve(uri);
    if (text === undefined) {
      const name = uri.replace(/^env:/, "");
      this.warnings.push({
        path: this.#path,
        message: `environment variable "${name}" is not set`,
      });
      return new Expanded(null, "");
    }
    // An empty default is an empty string; an empty variable or file is nothing, as in YAML.
    if (text === "") return uri.endsWith(":-") ? "" : new Expanded(null, "");
    return this.#interpret(text, depth + 1);
  }

  async #interpret(text: string, depth: number): Promise<unknown> {
    const parsed = parseYaml(text, this.#limits);
    if (parsed.duplicateKeys) throw new ReferenceFault(parsed.errors.join("; "));
    // No YAML, or a plain string: the text itself, with its quotes and `#`.
    if (parsed.errors.length > 0 || typeof parsed.value === "string") return this.#expand(text, depth);
    const expand = async (item: unknown): Promise<unknown> =>
      typeof item === "string" ? this.#expand(item, depth) : this.#applyInside(item, expand);
    return new Expanded(await expand(parsed.value), text);
  }

  #retrieve(reference: string): Promise<string | undefined> {
    const known = this.#retrieved.get(reference);
    if (known !== undefined) return known;
    const retrieved = this.#read(reference);
    this.#retrieved.set(reference, retrieved);
    return retrieved;
  }

  async #read(reference: string): Promise<string | undefined> {
    try {
      const uri = isDefaulted(reference) ? ({ scheme: "env", value: reference } as const) : parseUri(reference, "env");
      const text = await retrieve(uri, this.#env, this.#limits);
      // Editors end files with a line break, which is no part of a password or a token.
      return uri.scheme === "file" ? text?.replace(/\r?\n$/, "") : text;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new ReferenceFault(`cannot replace \${${nameOf(reference)}}: ${error.message}`, { cause: error });
    }
  }
}

/** `${NAME:-default}`: the colon belongs to the default, not to a scheme. */
function isDefaulted(reference: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*:-/.test(reference);
}

/** A reference without its default or inline text, which may be a secret. */
function nameOf(reference: string): string {
  if (reference.startsWith("yaml:")) return "yaml:...";
  return redactText(reference.split(":-", 1)[0]!);
}

function isTree(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

import { grown } from "../../../pipeline/span-batch/grow.ts";
import type { Condition, Dialect, Source } from "../dialect.ts";

/** What the rules of all dialects look at. */
export interface Terms {
  /** Keys of span attributes. */
  readonly keys: Set<string>;
  /** Beginnings of keys of span attributes. */
  readonly prefixes: Set<string>;
  /** Patterns of scopes' and spans' names. */
  readonly scopes: Set<string>;
  readonly names: Set<string>;
  /** Keys of resource attributes whose values are compared, and of those that are taken over. */
  readonly resourceTests: Set<string>;
  readonly resourceSources: Set<string>;
}

/** Collects what `dialects` look at. */
export function termsOf(dialects: readonly Dialect[]): Terms {
  const terms: Terms = {
    keys: new Set(),
    prefixes: new Set(),
    scopes: new Set(),
    names: new Set(),
    resourceTests: new Set(),
    resourceSources: new Set(),
  };
  for (const { recognise, rules, system = [], usage = [], repeatsUsage, pending } of dialects) {
    for (const scope of recognise.scopes ?? []) terms.scopes.add(scope);
    for (const key of recognise.keys ?? []) addKey(terms, key);
    for (const condition of [recognise.when, repeatsUsage, pending]) addCondition(terms, condition);
    for (const rule of rules) {
      addCondition(terms, rule.when);
      for (const source of rule.sources) addSource(terms, source);
    }
    for (const source of system) addSource(terms, source);
    for (const { when } of usage) addCondition(terms, when);
  }
  return terms;
}

function addKey(terms: Terms, key: string): void {
  if (key.endsWith("*")) terms.prefixes.add(key.slice(0, -1));
  else terms.keys.add(key);
}

function addCondition(terms: Terms, condition: Condition | undefined): void {
  if (condition === undefined) return;
  if ("attribute" in condition) addKey(terms, condition.attribute);
  else if ("resource" in condition) terms.resourceTests.add(condition.resource);
  else if ("scope" in condition) for (const scope of condition.scope) terms.scopes.add(scope);
  else if ("spanName" in condition) for (const name of condition.spanName) terms.names.add(name);
  else if ("all" in condition) for (const part of condition.all) addCondition(terms, part);
  else if ("any" in condition) for (const part of condition.any) addCondition(terms, part);
  else addCondition(terms, condition.not);
}

function addSource(terms: Terms, source: Source): void {
  if (typeof source === "string") terms.keys.add(source);
  else if ("event" in source || "messageEvents" in source || "constant" in source || "scope" in source) return;
  else if ("attribute" in source) terms.keys.add(source.attribute);
  else if ("attributes" in source) for (const key of Object.values(source.attributes)) terms.keys.add(key);
  else if ("prefix" in source) terms.prefixes.add(source.prefix);
  else if ("indexed" in source) terms.prefixes.add(source.indexed);
  else if ("resource" in source) terms.resourceSources.add(source.resource);
  else if ("resources" in source) for (const key of Object.values(source.resources)) terms.resourceSources.add(key);
  else for (const name of Object.keys(source.spanName)) terms.names.add(name);
}

/** Symbols of the keys that begin with one prefix; more come in as keys are first seen. */
export class PrefixSymbols {
  #isMember = new Uint8Array(256);

  has(symbol: number): boolean {
    return this.#isMember[symbol] === 1;
  }

  add(symbol: number): void {
    if (symbol >= this.#isMember.length) this.#isMember = grown(this.#isMember, symbol * 2);
    this.#isMember[symbol] = 1;
  }
}

/**
 * Turns keys into symbols: small numbers, 0 for keys that no rule looks at. All keys of a family (`gen_ai.prompt.0.role`,
 * `gen_ai.prompt.1.role`), none of which is looked at by itself, are one symbol.
 */
export class Vocabulary {
  readonly #keys: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #memory: number;
  readonly #known = new Map<string, number>();
  #size = 1;
  readonly #withPrefix: ReadonlyMap<string, PrefixSymbols>;
  readonly #symbolOfKey = new Map<string, number>();
  readonly #symbolOfFamily = new Map<string, number>();

  /** @param memory keys of senders that are remembered */
  constructor(terms: Terms, memory: number) {
    this.#keys = terms.keys;
    this.#prefixes = [...terms.prefixes].sort();
    this.#memory = memory;
    this.#withPrefix = new Map(this.#prefixes.map((prefix) => [prefix, new PrefixSymbols()]));
    for (const key of terms.keys) this.#symbolOfKey.set(key, this.#add(this.#prefixesOf(key)));
  }

  /** Symbols so far; families are added when they are first seen. */
  get size(): number {
    return this.#size;
  }

  symbolOf(key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const symbol = this.#keys.has(key) ? this.#symbolOfKey.get(key)! : this.#familySymbol(this.#prefixesOf(key));
    if (this.#known.size >= this.#memory) this.#known.clear();
    this.#known.set(key, symbol);
    return symbol;
  }

  /** The symbol of a key that a rule names. */
  symbolOfTerm(key: string): number {
    return this.#symbolOfKey.get(key)!;
  }

  /** The symbols of keys with a prefix that a rule names. */
  withPrefix(prefix: string): PrefixSymbols {
    return this.#withPrefix.get(prefix)!;
  }

  #prefixesOf(key: string): string[] {
    return this.#prefixes.filter((prefix) => key.startsWith(prefix));
  }

  #familySymbol(prefixes: readonly string[]): number {
    if (prefixes.length === 0) return 0;
    const family = prefixes.join("\n");
    let symbol = this.#symbolOfFamily.get(family);
    if (symbol === undefined) {
      symbol = this.#add(prefixes);
      this.#symbolOfFamily.set(family, symbol);
    }
    return symbol;
  }

  #add(prefixes: readonly string[]): number {
    for (const prefix of prefixes) this.#withPrefix.get(prefix)!.add(this.#size);
    return this.#size++;
  }
}

import { randomBytes } from "node:crypto";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { repeatedText } from "../../../pipeline/span-batch/repeated-texts.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import type { Dialect, Source } from "../dialect.ts";
import type { Canonicaliser } from "../fill/canonicaliser.ts";
import { plainKinds } from "../general.ts";
import type { MessageReader } from "../message-reader.ts";
import type { Shape } from "./condition.ts";
import { JsonPathReader } from "./json-path.ts";
import type { Readers } from "./locate.ts";
import { type Plan, planFor } from "./plan.ts";
import type { SpanFacts } from "./span-facts.ts";
import { SymbolTable } from "./symbol-table.ts";
import { TextClasses } from "./text-pattern.ts";
import { type Terms, termsOf, Vocabulary } from "./vocabulary.ts";

// A secret: senders choose which attributes they send, and must not be able to choose shapes of one hash.
const seed = randomBytes(4).readUInt32LE() | 1;

export interface PlannerOptions {
  /** Keys, names and shapes that are remembered, each. */
  readonly memory: number;
  /** Bytes of a JSON text that is parsed. */
  readonly maxJsonBytes: number;
}

/** What resources of a class have in common. */
interface ResourceClass {
  /** Values of the attributes that conditions name. */
  readonly tested: readonly (string | undefined)[];
  /** Which of the attributes that sources name are there. */
  readonly present: readonly boolean[];
}
const noResource: ResourceClass = { tested: [], present: [] };

interface KnownPlan {
  readonly symbols: readonly number[];
  readonly surroundings: number;
  readonly plan: Plan;
  readonly next: KnownPlan | undefined;
}

/**
 * Finds the plan of a span. Spans whose attributes, scope, name and resource are alike to the rules are of one shape, and
 * a plan is made once per shape.
 */
export class Planner {
  readonly #dialects: readonly Dialect[];
  readonly #terms: Terms;
  readonly #vocabulary: Vocabulary;
  readonly #scopes: TextClasses;
  readonly #names: TextClasses;
  readonly #readers: Readers;
  readonly #canonicalisers = new Map<Source, Canonicaliser>();
  readonly #memory: number;
  readonly #resourceTests: readonly string[];
  readonly #resourceSources: readonly string[];
  /** What is told apart by resource, as text, numbered. */
  readonly #resourceClasses = new Map<string, number>();
  #resources: ResourceClass[] = [noResource];

  readonly #plans = new Map<number, KnownPlan>();
  #planCount = 0;
  #found = new Uint32Array(64);
  #scopeClasses: number[] = [];
  #resourceClass: number[] = [];

  constructor(dialects: readonly Dialect[], messages: MessageReader, { memory, maxJsonBytes }: PlannerOptions) {
    this.#dialects = dialects;
    this.#terms = termsOf(dialects);
    for (const key of [...plainKinds.http, ...plainKinds.database]) this.#terms.keys.add(key);
    this.#vocabulary = new Vocabulary(this.#terms, memory);
    this.#scopes = new TextClasses(this.#terms.scopes, memory);
    this.#names = new TextClasses(this.#terms.names, memory);
    this.#readers = {
      symbols: new SymbolTable(this.#vocabulary),
      json: new JsonPathReader(maxJsonBytes),
      messages,
      objects: new Map(),
    };
    this.#memory = memory;
    this.#resourceTests = [...this.#terms.resourceTests];
    this.#resourceSources = [...this.#terms.resourceSources];
  }

  /** Reads what spans of the batch share; says whether rules look at any of it. */
  begin(batch: SpanBatch, facts: SpanFacts): boolean {
    if (this.#resourceClasses.size > this.#memory) this.#forgetResources();
    const hasKeys = this.#readers.symbols.begin(batch);
    facts.begin(batch, this.#vocabulary.size);
    this.#scopeClasses = batch.scopes.map((scope) =>
      this.#scopes.classOf(repeatedText(batch.arena, scope.nameStart, scope.nameLength)),
    );
    this.#resourceClass = batch.resources.map((_, index) => this.#classOfResource(batch, index));
    if (hasKeys || this.#scopeClasses.some(Boolean) || this.#resourceClass.some(Boolean)) return true;
    return batch.events.length > 0 || !this.#names.isTrivial;
  }

  /** The plan of the span in `row`, whose attributes stand in `facts` then; undefined when no rule looks at it. */
  planOf(facts: SpanFacts, row: number): Plan | undefined {
    facts.beginSpan(row);
    const { batch, stamps, stamp, entryOf } = facts;
    const { keyIndexes, types } = batch.attributes;
    const symbolOfKey = this.#readers.symbols.ofKey;
    const found = this.#found;
    const end = batch.attributeEnd[row]!;
    let count = 0;
    let hash = 0;
    for (let entry = batch.attributeStart[row]!; entry < end; entry++) {
      const symbol = symbolOfKey[keyIndexes[entry]!]!;
      if (symbol === 0 || stamps[symbol] === stamp) continue;
      const type = types[entry];
      if (type === ValueType.DELETED || type === ValueType.EMPTY) continue;
      stamps[symbol] = stamp;
      entryOf[symbol] = entry;
      if (count < found.length) found[count] = symbol;
      count++;
      hash = (hash + Math.imul(Math.imul(symbol, seed) ^ (symbol << 16), seed)) | 0;
    }
    const surroundings = this.#surroundingsOf(batch, row);
    if (count === 0 && surroundings === 0) return undefined;
    if (count > found.length) this.#collect(facts, count);
    return this.#lookUp(facts, Math.imul(hash ^ surroundings, 0x85ebca6b), count, surroundings);
  }

  /** The classes of scope, name and resource, and whether there are events, in one number. */
  #surroundingsOf(batch: SpanBatch, row: number): number {
    const scope = this.#scopeClasses[batch.scopeIndex[row]!]!;
    const resource = this.#resourceClass[batch.resourceIndex[row]!]!;
    const name = this.#names.isTrivial ? 0 : this.#names.classOf(batch.names.text(batch.nameIndex[row]!));
    const hasEvents = batch.eventEnd[row]! > batch.eventStart[row]! ? 1 : 0;
    return ((resource * 4096 + scope) * 4096 + name) * 2 + hasEvents;
  }

  #collect(facts: SpanFacts, count: number): void {
    this.#found = new Uint32Array(count * 2);
    let at = 0;
    for (let symbol = 0; symbol < facts.stamps.length; symbol++) {
      if (facts.stamps[symbol] === facts.stamp) this.#found[at++] = symbol;
    }
  }

  #lookUp(facts: SpanFacts, hash: number, count: number, surroundings: number): Plan {
    const first = this.#plans.get(hash);
    for (let known = first; known !== undefined; known = known.next) {
      if (known.surroundings === surroundings && isShape(known.symbols, facts, count)) return known.plan;
    }
    const symbols = [...this.#found.subarray(0, count)];
    const plan = planFor(this.#shapeOf(facts, symbols), this.#dialects, this.#readers, this.#canonicalisers);
    if (this.#planCount >= this.#memory) {
      this.#plans.clear();
      this.#planCount = 0;
    }
    this.#planCount++;
    this.#plans.set(hash, { symbols, surroundings, plan, next: this.#plans.get(hash) });
    return plan;
  }

  #shapeOf(facts: SpanFacts, symbols: readonly number[]): Shape {
    const { batch, row } = facts;
    const scopeClass = this.#scopeClasses[batch.scopeIndex[row]!]!;
    const nameClass = this.#names.isTrivial ? 0 : this.#names.classOf(batch.names.text(batch.nameIndex[row]!));
    const resource = this.#resources[this.#resourceClass[batch.resourceIndex[row]!]!]!;
    return {
      hasEvents: batch.eventEnd[row]! > batch.eventStart[row]!,
      symbolOf: (key) => {
        const symbol = this.#vocabulary.symbolOfTerm(key);
        return facts.entry(symbol) >= 0 ? symbol : -1;
      },
      symbolsWith: (prefix) => symbols.filter((symbol) => this.#vocabulary.withPrefix(prefix).has(symbol)),
      matchesScope: (pattern) => this.#scopes.matches(scopeClass, pattern),
      matchesName: (pattern) => this.#names.matches(nameClass, pattern),
      hasResource: (key) => resource.present[this.#resourceSources.indexOf(key)] === true,
      resourceText: (key) => resource.tested[this.#resourceTests.indexOf(key)],
    };
  }

  #forgetResources(): void {
    this.#resourceClasses.clear();
    this.#resources = [noResource];
    this.#plans.clear();
    this.#planCount = 0;
  }

  #classOfResource(batch: SpanBatch, index: number): number {
    const { attributeStart, attributeEnd } = batch.resources[index]!;
    const { resourceAttributes: table, arena } = batch;
    const textOf = (key: string): string | undefined => {
      const keyIndex = table.keys.find(key);
      const entry = keyIndex < 0 ? -1 : table.find(attributeStart, attributeEnd, keyIndex);
      if (entry < 0) return undefined;
      return attributeText(readValue(arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!));
    };
    const tested = this.#resourceTests.map(textOf);
    const present = this.#resourceSources.map((key) => textOf(key) !== undefined);
    if (!present.includes(true) && tested.every((text) => text === undefined)) return 0;
    const key = JSON.stringify([tested, present]);
    let resourceClass = this.#resourceClasses.get(key);
    if (resourceClass === undefined) {
      resourceClass = this.#resources.push({ tested, present }) - 1;
      this.#resourceClasses.set(key, resourceClass);
    }
    return resourceClass;
  }
}

function isShape(symbols: readonly number[], facts: SpanFacts, count: number): boolean {
  if (symbols.length !== count) return false;
  for (let i = 0; i < count; i++) if (facts.stamps[symbols[i]!] !== facts.stamp) return false;
  return true;
}

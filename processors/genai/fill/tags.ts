import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import type { Candidate } from "../engine/candidate.ts";
import { type TakePair, valueFound } from "../engine/pairs.ts";
import { SignatureMemo } from "../engine/signature.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { jsonText, parsedJson } from "./json-text.ts";
import { textsFound } from "./list-filler.ts";

/** Characters of an object of tags as JSON text, at most. */
const maxObjectLength = 65_536;
/** Characters of a tag's value that are kept: it is there to be filtered by. */
const maxTagLength = 1_024;

/** The tags of a span, and which sources gave some. */
export interface GatheredTags {
  readonly tags: ReadonlyMap<string, string>;
  readonly sources: readonly Candidate[];
}

/** What spans of a shape have whose tags are those of their resource. */
interface OfResource {
  serial: number;
  /** By the resource's number in the batch. */
  readonly tags: (GatheredTags | undefined)[];
}

function isOfResource({ source, when, ends }: Candidate): boolean {
  if (typeof source === "string" || when !== undefined || ends) return false;
  return "resource" in source || "resources" in source;
}

/** Spans after which it is judged whether tags repeat. */
const enoughMisses = 64;

/** A number that tells one source's values from another's in a signature. */
const sourceStride = 2 ** 20;

/** Gathers the tags of one span from all sources; what comes first stays. Spans with the same tags share them. */
export class TagCollector {
  readonly #memo = new SignatureMemo<GatheredTags>();
  readonly #ofResources = new WeakMap<readonly Candidate[], OfResource | "of spans">();
  #tags = new Map<string, string>();
  #facts: SpanFacts | undefined;
  #source = 0;
  /** Of the batch: spans whose tags were known, and not. */
  #serial = 0;
  #hits = 0;
  #misses = 0;
  // Made once, not for every span.
  readonly #sign: TakePair = (_name, id) => this.#memo.add(this.#facts!, this.#source + id);
  readonly #take: TakePair = (name) => this.#addNamed(this.#facts!, name);

  gather(facts: SpanFacts, candidates: readonly Candidate[]): GatheredTags {
    let known = this.#ofResources.get(candidates);
    if (known === undefined) {
      known = candidates.every(isOfResource) ? { serial: 0, tags: [] } : "of spans";
      this.#ofResources.set(candidates, known);
    }
    return known === "of spans" ? this.#ofSpan(facts, candidates) : this.#ofResource(facts, candidates, known);
  }

  /** Most spans without AI have the tags of their resource alone. */
  #ofResource(facts: SpanFacts, candidates: readonly Candidate[], known: OfResource): GatheredTags {
    if (known.serial !== facts.batchSerial) {
      known.serial = facts.batchSerial;
      known.tags.length = 0;
    }
    const resource = facts.batch.resourceIndex[facts.row]!;
    let gathered = known.tags[resource];
    if (gathered === undefined) {
      this.#facts = facts;
      gathered = this.#gather(facts, candidates);
      known.tags[resource] = gathered;
    }
    return gathered;
  }

  #ofSpan(facts: SpanFacts, candidates: readonly Candidate[]): GatheredTags {
    this.#facts = facts;
    if (this.#isVaried(facts)) return this.#gather(facts, candidates);
    const memo = this.#memo;
    memo.begin();
    this.#source = 0;
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) break;
      this.#source += sourceStride;
      if (candidate.pairs !== undefined) candidate.pairs(facts, this.#sign);
      else if (candidate.locate(facts)) memo.add(facts, this.#source);
    }
    let gathered = memo.find(facts);
    if (gathered === undefined) {
      this.#misses++;
      gathered = this.#gather(facts, candidates);
      memo.keep(facts, gathered);
    } else this.#hits++;
    return gathered;
  }

  /** Whether hardly any two spans of the batch have the same tags, say because each is of another user. */
  #isVaried({ batchSerial }: SpanFacts): boolean {
    if (this.#serial !== batchSerial) {
      this.#serial = batchSerial;
      this.#hits = this.#misses = 0;
    }
    return this.#misses > enoughMisses && this.#hits * 4 < this.#misses;
  }

  #gather(facts: SpanFacts, candidates: readonly Candidate[]): GatheredTags {
    this.#tags = new Map();
    const sources: Candidate[] = [];
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) break;
      const before = this.#tags.size;
      if (candidate.pairs !== undefined) candidate.pairs(facts, this.#take);
      else if (candidate.locate(facts)) this.#addFound(facts);
      if (this.#tags.size > before) sources.push(candidate);
    }
    return { tags: this.#tags, sources };
  }

  /** Adds the value found under `name`. */
  #addNamed(facts: SpanFacts, name: string): void {
    const text = attributeText(valueFound(facts));
    if (text !== "") this.#add(name, text);
  }

  /** Adds what the value found holds: names and values of an object, the items of a list or of a text with commas. */
  #addFound(facts: SpanFacts): void {
    if (facts.type === ValueType.KVLIST) {
      for (const [name, value] of valueFound(facts) as Map<string, never>) this.#add(name, attributeText(value));
      return;
    }
    if (facts.type === ValueType.STRING && facts.batch.arena.bytes[facts.word0] === 0x7b) {
      this.#addObject(facts.text);
      return;
    }
    for (const item of textsFound(facts) ?? []) {
      const names = facts.type === ValueType.STRING && !item.startsWith("[") ? item.split(",") : [item];
      for (const name of names) if (name.trim() !== "") this.#add(name.trim(), "true");
    }
  }

  #addObject(json: string): void {
    const object = parsedJson(json, maxObjectLength);
    if (typeof object !== "object" || object === null) return;
    for (const [name, value] of Object.entries(object)) {
      const text = typeof value === "string" ? value : jsonText(value);
      if (value !== null && text !== undefined) this.#add(name, text);
    }
  }

  #add(name: string, value: string): void {
    if (!this.#tags.has(name)) this.#tags.set(name, value.slice(0, maxTagLength));
  }
}

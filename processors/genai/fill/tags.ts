import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import type { Candidate } from "../engine/candidate.ts";
import { valueFound } from "../engine/pairs.ts";
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

/** Gathers the tags of one span from all sources; what comes first stays. Spans with the same tags share them. */
export class TagCollector {
  readonly #memo = new SignatureMemo<GatheredTags>();
  #tags = new Map<string, string>();

  gather(facts: SpanFacts, candidates: readonly Candidate[]): GatheredTags {
    const memo = this.#memo;
    memo.begin();
    let index = 0;
    forEachThatHolds(facts, candidates, ({ pairs, locate }) => {
      const name = 2 ** 20 * ++index;
      if (pairs !== undefined) pairs(facts, (_name, id) => memo.add(facts, name + id));
      else if (locate(facts)) memo.add(facts, name);
    });
    let gathered = memo.find(facts);
    if (gathered === undefined) {
      gathered = this.#gather(facts, candidates);
      memo.keep(facts, gathered);
    }
    return gathered;
  }

  #gather(facts: SpanFacts, candidates: readonly Candidate[]): GatheredTags {
    this.#tags = new Map();
    const sources: Candidate[] = [];
    forEachThatHolds(facts, candidates, (candidate) => {
      const before = this.#tags.size;
      if (candidate.pairs !== undefined) candidate.pairs(facts, (name) => this.#addNamed(facts, name));
      else if (candidate.locate(facts)) this.#addFound(facts);
      if (this.#tags.size > before) sources.push(candidate);
    });
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

function forEachThatHolds(facts: SpanFacts, candidates: readonly Candidate[], act: (one: Candidate) => void): void {
  for (const candidate of candidates) {
    if (candidate.when !== undefined && !candidate.when(facts)) continue;
    if (candidate.ends) return;
    act(candidate);
  }
}

import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import type { Candidate } from "../engine/candidate.ts";
import { valueFound } from "../engine/pairs.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { textsFound } from "./list-filler.ts";

/** Gathers the tags of one span. What is added first stays. */
export class TagCollector {
  #tags = new Map<string, string>();

  get size(): number {
    return this.#tags.size;
  }

  /** The tags, once: the collector begins anew. */
  take(): ReadonlyMap<string, string> {
    const tags = this.#tags;
    this.#tags = new Map();
    return tags;
  }

  /** Adds what a source holds; says whether there was something new in it. */
  addFrom(facts: SpanFacts, { pairs, locate }: Candidate): boolean {
    const before = this.#tags.size;
    if (pairs !== undefined) pairs(facts, (name) => this.addNamed(facts, name));
    else if (locate(facts)) this.addFound(facts);
    return this.#tags.size > before;
  }

  /** Adds the value found under `name`. */
  addNamed(facts: SpanFacts, name: string): void {
    const text = attributeText(valueFound(facts));
    if (text !== "") this.#add(name, text);
  }

  /** Adds what the value found holds: names and values of an object, the items of a list or of a text with commas. */
  addFound(facts: SpanFacts): void {
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
    try {
      for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
        if (value !== null) this.#add(name, typeof value === "string" ? value : JSON.stringify(value));
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  #add(name: string, value: string): void {
    if (!this.#tags.has(name)) this.#tags.set(name, value);
  }
}

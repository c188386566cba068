import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { grown } from "../../../pipeline/span-batch/grow.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { ColumnCache } from "../column-cache.ts";
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

/** The tags of a span as pairs of the column, and which sources gave some. */
export interface GatheredTags {
  readonly first: number;
  readonly end: number;
  readonly sources: readonly Candidate[];
}

/** What is known of spans of a shape. */
interface OfShape {
  /** Whether all tags are those of the resource: most spans without AI have no others. */
  readonly isOfResource: boolean;
  /** Whether there are tags in lists and objects, which are read once for all spans with the same ones. */
  readonly isNested: boolean;
  serial: number;
  /** By the resource's number in the batch. */
  readonly ofResources: (GatheredTags | undefined)[];
  /** Sources of the tags of the last span, which are those of the next one. */
  sources: readonly Candidate[];
}

function isOfResource({ source, when, ends }: Candidate): boolean {
  if (typeof source === "string" || when !== undefined || ends) return false;
  return "resource" in source || "resources" in source;
}

/** A number that tells one source's values from another's in a signature. */
const sourceStride = 2 ** 20;

/** Gathers the tags of one span from all sources; what comes first stays. */
export class TagCollector {
  readonly #memo = new SignatureMemo<GatheredTags>();
  readonly #ofShapes = new WeakMap<readonly Candidate[], OfShape>();
  readonly #columns = new ColumnCache("Tags");
  #facts: SpanFacts | undefined;
  /** What was gathered last; one object for all spans. */
  readonly #gathered = { first: 0, end: 0, sources: [] as readonly Candidate[] };
  #source = 0;
  /** Per token, the number of the last span that has a tag of that name. */
  #seenIn = new Uint32Array(64);
  #span = 0;
  // Made once, not for every span.
  readonly #sign: TakePair = (_name, id) => this.#memo.add(this.#facts!, this.#source + id);
  readonly #take: TakePair = (name) => this.#addNamed(this.#facts!, name);

  /** Fills the column for the span that `facts` stands on; gives the sources of its tags. */
  gather(facts: SpanFacts, candidates: readonly Candidate[]): readonly Candidate[] {
    const shape = this.#shapeOf(candidates);
    this.#facts = facts;
    const { first, end, sources } = shape.isOfResource
      ? this.#ofResource(facts, candidates, shape)
      : shape.isNested
        ? this.#remembered(facts, candidates, shape)
        : this.#gather(facts, candidates, shape);
    if (end > first) this.#columns.of(facts).setPairs(facts.row, first, end);
    return sources;
  }

  #shapeOf(candidates: readonly Candidate[]): OfShape {
    let shape = this.#ofShapes.get(candidates);
    if (shape === undefined) {
      shape = {
        isOfResource: candidates.every(isOfResource),
        isNested: candidates.some(({ pairs, ends }) => pairs === undefined && !ends),
        serial: 0,
        ofResources: [],
        sources: [],
      };
      this.#ofShapes.set(candidates, shape);
    }
    return shape;
  }

  #ofResource(facts: SpanFacts, candidates: readonly Candidate[], shape: OfShape): GatheredTags {
    const { ofResources } = shape;
    if (shape.serial !== facts.batchSerial) {
      shape.serial = facts.batchSerial;
      ofResources.length = 0;
    }
    const resource = facts.batch.resourceIndex[facts.row]!;
    ofResources[resource] ??= { ...this.#gather(facts, candidates, shape) };
    return ofResources[resource];
  }

  #remembered(facts: SpanFacts, candidates: readonly Candidate[], shape: OfShape): GatheredTags {
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
    const known = memo.find(facts);
    if (known !== undefined) return known;
    const gathered = { ...this.#gather(facts, candidates, shape) };
    memo.keep(facts, gathered);
    return gathered;
  }

  #gather(facts: SpanFacts, candidates: readonly Candidate[], shape: OfShape): GatheredTags {
    this.#beginSpan();
    const gathered = this.#gathered;
    gathered.first = gathered.end = 0;
    let { sources } = shape;
    let count = 0;
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) break;
      const before = gathered.end;
      if (candidate.pairs !== undefined) candidate.pairs(facts, this.#take);
      else if (candidate.locate(facts)) this.#addFound(facts);
      if (gathered.end === before) continue;
      if (sources[count] !== candidate) sources = [...sources.slice(0, count), candidate];
      count++;
    }
    if (sources.length > count) sources = sources.slice(0, count);
    shape.sources = gathered.sources = sources;
    return gathered;
  }

  #beginSpan(): void {
    if (this.#span === 0xffffffff) {
      this.#seenIn.fill(0);
      this.#span = 0;
    }
    this.#span++;
  }

  /** Adds the value found under `name`; a text stays where it is. */
  #addNamed(facts: SpanFacts, name: string): void {
    if (facts.type === ValueType.STRING && facts.word1 <= maxTagLength) {
      if (facts.word1 > 0) this.#addRange(facts, name, facts.word0, facts.word1);
      return;
    }
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
    const facts = this.#facts!;
    const { arena } = facts.batch;
    const start = arena.appendText(value.slice(0, maxTagLength));
    this.#addRange(facts, name, start, arena.length - start);
  }

  #addRange(facts: SpanFacts, name: string, start: number, length: number): void {
    const token = facts.batch.tokens.internText(name);
    if (token >= this.#seenIn.length) this.#seenIn = grown(this.#seenIn, token * 2);
    if (this.#seenIn[token] === this.#span) return;
    this.#seenIn[token] = this.#span;
    const gathered = this.#gathered;
    const column = this.#columns.of(facts);
    if (gathered.end === 0) gathered.first = column.pairCount;
    column.addPair(token, start, length);
    gathered.end = column.pairCount;
  }
}

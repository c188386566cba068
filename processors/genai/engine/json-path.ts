import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { sameRanges } from "../../../pipeline/span-batch/bytes.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { jsonText } from "../fill/json-text.ts";
import type { SpanFacts } from "./span-facts.ts";

type Path = readonly (string | number)[];

/** Texts up to this many bytes are parsed once a batch, however many spans have the same one, such as parameters. */
const maxSharedBytes = 1_024;
/** Documents that are kept, each in the place that its length gives; a power of two. */
const places = 16;

/** What a value of the batch was parsed to. */
interface Parsed {
  readonly serial: number;
  readonly type: number;
  readonly start: number;
  readonly length: number;
  readonly document: unknown;
  readonly problem: string;
}

/** Looks into values that are JSON text or nested values. Several rules read the same text: it is parsed once. */
export class JsonPathReader {
  readonly #maxBytes: number;
  /** Short texts, and at the end the last one of any length. */
  readonly #parsed: (Parsed | undefined)[] = Array.from({ length: places + 1 }, () => undefined);
  #problem = "";

  /** @param maxBytes of a JSON text that is parsed */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Replaces the value found by what stands at `path` in it; says whether there is something. */
  find(facts: SpanFacts, path: Path): boolean {
    return setFound(facts, this.#at(facts, path));
  }

  /** Replaces the value found by the sum of the numbers that `members` of what stands at `path` are; false where that is 0. */
  sum(facts: SpanFacts, path: Path, members: readonly string[]): boolean {
    const owner = this.#at(facts, path);
    let sum = 0;
    for (const name of members) {
      const value = memberOf(owner, name);
      if (typeof value === "number") sum += value;
    }
    return sum !== 0 && setFound(facts, sum);
  }

  #at(facts: SpanFacts, path: Path): unknown {
    facts.problem = "";
    const { document, problem } = this.#parsedOf(facts);
    facts.problem = problem;
    return document === undefined ? undefined : valueAt(document, path, 0);
  }

  #parsedOf(facts: SpanFacts): Parsed {
    const { batchSerial: serial, type, word0: start, word1: length } = facts;
    const place = length <= maxSharedBytes ? length & (places - 1) : places;
    const known = this.#parsed[place];
    if (known?.serial === serial && known.type === type && known.length === length) {
      if (known.start === start) return known;
      if (length <= maxSharedBytes && sameRanges(facts.batch.arena.view, known.start, start, length)) return known;
    }
    this.#problem = "";
    const parsed = { serial, type, start, length, document: this.#parse(facts), problem: this.#problem };
    this.#parsed[place] = parsed;
    return parsed;
  }

  #parse(facts: SpanFacts): unknown {
    if (facts.type === ValueType.ARRAY || facts.type === ValueType.KVLIST) {
      return readValue(facts.batch.arena, facts.type, facts.word0, facts.word1);
    }
    if (facts.type !== ValueType.STRING || facts.word1 === 0) return undefined;
    if (facts.word1 > this.#maxBytes) return this.#refuse(`is JSON of more than ${this.#maxBytes} bytes`);
    try {
      const value: unknown = JSON.parse(facts.text);
      return typeof value === "string" ? JSON.parse(value) : value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.#refuse("is not JSON, or was cut");
    }
  }

  #refuse(problem: string): undefined {
    this.#problem = problem;
    return undefined;
  }
}

function valueAt(value: unknown, path: Path, depth: number): unknown {
  const step = path[depth];
  if (step === undefined || value === undefined || value === null) return value;
  if (step === "*") {
    if (!Array.isArray(value)) return undefined;
    const found = value.map((item) => valueAt(item, path, depth + 1)).filter((item) => item !== undefined);
    return found.length === 0 ? undefined : found;
  }
  return valueAt(memberOf(value, step), path, depth + 1);
}

function memberOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === "number" ? value.at(step) : undefined;
  if (value instanceof Map) return value.get(String(step));
  if (typeof value !== "object" || value === null) return undefined;
  const member = (value as Record<string, unknown>)[step];
  // Most paths lead nowhere, and what every object inherits is there seldom.
  return member !== undefined && Object.hasOwn(value, step) ? member : undefined;
}

/** Makes `value` the value found. Lists and objects become JSON text. */
export function setFound(facts: SpanFacts, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "string") facts.setText(value);
  else if (typeof value === "number") facts.setNumber(value);
  else if (typeof value === "boolean") {
    facts.type = ValueType.BOOL;
    facts.word0 = value ? 1 : 0;
  } else if (value instanceof Map || value instanceof Uint8Array || typeof value === "bigint") {
    facts.setText(attributeText(value as AttributeValue));
  } else {
    const text = Array.isArray(value) && isNested(value) ? attributeText(value as AttributeValue[]) : jsonText(value);
    if (text === undefined) {
      facts.problem = "is nested too deep";
      return false;
    }
    facts.setText(text);
  }
  return true;
}

/** A list from JSON holds objects, one from a nested value holds maps. */
function isNested(list: unknown[]): boolean {
  return list.some((item) => item instanceof Map || item instanceof Uint8Array || typeof item === "bigint");
}

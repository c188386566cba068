import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { ColumnCache } from "../column-cache.ts";
import { valueFound } from "../engine/pairs.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { type Filler, nothing, refuse, type ValueHints } from "./filler.ts";
import { jsonText, parsedJson } from "./json-text.ts";

/** What a list holds at most: finish reasons, tags. */
const maxItems = 1_000;
/** Characters of a list as JSON text, at most. */
const maxListLength = 65_536;

/**
 * The texts of the value found: a list, a list as JSON text, or one text.
 *
 * @returns undefined where the value is none of these
 */
export function textsFound(facts: SpanFacts): readonly string[] | undefined {
  if (facts.type === ValueType.ARRAY) {
    const items = valueFound(facts);
    return Array.isArray(items) ? textsOf(items.map(attributeText)) : undefined;
  }
  if (facts.type === ValueType.INT) return [String(facts.number)];
  if (facts.type !== ValueType.STRING) return undefined;
  const text = facts.text.trim();
  if (!text.startsWith("[")) return textsOf([text]);
  const items = parsedJson(text, maxListLength);
  if (!Array.isArray(items)) return undefined;
  return textsOf(items.map((item) => (typeof item === "string" ? item : (jsonText(item) ?? ""))));
}

function textsOf(items: readonly string[]): readonly string[] {
  return items.filter((item) => item !== "" && item !== "null").slice(0, maxItems);
}

/** `FinishReasons`. Spans share the lists that are alike. */
export class ListFiller implements Filler {
  readonly #column = new ColumnCache("FinishReasons");
  #serial = 0;
  readonly #known = new Map<number, readonly string[]>();
  #list: readonly string[] = [];

  convert(facts: SpanFacts, _hints: ValueHints): boolean {
    const list = this.#listOf(facts);
    if (list === undefined) return refuse(facts, "is not a text or a list of texts");
    this.#list = list;
    return list.length > 0 || nothing(facts);
  }

  store(facts: SpanFacts): void {
    this.#column.of(facts).set(facts.row, this.#list);
  }

  describe(_facts: SpanFacts): string {
    return JSON.stringify(this.#list);
  }

  #listOf(facts: SpanFacts): readonly string[] | undefined {
    const isRange = facts.type === ValueType.STRING || facts.type === ValueType.ARRAY;
    const value = isRange ? facts.sharedIndex() : -1;
    if (value < 0) return textsFound(facts);
    if (this.#serial !== facts.batchSerial) {
      this.#serial = facts.batchSerial;
      this.#known.clear();
    }
    // A text whose bytes are those of an encoded list is another value.
    const key = 2 * value + (facts.type === ValueType.ARRAY ? 1 : 0);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const list = textsFound(facts);
    if (list !== undefined) this.#known.set(key, list);
    return list;
  }
}

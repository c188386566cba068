import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { type AttributeValue, integerOf, readValue } from "../../../pipeline/span-batch/value.ts";
import type { SpanFacts } from "../engine/span-facts.ts";

const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const maxNumeralBytes = 40;

/** The value found as a number: numbers, numerals in a text, and `{low, high}` of a 64-bit integer; else NaN. */
export function numberFound(facts: SpanFacts): number {
  switch (facts.type) {
    case ValueType.INT:
    case ValueType.DOUBLE:
      return facts.number;
    case ValueType.STRING:
      return numberOfText(facts);
    case ValueType.KVLIST:
      return numberOfHalves(readValue(facts.batch.arena, facts.type, facts.word0, facts.word1));
    default:
      return Number.NaN;
  }
}

function numberOfText(facts: SpanFacts): number {
  if (facts.word1 > maxNumeralBytes) return Number.NaN;
  const text = facts.text.trim();
  return numeral.test(text) ? Number(text) : Number.NaN;
}

/** JavaScript's libraries for 64-bit integers serialise them so. */
function numberOfHalves(value: AttributeValue): number {
  if (!(value instanceof Map)) return Number.NaN;
  const low = value.get("low");
  const high = value.get("high");
  return typeof low === "number" && typeof high === "number" ? Number(integerOf(low >>> 0, high >>> 0)) : Number.NaN;
}

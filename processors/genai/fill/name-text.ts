import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { nothing, refuse } from "./filler.ts";

const quote = 0x22;

/**
 * Makes the value found a text of at most `maxBytes`, for names and ids: numbers as digits, JSON strings without their
 * quotes, longer texts cut. `facts.problem` says that it was cut.
 *
 * @returns whether it is such a text
 */
export function toNameText(facts: SpanFacts, maxBytes: number): boolean {
  facts.problem = "";
  if (facts.type === ValueType.INT || facts.type === ValueType.DOUBLE) {
    if (!Number.isFinite(facts.number)) return refuse(facts, "is not a text");
    facts.setText(String(facts.number));
  } else if (facts.type !== ValueType.STRING) return refuse(facts, "is not a text");
  if (facts.word1 === 0) return nothing(facts);
  unquote(facts);
  if (facts.word1 > maxBytes) {
    facts.word1 = characterStart(facts.batch.arena.bytes, facts.word0, facts.word0 + maxBytes) - facts.word0;
    facts.problem = `is longer than ${maxBytes} bytes and was cut`;
  }
  return facts.word1 > 0;
}

/** MLflow and others encode every value as JSON, strings in quotes. */
function unquote(facts: SpanFacts): void {
  const { bytes } = facts.batch.arena;
  const end = facts.word0 + facts.word1 - 1;
  if (facts.word1 < 2 || bytes[facts.word0] !== quote || bytes[end] !== quote) return;
  const inner = bytes.subarray(facts.word0 + 1, end);
  if (!inner.includes(0x5c) && !inner.includes(quote)) facts.setRange(facts.word0 + 1, facts.word1 - 2);
}

/** The start of the UTF-8 character in which `position` lies. */
function characterStart(bytes: Uint8Array, start: number, position: number): number {
  while (position > start && (bytes[position]! & 0xc0) === 0x80) position--;
  return position;
}

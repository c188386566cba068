import { ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../pipeline/span-batch/value.ts";
import { neverThreshold } from "../helper/sampling/threshold.ts";

const key = "sampling.priority";
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const infinite = /^\+?inf(inity)?$/i;

/**
 * Reads the attribute `sampling.priority` of spans: 0 drops a span, more keeps it, anything else says nothing.
 *
 * @returns undefined when no span of the batch has it
 * @see https://github.com/opentracing/specification/blob/master/semantic_conventions.md
 */
export function priorityReader(batch: SpanBatch): ((row: number) => bigint | undefined) | undefined {
  const { attributes, arena } = batch;
  const keyIndex = attributes.keys.find(key);
  if (keyIndex < 0) return undefined;
  return (row) => {
    const entry = attributes.find(batch.attributeStart[row]!, batch.attributeEnd[row]!, keyIndex);
    if (entry < 0) return undefined;
    const type = attributes.types[entry]!;
    if (type !== ValueType.INT && type !== ValueType.DOUBLE && type !== ValueType.STRING) return undefined;
    const value = readValue(arena, type, attributes.words[2 * entry]!, attributes.words[2 * entry + 1]!);
    const number = typeof value === "string" ? numberOf(value) : Number(value);
    return number === 0 ? neverThreshold : number > 0 ? 0n : undefined;
  };
}

function numberOf(text: string): number {
  if (infinite.test(text)) return Number.POSITIVE_INFINITY;
  return decimal.test(text) ? Number(text) : Number.NaN;
}

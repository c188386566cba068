import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { SpanSignal } from "../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { doubleOf, integerOf } from "../../pipeline/span-batch/value.ts";
import { parseTraceState, traceStateValue } from "../helper/sampling/trace-state.ts";

/** Whether a row of the batch it was made for matches. */
export type RowTest = (row: number) => boolean;
/** Makes the test for the rows of one batch, or undefined when none can match. */
export type SpanPredicate = (batch: SpanBatch) => RowTest | undefined;
/** Whether the value of an entry matches. */
type EntryTest = (batch: SpanBatch, table: AttributeTable, entry: number) => boolean;

/** An attribute `key` of the span or of its resource whose value passes a test. */
export function attributePredicate(key: string, spanTest: EntryTest, resourceTest = spanTest): SpanPredicate {
  return (batch) => {
    const ofSpan = batch.attributes.keys.find(key);
    const ofResource = batch.resourceAttributes.keys.find(key);
    const resources = batch.resources.map(({ attributeStart, attributeEnd }) => {
      const entry = ofResource < 0 ? -1 : batch.resourceAttributes.find(attributeStart, attributeEnd, ofResource);
      return entry >= 0 && resourceTest(batch, batch.resourceAttributes, entry);
    });
    const anyResource = resources.includes(true);
    if (ofSpan < 0) return anyResource ? (row) => resources[batch.resourceIndex[row]!]! : undefined;
    const { attributes, attributeStart, attributeEnd } = batch;
    return (row) => {
      if (anyResource && resources[batch.resourceIndex[row]!]) return true;
      const entry = attributes.find(attributeStart[row]!, attributeEnd[row]!, ofSpan);
      return entry >= 0 && spanTest(batch, attributes, entry);
    };
  };
}

/** A number within bounds; integers and doubles are compared alike. */
export function numberTest(min: number, max: number): EntryTest {
  return (_batch, { types, words }, entry) => {
    const low = words[2 * entry]!;
    const high = words[2 * entry + 1]!;
    if (types[entry] === ValueType.INT) {
      const value = integerOf(low, high);
      return value >= min && value <= max;
    }
    if (types[entry] !== ValueType.DOUBLE) return false;
    const value = doubleOf(low, high);
    return value >= min && value <= max;
  };
}

/** true or false, as `wanted`; another type counts as false, as in the Collector. */
export function booleanTest(wanted: boolean): EntryTest {
  return (_batch, { types, words }, entry) => (types[entry] === ValueType.BOOL && words[2 * entry] !== 0) === wanted;
}

/** A text that passes `matches`; an empty one only with `allowEmpty`, for which other types count then. */
export function textTest(matches: (text: string) => boolean, allowEmpty: boolean): EntryTest {
  return ({ arena }, { types, words }, entry) => {
    const length = types[entry] === ValueType.STRING ? words[2 * entry + 1]! : 0;
    if (length === 0) return allowEmpty && matches("");
    return matches(arena.text(words[2 * entry]!, length));
  };
}

/** Texts that are any of `values`; compared as bytes, since most differ in their length already. */
export function exactTextTest(values: readonly string[]): EntryTest {
  const wanted = values.filter((value) => value !== "").map((value) => Buffer.from(value));
  return ({ arena }, { types, words }, entry) => {
    if (types[entry] !== ValueType.STRING) return false;
    const start = words[2 * entry]!;
    const length = words[2 * entry + 1]!;
    const { bytes } = arena;
    return wanted.some((value) => {
      if (value.length !== length) return false;
      for (let i = 0; i < length; i++) if (bytes[start + i] !== value[i]) return false;
      return true;
    });
  };
}

/** A status among `codes`. */
export function statusPredicate(codes: readonly number[]): SpanPredicate {
  return ({ statusCode }) =>
    (row) =>
      codes.includes(statusCode[row]!);
}

/** The flag sampled. */
export function flagsPredicate(): SpanPredicate {
  return ({ flags }) =>
    (row) =>
      (flags[row]! & 1) !== 0;
}

/** An entry `key` of the tracestate with any of `values`. */
export function traceStatePredicate(key: string, values: readonly string[]): SpanPredicate {
  // W3C lets entry and "=" have 256 characters.
  const wanted = new Set(values.filter((value) => value !== "" && key.length + value.length < 256));
  return ({ arena, traceState }) => {
    let known = "";
    let matches = false;
    return (row) => {
      const length = traceState[2 * row + 1]!;
      if (length === 0) return false;
      const text = arena.text(traceState[2 * row]!, length);
      if (text === known) return matches;
      const state = parseTraceState(text);
      const value = state && traceStateValue(state, key);
      known = text;
      matches = value !== undefined && wanted.has(value);
      return matches;
    };
  };
}

/** An error type that passes `matches`; asked once for each distinct one of a batch. */
export function errorTypePredicate(matches: (type: string) => boolean): SpanPredicate {
  return (batch) => {
    const column = batch.derivedColumn("ErrorType");
    if (column === undefined) return undefined;
    const answers: (boolean | undefined)[] = [];
    return (row) => {
      const index = column.indexAt(row);
      if (index < 0) return false;
      answers[index] ??= matches(batch.tokens.text(index));
      return answers[index];
    };
  };
}

/** A signal of the span that passes `matches`. */
export function signalPredicate(matches: (signal: SpanSignal) => boolean): SpanPredicate {
  return ({ signals }) => {
    const rows = new Set(signals.filter(matches).map(({ row }) => row));
    return rows.size === 0 ? undefined : (row) => rows.has(row);
  };
}

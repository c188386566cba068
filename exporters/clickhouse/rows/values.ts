import type { OtlpMessage } from "../../../otlp/json-message.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { valueText } from "../encode/value-text.ts";
import { timeText } from "../time-text.ts";

type AnyValue = OtlpMessage<"AnyValue">;
type Attributes = readonly OtlpMessage<"KeyValue">[];

/** The text of a value, the same as in the table of spans; "" for no value. */
export function anyValueText(value: AnyValue | undefined): string {
  return value === undefined ? "" : valueText(plainValue(value));
}

function plainValue(value: AnyValue): AttributeValue {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return BigInt(value.intValue);
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) {
    return new Map((value.kvlistValue.values ?? []).map((pair) => [pair.key ?? "", plainValue(pair.value ?? {})]));
  }
  return value.bytesValue === undefined ? null : Buffer.from(value.bytesValue, "base64");
}

/** Attributes as a Map column takes them, in the order of their keys: a series is found by them. */
export function attributeTexts(attributes: Attributes | undefined): Readonly<Record<string, string>> {
  const texts = (attributes ?? []).map(({ key = "", value }) => [key, anyValueText(value)] as const);
  return Object.fromEntries(texts.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
}

/** Value of the attribute `key` as text; "" when there is none. */
export function attributeText(attributes: Attributes | undefined, key: string): string {
  return anyValueText(attributes?.find((attribute) => attribute.key === key)?.value);
}

// What DateTime64(9) can hold: up to the year 2262.
const maxNanos = (1n << 63n) - 1n;

/** Nanoseconds since the epoch, of a message: later ones than ClickHouse knows are the last it knows. */
export function nanosOf(digits: string | undefined): bigint {
  const nanos = BigInt(digits ?? 0);
  return nanos > maxNanos ? maxNanos : nanos;
}

/** A time as DateTime64(9) takes it. */
export function nanosText(digits: string | undefined): string {
  return timeText(nanosOf(digits), 9);
}

/** A double as Float64 takes it: JSON has no NaN and no infinities, ClickHouse reads their names. */
export function doubleText(value: number | string | undefined): number | string {
  const double = Number(value ?? 0);
  if (Number.isFinite(double)) return double;
  return Number.isNaN(double) ? "nan" : double > 0 ? "inf" : "-inf";
}

/** A trace or span id in hex digits; an id of zeros is "". */
export function idText(id: string | undefined): string {
  return id === undefined || /^0*$/.test(id) ? "" : id;
}

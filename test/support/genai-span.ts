import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { type DerivedName, derivedColumns } from "../../pipeline/span-batch/derived.ts";
import { genaiConfigSchema } from "../../processors/genai/config.ts";
import { createMapper } from "../../processors/genai/create-mapper.ts";
import type { MapperEvents } from "../../processors/genai/mapper.ts";

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };
export type PlainAttributes = Readonly<Record<string, PlainValue>>;
/** A derived column as a plain value: maps are objects. */
export type MappedSpan = Partial<Record<DerivedName, unknown>>;

/** What a test says of a span, in plain values. */
export interface GenaiSpan {
  readonly scope?: string;
  readonly name?: string;
  readonly attributes?: PlainAttributes;
  readonly resource?: PlainAttributes;
  /** `after`: milliseconds after the start of the span. */
  readonly events?: readonly {
    readonly name: string;
    readonly after?: number;
    readonly attributes?: PlainAttributes;
  }[];
  readonly statusCode?: number;
}

/** Spans last 10 s from here on. */
export const spanStart = "2026-09-01T00:00:00.000Z";
const startNanos = BigInt(Date.parse(spanStart)) * 1_000_000n;
const ignored: MapperEvents = { mapped: () => {}, pendingDropped: () => {}, refused: () => {} };

/**
 * What the genai processor, with all dialects and its defaults, makes of a span: the canonical columns that it filled.
 * The span is decoded from OTLP, as a receiver does. A span that is dropped is undefined.
 */
export function mapSpan(span: GenaiSpan): MappedSpan | undefined {
  const { batch } = decodeTracesJson(Buffer.from(JSON.stringify(requestOf(span))));
  createMapper(genaiConfigSchema.parse({}), ignored).map(batch);
  for (const cursor of batch) {
    const columns = (Object.keys(derivedColumns) as DerivedName[]).map((name) => [name, cursor.getDerived(name)]);
    return Object.fromEntries(
      columns
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, value instanceof Map ? Object.fromEntries(value) : value]),
    );
  }
  return undefined;
}

function requestOf({
  scope = "app",
  name = "span",
  attributes = {},
  resource = {},
  events = [],
  statusCode = 0,
}: GenaiSpan) {
  const span = {
    traceId: "0123456789abcdef0123456789abcdef",
    spanId: "0123456789abcdef",
    name,
    kind: 3,
    startTimeUnixNano: String(startNanos),
    endTimeUnixNano: String(startNanos + 10_000_000_000n),
    attributes: keyValues(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: String(startNanos + BigInt(Math.round((event.after ?? 0) * 1e6))),
      attributes: keyValues(event.attributes ?? {}),
    })),
    status: { code: statusCode },
  };
  return {
    resourceSpans: [
      { resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: scope }, spans: [span] }] },
    ],
  };
}

function keyValues(attributes: PlainAttributes): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: PlainValue): unknown {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: keyValues(value as PlainAttributes) } };
}

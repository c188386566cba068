import { type DerivedName, derivedColumns } from "../../pipeline/span-batch/derived.ts";

/**
 * What a field holds: a number, a time in nanoseconds, one of few texts (`word`), any text, several texts, or pairs of
 * texts.
 */
export type FieldType = "number" | "duration" | "word" | "text" | "list" | "map";

const ofColumn = { token: "word", text: "text", number: "number", list: "list", map: "map" } as const;

/** Columns that stand in nanoseconds. */
const durations: readonly DerivedName[] = ["TimeToFirstToken"];
/** What says something of the storage of a span, not of the span. */
const hidden: readonly DerivedName[] = [
  ...(["SpanIdTail", "ParentSpanIdTail", "EndState", "SentDuration"] as const),
  ...(["Warnings", "AttachmentIds", "SampleWeight", "SamplePolicy"] as const),
];

/** What every span has by itself, whoever sent it. */
export const spanFields = {
  SpanName: "word",
  SpanKind: "word",
  StatusCode: "word",
  StatusMessage: "text",
  ServiceName: "word",
  ScopeName: "word",
  Duration: "duration",
} as const satisfies Record<string, FieldType>;
export type SpanField = keyof typeof spanFields;

/** Everything that `field:` may name, in the order of the documentation. */
export const fieldTypes: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ...Object.entries(spanFields),
  ...(Object.keys(derivedColumns) as DerivedName[])
    .filter((name) => !hidden.includes(name))
    .map((name): [string, FieldType] => [name, durations.includes(name) ? "duration" : ofColumn[derivedColumns[name]]]),
]);

export function isSpanField(name: string): name is SpanField {
  return Object.hasOwn(spanFields, name);
}

/** Nanoseconds of a millisecond: values and comparisons say milliseconds, columns nanoseconds. */
export const nanosPerMs = 1e6;

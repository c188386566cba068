import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

export const settledTraceIndexTable = "settled_trace_index";

/** What is kept of a trace: one member per trace, in one order. Of traces that begin in the stretch. */
export const indexedColumns = {
  id: { column: "Ids", type: "Array(UUID)" },
  // `placeOf` (settled-traces.ts)
  place: { column: "Places", type: "Array(UInt8)" },
  status: { column: "Statuses", type: "Array(LowCardinality(String))" },
  spanCount: { column: "SpanCounts", type: "Array(UInt64)", codec: "T64" },
  // Nanoseconds since the epoch.
  startNs: { column: "Starts", type: "Array(Nullable(Int64))", codec: "Delta" },
  // Milliseconds.
  durationMs: { column: "Durations", type: "Array(Nullable(Float64))" },
  cost: { column: "Costs", type: "Array(Nullable(Float64))" },
  // When its first span came.
  created: { column: "Created", type: "Array(DateTime64(3, 'UTC'))", codec: "Delta" },
  // `indexedText`
  name: { column: "Names", type: "Array(UInt32)" },
  session: { column: "Sessions", type: "Array(UInt32)" },
  // `indexedTags`
  tags: { column: "Tags", type: "Array(Array(UInt32))" },
} as const satisfies Readonly<Record<string, { column: string; type: string; codec?: string }>>;

export type IndexedColumn = keyof typeof indexedColumns;

/** What is kept of a text: enough to leave out most that have another (an expression). */
export function indexedText(text: string): string {
  return `toUInt32(cityHash64(${text}))`;
}

/** The same of a tag. */
export function indexedTag(key: string, value: string): string {
  return `toUInt32(cityHash64(${key}, ${value}))`;
}

/** Tags of a trace that are kept. No option: one with more stands for any tag, and is looked at. */
const mostTags = 64;
/** In place of the tags of one with more. */
export const anyTag = 0;

/** All tags that were ever said of a trace. @param tags an array of (key, value, version) */
export function indexedTags(tags: string): string {
  const all = `arrayDistinct(arrayMap(t -> ${indexedTag("t.1", "t.2")}, ${tags}))`;
  return `if(length(${tags}) > ${mostTags}, [toUInt32(${anyTag})], ${all})`;
}

const packed = "CODEC(LZ4)";
const columns: readonly ColumnDefinition[] = Object.values(indexedColumns).map((definition) => {
  const { column, type } = definition;
  return settledColumn(column, type, "codec" in definition ? `CODEC(${definition.codec}, LZ4)` : packed);
});

/**
 * All traces, each with what lists ask of it in a few bytes: conditions that the first of each order need not fulfil
 * (`settled_traces`) are decided without putting all traces together from the roll-up.
 */
export const settledTraceIndexSchema: TableSchema = settledTableSchema({
  table: settledTraceIndexTable,
  name: "settled index of traces",
  codec: packed,
  columns: [
    // What the roll-up of traces counted of these hours and those beside, tags included. As much as it says now: nothing has come
    // since.
    settledColumn("Mark", "Int64", packed),
    // Traces that begin in these hours.
    settledColumn("Traces", "UInt64", packed),
    // When the first and the last of them came.
    settledColumn("FirstCreated", "DateTime64(3, 'UTC')", packed),
    settledColumn("LastCreated", "DateTime64(3, 'UTC')", packed),
    // Whether they stand here: all or none.
    settledColumn("IsWhole", "Bool", packed),
    // Traces that may have rows elsewhere: what stands here is that of a part of them.
    settledColumn("Unsure", "Array(UUID)", packed),
    ...columns,
  ],
  // A row holds thousands of traces.
  granularity: 1,
  changes: (ddl) => [
    {
      version: 2,
      name: "stretches are added up anew, with rows of their traces",
      statements: [`TRUNCATE TABLE ${ddl.table(settledTraceIndexTable)}${ddl.onCluster}`],
      isInFirst: true,
    },
  ],
});

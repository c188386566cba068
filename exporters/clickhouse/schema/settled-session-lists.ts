import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

export const settledSessionListsTable = "settled_session_lists";

/** Lists of which the first sessions are kept, in this order, and the member of `listedSession` that each is sorted by. */
export const sessionLists = [
  { sortBy: "cost", sortOrder: "desc", column: "GreatestCost", value: "Cost" },
  { sortBy: "cost", sortOrder: "asc", column: "LeastCost", value: "Cost" },
  { sortBy: "duration", sortOrder: "desc", column: "GreatestDuration", value: "Duration" },
  { sortBy: "duration", sortOrder: "asc", column: "LeastDuration", value: "Duration" },
  // Not from the other end: sessions without a trace are the first there.
  { sortBy: "trace_count", sortOrder: "desc", column: "GreatestTraceCount", value: "TraceCount" },
] as const;

export type SessionList = (typeof sessionLists)[number];

/** Members of the tuple of a session. The numbers are those of `sessionSums`, of all settled hours. */
export const listedSession = {
  // `keyOfSession`
  Key: "UUID",
  Text: "String",
  TraceCount: "UInt64",
  ErrorCount: "Int64",
  Cost: "Nullable(Float64)",
  Duration: "Nullable(Float64)",
  Start: "Nullable(Int64)",
  End: "Nullable(Int64)",
  Unsure: "UInt8",
} as const;

/** The type of a list. */
export const listedSessions = tuples(listedSession);

/** Where what is kept of a list begins and ends. */
export const listBounds = tuples({
  // What the first and the last of it are sorted by, and the id of the last.
  First: "Nullable(Float64)",
  Last: "Nullable(Float64)",
  LastId: "String",
  // 1: there are more than are kept.
  IsCut: "UInt8",
});

function tuples(members: Readonly<Record<string, string>>): string {
  const types = Object.entries(members).map(([name, type]) => `${name} ${type}`);
  return `Array(Tuple(${types.join(", ")}))`;
}

const packed = "CODEC(LZ4)";

function column(name: string, type: string): ColumnDefinition {
  return settledColumn(name, type, packed);
}

/**
 * Of the sessions that have traces in a stretch, the first of each order: by the sums over all that had settled when the row was
 * made, so that a list need not add up all sessions. Sums of which a part changed later stand in the row of the stretch in which
 * it did, which is newer: of the rows that have a session, the newest is right.
 */
export const settledSessionListsSchema: TableSchema = settledTableSchema({
  table: settledSessionListsTable,
  name: "settled lists of sessions",
  codec: packed,
  columns: [
    // As in `settled_sessions`.
    column("Mark", "Int64"),
    // One member per list, in the order of `sessionLists`.
    column("Bounds", listBounds),
    ...sessionLists.map((list) => column(list.column, listedSessions)),
  ],
  // A row holds thousands of sessions.
  granularity: 1,
});

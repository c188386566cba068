import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

/** What is kept of a session: one member per session, in one order. Of traces that begin in the stretch. */
export const sessionSums = {
  // `keyOfSession`
  Id: "Ids",
  TraceCount: "TraceCounts",
  ErrorCount: "ErrorCounts",
  // NULL: no trace has one.
  Cost: "Costs",
  // Milliseconds.
  Duration: "Durations",
  // Nanoseconds since the epoch.
  Start: "Starts",
  End: "Ends",
  // 1: the numbers are not all that is to be said, and are made anew where they are asked for.
  Unsure: "Unsure",
} as const;

/** Ids of sessions whose ids are no UUIDs, and "" for others; none at all where all are UUIDs. */
export const sessionTexts = "Texts";

/** What a session is kept by: its id, or a hash of one that is no UUID in its shortest form (expressions of the server). */
export function keyOfSession(id: string): { readonly key: string; readonly text: string } {
  const isUuid = `toString(toUUIDOrZero(${id})) = ${id}`;
  return {
    key: `if(${isUuid}, toUUIDOrZero(${id}), reinterpretAsUUID(sipHash128(${id})))`,
    text: `if(${isUuid}, '', ${id})`,
  };
}

/** The id of such a session. */
export function idOfSession(key: string, text: string): string {
  return `if(${text} = '', toString(${key}), ${text})`;
}

const packed = "CODEC(LZ4)";
const counts = "CODEC(T64, LZ4)";

function column(name: string, type: string, codec = packed): ColumnDefinition {
  return settledColumn(name, type, codec);
}

export const settledSessionsTable = "settled_sessions";

/**
 * What the traces of sessions add up to, so that a list in the order of such sums need not add up all traces.
 */
export const settledSessionsSchema: TableSchema = settledTableSchema({
  table: settledSessionsTable,
  name: "settled sessions",
  codec: packed,
  columns: [
    // What the roll-up of traces counted of these hours and those beside. As much as it says now: nothing has come since.
    column("Mark", "Int64"),
    column(sessionSums.Id, "Array(UUID)"),
    column(sessionSums.TraceCount, "Array(UInt32)", counts),
    column(sessionSums.ErrorCount, "Array(Int64)", counts),
    ...[sessionSums.Cost, sessionSums.Duration].map((name) => column(name, "Array(Nullable(Float64))")),
    ...[sessionSums.Start, sessionSums.End].map((name) => column(name, "Array(Nullable(Int64))")),
    column(sessionSums.Unsure, "Array(UInt8)"),
    column(sessionTexts, "Array(String)"),
  ],
  // A row holds up to some thousands of sessions.
  granularity: 1,
});

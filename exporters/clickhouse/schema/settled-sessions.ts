import type { ColumnDefinition } from "../encode/column-group.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/*
 * Settled sessions: what the traces of sessions add up to, for stretches of hours that have ended, so that a list in the order of
 * such sums need not add up all traces. The API fills them in the background. A row is a whole stretch of a project: it is there or not, and
 * a newer one takes its place in one step.
 */

/** Hours of a row: sessions that go on for an hour or so mostly stand in one row, and few hours are too young to be in any. */
export const settledSessionHours = 6;

/** What is kept of a session: one member per session, in one order. Of traces that begin in the stretch. */
export const sessionSums = {
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

const packed = "CODEC(LZ4)";
const counts = "CODEC(T64, LZ4)";

function column(name: string, type: string, codec = packed): ColumnDefinition {
  return { name, type, ddl: `${type} ${codec}`.trim() };
}

const columns: readonly ColumnDefinition[] = [
  column("ProjectId", "LowCardinality(String)", ""),
  // UTC. The first of the stretch.
  column("Hour", "DateTime"),
  // When the counting began, in milliseconds of the server's clock: the newest holds.
  column("Version", "UInt64"),
  // What the roll-up of traces counted of these hours and those beside. As much as it says now: nothing has come since.
  column("Mark", "Int64"),
  column(sessionSums.Id, "Array(UUID)"),
  column(sessionSums.TraceCount, "Array(UInt32)", counts),
  column(sessionSums.ErrorCount, "Array(Int64)", counts),
  ...[sessionSums.Cost, sessionSums.Duration].map((name) => column(name, "Array(Nullable(Float64))")),
  ...[sessionSums.Start, sessionSums.End].map((name) => column(name, "Array(Nullable(Int64))")),
  column(sessionSums.Unsure, "Array(UInt8)"),
];

export const settledSessionsTable = "settled_sessions";

export const settledSessionsSchema: TableSchema = {
  table: settledSessionsTable,
  columns,
  deduplicated: [],
  expiring: [{ table: settledSessionsTable, time: "Hour", hasProjects: true }],
  migrations: (ddl) => [
    {
      version: 1,
      name: "settled sessions",
      statements: [
        createTable(ddl, {
          table: settledSessionsTable,
          lines: columnLines(columns),
          engine: "Replacing",
          version: "Version",
          partitionBy: "toYYYYMM(Hour)",
          orderBy: "(ProjectId, Hour)",
          time: "Hour",
          hasProjects: true,
          // A row holds up to some thousands of sessions.
          granularity: 1,
        }),
      ],
    },
  ],
};

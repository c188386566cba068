import { settledSessionListsSchema, settledSessionListsTable } from "./settled-session-lists.ts";
import { settledSessionsSchema, settledSessionsTable } from "./settled-sessions.ts";
import { settledTraceIndexSchema, settledTraceIndexTable } from "./settled-trace-index.ts";
import { settledTraceRowsSchema, settledTraceRowsTable } from "./settled-trace-rows.ts";
import { settledTracesSchema, settledTracesTable } from "./settled-traces.ts";
import { spanSeriesSchema, spanSeriesTable } from "./span-series.ts";
import type { TableSchema } from "./table-schema.ts";

/** All tables of settled hours. */
export const settledSchemas: readonly TableSchema[] = [
  spanSeriesSchema,
  settledSessionsSchema,
  settledTracesSchema,
  settledTraceIndexSchema,
  settledTraceRowsSchema,
  settledSessionListsSchema,
];

/** What stands behind FROM for each of them. */
export interface SettledTables {
  /** One row an hour that was added up. */
  readonly spanSeries: string;
  /** One row a stretch of hours whose sessions were added up. */
  readonly settledSessions: string;
  /** One row a stretch of hours of which the first traces of each order are known. */
  readonly settledTraces: string;
  /** One row a stretch of hours, with what lists ask of each of its traces. */
  readonly settledTraceIndex: string;
  /** One row a trace of these, with what pages show of it. */
  readonly settledTraceRows: string;
  /** One row a stretch of hours of which the first sessions of each order are known. */
  readonly settledSessionLists: string;
}

/** @param table what stands behind FROM for a table of this name */
export function settledTables(table: (name: string) => string): SettledTables {
  return {
    spanSeries: table(spanSeriesTable),
    settledSessions: table(settledSessionsTable),
    settledTraces: table(settledTracesTable),
    settledTraceIndex: table(settledTraceIndexTable),
    settledTraceRows: table(settledTraceRowsTable),
    settledSessionLists: table(settledSessionListsTable),
  };
}

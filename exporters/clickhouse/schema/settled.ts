import { settledSessionListsSchema, settledSessionListsTable } from "./settled-session-lists.ts";
import {
  settledSessionDaysSchema,
  settledSessionDaysTable,
  settledSessionRowsSchema,
  settledSessionRowsTable,
} from "./settled-session-rows.ts";
import { settledSessionsSchema, settledSessionsTable } from "./settled-sessions.ts";
import { settledTraceIndexSchema, settledTraceIndexTable } from "./settled-trace-index.ts";
import { settledTraceRowsSchema, settledTraceRowsTable } from "./settled-trace-rows.ts";
import { settledTracesSchema, settledTracesTable } from "./settled-traces.ts";
import { spanSeriesSchema, spanSeriesTable } from "./span-series.ts";
import type { TableSchema } from "./table-schema.ts";

/** Tables of what spans of some hours add up to. */
export const settledHourSchemas: readonly TableSchema[] = [
  spanSeriesSchema,
  settledSessionsSchema,
  settledTracesSchema,
  settledTraceIndexSchema,
  settledTraceRowsSchema,
  settledSessionListsSchema,
];

/** All that is made in the background: of hours of spans, and of days on which sessions came. */
export const settledSchemas: readonly TableSchema[] = [
  ...settledHourSchemas,
  settledSessionDaysSchema,
  settledSessionRowsSchema,
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
  /** One row a day of arrival of which all sessions are known. */
  readonly settledSessionDays: string;
  /** One row a session and day of these, with what pages show of it. */
  readonly settledSessionRows: string;
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
    settledSessionDays: table(settledSessionDaysTable),
    settledSessionRows: table(settledSessionRowsTable),
  };
}

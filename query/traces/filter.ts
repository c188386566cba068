import { arrivedAndNamed, type ListConditions, totalsWithin } from "../list-filter.ts";
import type { Page } from "../page.ts";
import type { SortKey } from "../position.ts";
import type { StoreTables } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, sql } from "../sql.ts";
import { traceTagCondition, traceTagOfRow } from "../tags.ts";
import type { DerivedColumn } from "./statements.ts";

export const traceSortFields = ["started_at", "name", "status", "span_count", "duration_ms", "cost"] as const;
export type TraceSortField = (typeof traceSortFields)[number];

export const traceStatuses = ["unset", "ok", "error"] as const;
export type TraceStatus = (typeof traceStatuses)[number];

/** What a list of traces is to hold. */
export interface TraceConditions extends ListConditions {
  /** UUID. */
  readonly sessionId?: string;
  readonly status?: TraceStatus;
}

export interface TraceFilter extends TraceConditions, Page {
  readonly sortBy: TraceSortField;
}

/** What the fields are sorted by: columns of `derivedTraces`. */
export const traceSortKeys = {
  started_at: { column: "startNs", kind: "nanos", isOptional: true },
  name: { column: "name", kind: "text", isOptional: true },
  status: { column: "status", kind: "text", isOptional: false },
  span_count: { column: "spanCount", kind: "count", isOptional: false },
  duration_ms: { column: "durationMs", kind: "number", isOptional: true },
  cost: { column: "cost", kind: "number", isOptional: true },
} as const satisfies Record<TraceSortField, SortKey & { readonly column: DerivedColumn | "spanCount" }>;

/** The columns that the conditions look at. */
export function columnsOfConditions(filter: TraceConditions): readonly DerivedColumn[] {
  const { sessionId, status, names, hasError, durationMin, durationMax, costMin, costMax, tags = [] } = filter;
  const columns: readonly (readonly [DerivedColumn, boolean])[] = [
    ["sessionId", sessionId !== undefined || tags.length > 0],
    ["status", status !== undefined],
    ["name", names !== undefined],
    ["hasErrors", hasError !== undefined],
    ["durationMs", durationMin !== undefined || durationMax !== undefined],
    ["cost", costMin !== undefined || costMax !== undefined],
  ];
  return columns.flatMap(([column, isNeeded]) => (isNeeded ? [column] : []));
}

/** Conditions on columns of `derivedTraces`. */
export function traceConditions(filter: TraceConditions, project: string, tables: StoreTables): readonly Sql[] {
  return [...keptConditions(filter, project, tables), ...countedConditions(filter)];
}

/** Those that hold or not, whatever a trace's numbers are when it is counted from its spans. */
export function keptConditions(filter: TraceConditions, project: string, tables: StoreTables): readonly Sql[] {
  const { sessionId } = filter;
  return [
    ...(sessionId === undefined ? [] : [sql`sessionId = ${param("String", sessionId)}`]),
    ...(filter.tags ?? []).map((tag) => traceTagCondition(tag, project, tables)),
  ];
}

/** The others. `fits` says the same in JavaScript. */
export function countedConditions(filter: TraceConditions): readonly Sql[] {
  const { status, hasError } = filter;
  return [
    ...(status === undefined ? [] : [sql`status = ${param("String", status)}`]),
    ...arrivedAndNamed(filter),
    ...(hasError === undefined ? [] : [hasError ? raw("hasErrors") : raw("NOT hasErrors")]),
    ...totalsWithin(raw("durationMs"), filter),
  ];
}

/**
 * Conditions on rows of the roll-up that leave out traces of which no row can make them fit, before all rows are added up.
 * What fits is still decided by the sums: a trace passes here when one of its rows has an error, or names the tag. Hashes,
 * as the server would look for each of so many ids in every index.
 *
 * @param rows conditions on the rows that are looked at
 */
export function fewerTraces(filter: TraceConditions, project: string, tables: StoreTables, rows: Sql): readonly Sql[] {
  const conditions = [
    ...(filter.hasError === true ? [raw("(ErrorCount > 0 OR notEmpty(Explicit))")] : []),
    ...(filter.tags ?? []).map((tag) => traceTagOfRow(tag, project, tables)),
  ];
  if (conditions.length === 0) return [];
  const [only] = conditions;
  const found = sql`SELECT cityHash64(TraceId) AS id FROM ${raw(tables.traces)} WHERE ${allOf([ofProject(project), rows])}`;
  // Several are asked of different rows of a trace: one pass over them decides all.
  const fitting =
    conditions.length === 1
      ? sql`${found} AND ${only!}`
      : sql`${found} GROUP BY id HAVING ${allOf(conditions.map((condition) => sql`max(${condition}) = 1`))}`;
  return [sql`cityHash64(TraceId) IN (${fitting})`];
}

import { storedSpanId, storedTraceId } from "../../pipeline/ids.ts";
import { sessionCondition } from "../family.ts";
import { allOf, param, raw, type Sql, sql } from "../sql.ts";
import { type SpanTagScope, spanTagCondition, type TagFilter } from "../tags.ts";
import type { SpanExpressions } from "./columns.ts";

/** Which spans are asked for. Ids are UUIDs with hyphens, times texts for DateTime64(9), durations milliseconds. */
export interface SpanFilter {
  readonly id?: string | undefined;
  readonly trace_id?: string | undefined;
  /** null: spans without a parent. */
  readonly parent_span_id?: string | null | undefined;
  readonly session_id?: string | undefined;
  readonly span_kind?: string | undefined;
  readonly created_after?: string | undefined;
  readonly created_before?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly error_codes?: readonly string[] | undefined;
  readonly has_error?: boolean | undefined;
  readonly duration_min?: number | undefined;
  readonly duration_max?: number | undefined;
  readonly cost_min?: number | undefined;
  readonly cost_max?: number | undefined;
  readonly tags?: readonly TagFilter[] | undefined;
}

/** The conditions that find the rows of a span by ids, which versions have in common. */
export function idConditions(filter: SpanFilter): readonly (Sql | undefined)[] {
  return [
    given(filter.trace_id, (id) => sql`TraceId = ${param("String", storedTraceId(id))}`),
    given(filter.id, (id) => sql`SpanId = ${param("String", storedSpanId(id))}`),
  ];
}

/** The other conditions, on rows or merged spans. All bounds are inclusive, and no value is never within any. */
export function spanConditions(filter: SpanFilter, columns: SpanExpressions, scope: SpanTagScope): Sql {
  const { parent, kind, hasError, errorCode, duration, cost, name } = columns;
  return allOf([
    given(filter.parent_span_id, (id) => sql`${parent} = ${param("String", id === null ? "" : storedSpanId(id))}`),
    given(filter.session_id, (id) => sessionCondition(id, scope)),
    given(filter.span_kind, (text) => sql`${kind} = ${param("String", text)}`),
    given(filter.created_after, (time) => sql`CreatedAt >= ${bound(time)}`),
    given(filter.created_before, (time) => sql`CreatedAt <= ${bound(time)}`),
    given(filter.names, (names) => sql`${name} IN ${param("Array(String)", names)}`),
    given(filter.error_codes, (codes) => sql`${errorCode} IN ${param("Array(String)", codes)}`),
    given(filter.has_error, (wanted) => (wanted ? hasError : sql`NOT ${hasError}`)),
    given(filter.duration_min, (ms) => sql`${duration} >= ${param("Float64", ms)}`),
    given(filter.duration_max, (ms) => sql`${duration} <= ${param("Float64", ms)}`),
    given(filter.cost_min, (dollars) => sql`${cost} >= ${param("Float64", dollars)}`),
    given(filter.cost_max, (dollars) => sql`${cost} <= ${param("Float64", dollars)}`),
    spanTagCondition(filter.tags ?? [], scope),
  ]);
}

function given<T>(value: T | undefined, condition: (value: T) => Sql): Sql | undefined {
  return value === undefined ? undefined : condition(value);
}

/** @param time as `storedTime` writes it */
export function bound(time: string): Sql {
  return sql`${param("DateTime64(9, 'UTC')", time)}`;
}

export const noCondition = raw("1");

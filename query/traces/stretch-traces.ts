import { withoutParent } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import type { Stretch } from "../settled/settlement.ts";
import { beginsIn, traceSpan } from "../settled/trace-stretch.ts";
import { param, raw, type Sql, sql } from "../sql.ts";
import { hour } from "../time.ts";
import { type DerivedColumn, derivedTraces, type TraceScope } from "./statements.ts";

/*
 * The traces of a stretch, of which rows of settled tables are made.
 */

/**
 * Traces without a root, which may have begun elsewhere, and traces that go on beyond what is looked at: so many of each are
 * named. Where more have no root, callers send no spans, and their traces are taken for whole ones.
 */
export const mostNamed = 200;

/**
 * Traces that have rows in a stretch or beside it: `begins` says whether they begin in it, `isId` whether the id is of the form
 * that is kept, `isRootless` and `isLong` whether they may have rows elsewhere.
 *
 * @param made expressions beside these: of `columns`, those of `summedTraces` (as `t`), and `firstOffset` and `lastOffset`, the hours of the first
 *   and last row after that of the stretch
 */
export function stretchTraces(
  stretch: Stretch,
  scope: TraceScope,
  {
    fromSpans,
    columns,
    made,
  }: { readonly fromSpans: boolean; readonly columns: readonly DerivedColumn[]; readonly made: string },
): Sql {
  const { length, after } = traceSpan;
  const start = param("UInt32", stretch.hour);
  const lastSeen = param("UInt32", stretch.hour + (length + after - 1) * hour);
  return sql`SELECT TraceId, dirty, NOT dirty AND ${beginsIn(stretch)} AS begins, lower(hex(unhex(TraceId))) = TraceId AND length(TraceId) = 32 AS isId,
  begins AND NOT startsWith(root, '${raw(withoutParent)}') AS isRootless,
  toUnixTimestamp(firstHour) AS firstAt, toUnixTimestamp(lastHour) AS lastAt,
  (begins AND lastAt >= ${lastSeen}) OR (NOT dirty AND firstAt < ${start} AND lastAt > ${start}) AS isLong,
  intDiv(firstAt - ${start}, ${raw(String(hour))}) AS firstOffset, intDiv(lastAt - ${start}, ${raw(String(hour))}) AS lastOffset,
  ${raw(made)}
FROM (
${derivedTraces(scope, fromSpans, columns)}
) AS t`;
}

/** Aggregates of these: how many are not kept and why, and which may have rows elsewhere (`Unsure`). */
export const unsureAggregates = `countIf(NOT isId) AS Others, countIf(isLong) AS Long, groupArrayIf(${mostNamed})(TraceId, isLong) AS long,
  countIf(isRootless) > ${mostNamed} AS areMostRootless,
  if(areMostRootless, [], groupArrayIf(${mostNamed})(TraceId, isRootless AND NOT isLong)) AS rootless,
  arrayConcat(long, rootless) AS Unsure`;

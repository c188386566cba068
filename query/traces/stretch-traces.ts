import { withoutParent } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import type { Stretch } from "../settled/settlement.ts";
import { beginsIn, type StretchCounts, traceSpan } from "../settled/trace-stretch.ts";
import { param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { type DerivedColumn, derivedTraces, summedTraces, type TraceScope } from "./statements.ts";

/*
 * The traces of a stretch, of which rows of settled tables are made.
 */

/**
 * Traces without a root, which may have begun elsewhere, and traces that go on beyond what is looked at: so many of each are
 * named. Where more have no root, callers send no spans, and their traces are taken for whole ones.
 */
export const mostNamed = 200;

/** Traces that are counted from their spans apart from others. No option: what is made of them is the same. */
export const mostDirty = 200;

/** What rows of a stretch are made of. */
export interface MadeOf extends Pick<StretchCounts, "Version"> {
  readonly scope: TraceScope;
  /** Stored ids of those that have to be counted from their spans; of more than `mostDirty`, some. */
  readonly dirtyIds: readonly string[];
}

/** What is made of each trace: expressions beside those of `stretchTraces`, and the columns that they need. */
interface Made {
  readonly columns: readonly DerivedColumn[];
  readonly made: string;
}

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
  { fromSpans, columns, made }: Made & { readonly fromSpans: boolean },
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

/** The same of all traces, dirty ones counted from their spans: none or few of these, if they are known, in half the time. */
export function exactTraces(stretch: Stretch, { scope, dirtyIds }: MadeOf, made: Made): Sql {
  const known = dirtyIds.length > mostDirty ? scope : { ...scope, knownDirty: dirtyIds };
  return stretchTraces(stretch, known, { ...made, fromSpans: dirtyIds.length > 0 });
}

/** The dirty traces of a scope; of more than `mostDirty`, some. */
export function dirtyStatement(scope: TraceScope): Statement {
  return statementOf(sql`SELECT TraceId AS traceId
FROM (
${summedTraces(scope, false)}
)
WHERE dirty
LIMIT ${param("UInt64", mostDirty + 1)}`);
}

/** Aggregates of these: how many are not kept and why, and which may have rows elsewhere (`Unsure`). */
export const unsureAggregates = `countIf(NOT isId) AS Others, countIf(isLong) AS Long, groupArrayIf(${mostNamed})(TraceId, isLong) AS long,
  countIf(isRootless) > ${mostNamed} AS areMostRootless,
  if(areMostRootless, [], groupArrayIf(${mostNamed})(TraceId, isRootless AND NOT isLong)) AS rootless,
  arrayConcat(long, rootless) AS Unsure`;

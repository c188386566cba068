import { grouped } from "../grouped.ts";
import { comparedIntegers, greatestText, leastText } from "../order.ts";
import { raw, type Statement, sql, statementOf } from "../sql.ts";
import type { TraceRow } from "./read.ts";
import { rowsOfRollUp, type TraceScope } from "./statements.ts";

/*
 * Few traces are put together here and not by the server, which takes longer to understand how than to find their rows
 * (bench/README.md). The sums and extremes are those of `rolledUp`.
 */

/** A row of the roll-up: what spans of a trace in one hour, or a part of them, came to. */
export interface RollUpRow extends Omit<TraceRow, "firstHour" | "lastHour" | "dirty" | "spanCount"> {
  /** Seconds since the epoch. */
  readonly hour: number;
  /** Writes of spans. */
  readonly rowCount: number;
  /** Of the distinct spans; none where they are more than `mostHashes`. */
  readonly hashes: readonly number[];
  readonly hashCount: number;
}

/** Hashes that a row is sent with. No option: with more, the server counts them, and the answer is the same. */
const mostHashes = 1_000;

export function rollUpRowsStatement(scope: TraceScope): Statement {
  return statementOf(sql`SELECT TraceId AS traceId, toUnixTimestamp(Hour) AS hour, toString(toUnixTimestamp64Nano(Start)) AS firstStart,
  toString(toUnixTimestamp64Nano(End)) AS lastEnd, CreatedAt AS createdAt, UpdatedAt AS updatedAt, RowCount AS rowCount,
  if(length(SpanHashes) > ${raw(String(mostHashes))}, [], SpanHashes) AS hashes, length(SpanHashes) AS hashCount,
  ErrorCount AS errorCount, OkCount AS okCount, Cost AS spanCost, Root AS root, SilentRoot AS silentRoot, Session AS session,
  Tags AS tags, Explicit AS said, Attributes AS attributes
FROM ${rowsOfRollUp(scope)}`);
}

/** The same with what sessions add up alone: hashes, texts and tags are left out. */
export function totalRowsStatement(scope: TraceScope): Statement {
  return statementOf(sql`SELECT TraceId AS traceId, toUnixTimestamp(Hour) AS hour, toString(toUnixTimestamp64Nano(Start)) AS firstStart,
  toString(toUnixTimestamp64Nano(End)) AS lastEnd, '' AS createdAt, '' AS updatedAt, RowCount AS rowCount,
  [] AS hashes, length(SpanHashes) AS hashCount, ErrorCount AS errorCount, 0 AS okCount, Cost AS spanCost, '' AS root, 0 AS silentRoot,
  Session AS session, [] AS tags, Explicit AS said, [] AS attributes
FROM ${rowsOfRollUp(scope)}`);
}

/** The traces of some rows of the roll-up, and the ids of those whose spans only the server can count. */
export function foldedTraces(rows: readonly RollUpRow[]): {
  traces: readonly TraceRow[];
  uncounted: readonly string[];
} {
  const traces: TraceRow[] = [];
  const uncounted: string[] = [];
  for (const [traceId, ofTrace] of grouped(rows, (row) => row.traceId)) {
    const spanCount = spanCountOf(ofTrace);
    if (spanCount === undefined) uncounted.push(traceId);
    else traces.push(traceOf(ofTrace, spanCount));
  }
  return { traces, uncounted };
}

function spanCountOf(rows: readonly RollUpRow[]): number | undefined {
  const withSpans = rows.filter(({ hashCount }) => hashCount > 0);
  if (withSpans.length <= 1) return withSpans[0]?.hashCount ?? 0;
  if (rows.some(({ hashes, hashCount }) => hashes.length < hashCount)) return undefined;
  return new Set(rows.flatMap(({ hashes }) => hashes)).size;
}

function traceOf(rows: readonly RollUpRow[], spanCount: number): TraceRow {
  const hours = rows.map(({ hour }) => hour);
  const costs = rows.flatMap(({ spanCost }) => (spanCost === null ? [] : [spanCost]));
  const rowCount = sum(rows.map((row) => row.rowCount));
  return {
    traceId: rows[0]!.traceId,
    firstHour: hours.reduce((first, one) => Math.min(first, one)),
    lastHour: hours.reduce((last, one) => Math.max(last, one)),
    firstStart: leastText(
      rows.map((row) => row.firstStart),
      comparedIntegers,
    ),
    lastEnd: greatestText(
      rows.map((row) => row.lastEnd),
      comparedIntegers,
    ),
    createdAt: leastText(rows.map((row) => row.createdAt)),
    updatedAt: greatestText(rows.map((row) => row.updatedAt)),
    spanCount,
    errorCount: sum(rows.map((row) => row.errorCount)),
    okCount: sum(rows.map((row) => row.okCount)),
    spanCost: costs.length === 0 ? null : sum(costs),
    root: leastText(rows.map((row) => row.root)),
    silentRoot: Math.min(...rows.map((row) => Number(row.silentRoot))),
    session: leastText(rows.map((row) => row.session)),
    tags: rows.flatMap((row) => row.tags),
    said: rows.flatMap((row) => row.said),
    attributes: rows.flatMap((row) => row.attributes),
    dirty: rowCount !== spanCount,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

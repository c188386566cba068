import {
  hasError,
  none,
  noStartNs,
  rootDigits,
  stampDigits,
  waitingTags,
  withoutParent,
  withParent,
} from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import type { StoreTables } from "../reader.ts";
import { lastCost } from "../spans/columns.ts";
import { allOf, arrayOf, ofProject, param, raw, type Sql, sql } from "../sql.ts";

/*
 * Traces, put together from the rows of their roll-up and, where spans stand twice in the table of spans, from the spans.
 */

/** Whose traces, and where their rows are looked for. */
export interface TraceScope {
  readonly project: string;
  readonly tables: StoreTables;
  /** Conditions on rows of the roll-up: `Hour`, `TraceId`. All rows of a trace fulfil them, or the trace is cut. */
  readonly rows: readonly Sql[];
  /** Stored ids of the traces, where they are known and all of them are dirty. */
  readonly dirtyIds?: readonly string[];
  /** Stored ids of those that are dirty, where they are known and others are not: they alone are looked for among spans. */
  readonly knownDirty?: readonly string[];
  /** Conditions on `w.Timestamp` that their spans fulfil: other parts of the table of spans are not looked into. */
  readonly started?: readonly Sql[];
}

/**
 * One row a trace: sums and extremes of its rows. A trace is `dirty` when a span of it was written more than once: then its
 * sums count that span as often.
 */
function rolledUp(scope: TraceScope): Sql {
  return sql`SELECT TraceId, min(r.Hour) AS firstHour, max(r.Hour) AS lastHour, min(r.Start) AS firstStart, max(r.End) AS lastEnd,
  min(r.CreatedAt) AS created, max(r.UpdatedAt) AS updated,
  sum(r.RowCount) AS rowCount,
  if(count() > 1, toUInt64(arrayUniq(groupArrayArray(r.SpanHashes))), sum(length(r.SpanHashes))) AS spanCount,
  sum(r.ErrorCount) AS errorCount, sum(r.OkCount) AS okCount, sum(r.Cost) AS spanCost,
  min(r.Root) AS root, min(r.SilentRoot) AS silentRoot, min(r.Session) AS session,
  groupArrayArray(r.Tags) AS tags, groupArrayArray(r.Explicit) AS said, groupArrayArray(r.Attributes) AS attributes,
  rowCount != spanCount AS dirty
FROM ${rowsOfRollUp(scope)}
GROUP BY TraceId`;
}

/** What stands behind FROM for the rows of traces in their roll-up, as `r`. */
export function rowsOfRollUp({ project, tables, rows }: TraceScope): Sql {
  return sql`${raw(tables.traces)} AS r
WHERE ${allOf([ofProject(project), ...rows])}`;
}

/** The same numbers made of the spans of dirty traces: of each span, the newest of what its writes have said. */
export function countedFromSpans(scope: TraceScope): Sql {
  const newest = (column: string, condition: string): string => `argMaxIf(w.${column}, w.CreatedAt, ${condition})`;
  const text = (column: string): string => newest(column, `w.${column} != ''`);
  return sql`SELECT TraceId, min(start) AS firstStart, max(end) AS lastEnd, min(created) AS created, max(updated) AS updated,
  toInt64(count()) AS rowCount, toUInt64(count()) AS spanCount,
  toInt64(countIf(isError)) AS errorCount, toInt64(countIf(status = 'Ok' AND NOT isError)) AS okCount, sum(cost) AS spanCost,
  min(rootText) AS root
FROM (
  SELECT TraceId, SpanId, min(w.CreatedAt) AS created, max(w.CreatedAt) AS updated,
    argMax(w.Timestamp, w.CreatedAt) AS start,
    argMaxIf(addNanoseconds(w.Timestamp, w.Duration), w.CreatedAt, w.EndState != 'open') AS end,
    ${raw(newest("StatusCode", "w.StatusCode != 'Unset'"))} AS status, ${raw(lastCost("w."))} AS cost,
    (${raw(mergedError(text))}) AS isError,
    concat(if(${raw(text("ParentSpanId"))} = '', '${raw(withoutParent)}', '${raw(withParent)}'), leftPad(hex(reinterpretAsUInt64(start)), 16, '0'),
      ${raw(text("SpanName"))}) AS rootText
  FROM ${raw(scope.tables.spans)} AS w
  WHERE ${allOf([ofProject(scope.project), ...(scope.started ?? [])])}
    AND TraceId IN ${dirtyTraces(scope)}
  GROUP BY TraceId, SpanId
)
GROUP BY TraceId`;
}

function dirtyTraces(scope: TraceScope): Sql {
  if (scope.dirtyIds !== undefined) return sql`${param("Array(String)", scope.dirtyIds)}`;
  return sql`(SELECT TraceId FROM (
${rolledUp(scope)}
    ) WHERE dirty)`;
}

/** \`hasError\` of a span whose writes are merged. */
function mergedError(text: (column: string) => string): string {
  return hasError
    .replace("StatusCode", "status")
    .replace("ErrorType", text("ErrorType"))
    .replace("ErrorMessage", text("ErrorMessage"));
}

/** Clean traces from the roll-up, dirty ones from their spans; none is dirty any more. */
function exact({ knownDirty, ...scope }: TraceScope): Sql {
  const counted = "firstStart, lastEnd, created, updated, rowCount, spanCount, errorCount, okCount, spanCost, root";
  const ofSpans = counted
    .split(", ")
    .map((name) => `c.${name} AS ${name}`)
    .join(", ");
  const others = knownDirty === undefined ? scope : dirtyScope(scope, knownDirty);
  const dirty = sql`SELECT d.TraceId AS TraceId, d.firstHour AS firstHour, d.lastHour AS lastHour, ${raw(ofSpans)}, d.silentRoot AS silentRoot, d.session AS session, d.tags AS tags, d.said AS said, d.attributes AS attributes, 0 AS dirty
FROM (SELECT TraceId, firstHour, lastHour, silentRoot, session, tags, said, attributes FROM (
${rolledUp(others)}
) WHERE dirty) AS d
INNER JOIN (
${countedFromSpans(others)}
) AS c ON d.TraceId = c.TraceId`;
  if (scope.dirtyIds !== undefined) return dirty;
  return sql`SELECT TraceId, firstHour, lastHour, ${raw(counted)}, silentRoot, session, tags, said, attributes, 0 AS dirty FROM (
${rolledUp(scope)}
) AS t WHERE NOT t.dirty
UNION ALL
${dirty}`;
}

/** Sums and extremes of traces. @param fromSpans whether dirty traces are counted from their spans */
export function summedTraces(scope: TraceScope, fromSpans: boolean): Sql {
  return fromSpans ? exact(scope) : rolledUp(scope);
}

const said = (key: string): string =>
  `arrayMax(arrayMap(t -> if(t.1 = '${key}', (t.3, t.2), (toUInt64(0), '')), said))`;
const explicit = (key: string, value: (text: string) => string, otherwise: string): string =>
  `if(notEmpty(said) AND ${said(key)}.1 > 0, ${value(`${said(key)}.2`)}, ${otherwise})`;
const text = (value: string): string => value;
const nanos = (value: string): string => `toInt64OrNull(${value})`;
const number = (value: string): string => `toFloat64OrNull(${value})`;

/** What POST /traces has said, in place of what the spans say. `traceRead` says the same in JavaScript. */
const expressions = {
  name: explicit("name", text, `if(root = '${none}', NULL, substring(root, ${rootDigits + 1}))`),
  status: explicit("status", text, "multiIf(errorCount > 0, 'error', okCount > 0, 'ok', 'unset')"),
  startNs: explicit("started_at", nanos, `nullIf(toUnixTimestamp64Nano(firstStart), ${noStartNs})`),
  endNs: explicit("ended_at", nanos, "nullIf(toUnixTimestamp64Nano(lastEnd), 0)"),
  cost: explicit("cost", number, "spanCost"),
  sessionId: `if(session = '${none}', '', substring(session, ${stampDigits + 1}))`,
  sessionTags: waitingTags.replace("Explicit", "said"),
  hasErrors: "errorCount > 0 OR status = 'error'",
  durationMs: explicit("duration_ms", number, "if(isNull(endNs - startNs), NULL, greatest(endNs - startNs, 0)) / 1e6"),
} as const;

/** When a row of the roll-up says that its trace started, in nanoseconds; NULL: it does not. */
export const startOfRow = explicit(
  "started_at",
  nanos,
  "if(RowCount > 0, toUnixTimestamp64Nano(Start), NULL)",
).replaceAll("said", "Explicit");

export type DerivedColumn = keyof typeof expressions;

const needs: Partial<Readonly<Record<DerivedColumn, readonly DerivedColumn[]>>> = {
  hasErrors: ["status"],
  durationMs: ["startNs", "endNs"],
};

/**
 * What the API says of a trace. Columns: those of `summedTraces`, of which those that nobody reads cost nothing, and those that are
 * asked for: the server takes longer to understand all of them than to compute them for a page.
 */
export function derivedTraces(scope: TraceScope, fromSpans: boolean, columns: readonly DerivedColumn[]): Sql {
  const wanted = new Set(columns.flatMap((column) => [...(needs[column] ?? []), column]));
  const derived = [...wanted].map((column) => `, ${expressions[column]} AS ${column}`).join("\n  ");
  return sql`SELECT *${raw(derived)}
FROM (
${summedTraces(scope, fromSpans)}
)`;
}

/** The condition on rows of the roll-up of traces that are named by their keys. @param pairs hours (seconds) and trace ids */
export function rowsOfKeys(pairs: readonly (readonly [hour: number, traceId: string])[]): Sql {
  const hours = arrayOf(
    "UInt32",
    pairs.map(([hour]) => hour),
  );
  const ids = arrayOf(
    "String",
    pairs.map(([, id]) => id),
  );
  return sql`(Hour, TraceId) IN (SELECT toDateTime(k.1), k.2 FROM (SELECT arrayJoin(arrayZip(${hours}, ${ids})) AS k))`;
}

/** The condition on rows of the roll-up that they are of some traces. @param traceIds as stored */
export function isOneOf(traceIds: readonly string[]): Sql {
  return sql`TraceId IN (SELECT arrayJoin(${arrayOf("String", traceIds)}))`;
}

/** Some traces of a scope, of which all are dirty. @param dirtyIds as stored */
export function dirtyScope(scope: TraceScope, dirtyIds: readonly string[]): TraceScope {
  return { ...scope, rows: [...scope.rows, isOneOf(dirtyIds)], dirtyIds };
}

/** Hours from `from` to `to`, in seconds since the epoch. */
export function rowsOfHours(from: number, to: number): Sql {
  return sql`Hour >= toDateTime(${param("UInt32", Math.max(0, from))}) AND Hour <= toDateTime(${param("UInt32", to)})`;
}

/**
 * The rows of the roll-up of traces of some sessions, and those of the hours beside, which may not name the session.
 *
 * @param sessions condition on rows of the roll-up of sessions
 */
export function rowsOfSessions(project: string, tables: StoreTables, sessions: Sql): Sql {
  return sql`(Hour, TraceId) IN (
    SELECT k.1, k.2 FROM (
      SELECT arrayJoin(arrayFlatten(arrayMap(t -> [(t.1 - 3600, t.2), t, (t.1 + 3600, t.2)], Traces))) AS k
      FROM ${raw(tables.sessions)}
      WHERE ${ofProject(project)} AND ${sessions}))`;
}

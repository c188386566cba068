import { grouped } from "../grouped.ts";
import { startsOfSpan } from "../places.ts";
import type { Reader } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, sql, statementOf } from "../sql.ts";
import type { SpanKey } from "./list.ts";
import { mergeVersions } from "./merge.ts";
import type { SpanRead } from "./model.ts";
import { readRows, rowsOfSpan, rowsOfSpans, type SpanRow, type Started, type StoredSpanId } from "./row.ts";
import { spanReadOf } from "./span-read.ts";
import { startedOf } from "./started.ts";
import { knownOfSpan, knownOfTraces, surroundingsOf } from "./surroundings.ts";

/** Ids that one statement names: they travel in the address of the request to the server. */
const idsPerStatement = 500;

export interface ReadSpansOptions {
  /** Where it is known, fewer parts are looked into. */
  readonly started?: Started | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Spans as they are stored, all versions put together.
 *
 * @param project as stored
 * @param ids stored ids (`storedTraceId`, `storedSpanId`)
 * @returns in the order of `ids`; undefined for spans that are not there
 */
export async function readSpans(
  reader: Reader,
  project: string,
  ids: readonly StoredSpanId[],
  options: ReadSpansOptions = {},
): Promise<(SpanRead | undefined)[]> {
  const spans: (SpanRead | undefined)[] = [];
  for (let at = 0; at < ids.length; at += idsPerStatement) {
    spans.push(...(await readSome(reader, project, ids.slice(at, at + idsPerStatement), options)));
  }
  return spans;
}

/** The spans of a page of a list, in its order. A span that is gone since was too old to be kept. */
export async function readKeys(
  reader: Reader,
  project: string,
  keys: readonly SpanKey[],
  signal?: AbortSignal,
): Promise<SpanRead[]> {
  if (keys.length === 0) return [];
  const ids = keys.map(({ TraceId, SpanId }) => ({ traceId: TraceId, spanId: SpanId }));
  const spans = await readSpans(reader, project, ids, { started: startedOf(keys), signal });
  return spans.filter((span) => span !== undefined);
}

async function readSome(
  reader: Reader,
  project: string,
  ids: readonly StoredSpanId[],
  { started, signal }: ReadSpansOptions,
): Promise<(SpanRead | undefined)[]> {
  const source = { project, reader };
  const table = reader.tables.spans;
  const traceIds = [...new Set(ids.map(({ traceId }) => traceId))];
  const [rows, known] = await Promise.all([
    readRows(reader, rowsOfSpans({ project, table }, ids, started), signal),
    knownOfTraces(source, traceIds, signal),
  ]);
  const merged = [...mergedById(rows).values()];
  const [around, whole] = await Promise.all([
    surroundingsOf(source, merged, signal, known),
    reader.loggedMessages.of(reader, project, merged, signal),
  ]);
  const byId = new Map(whole.map((row) => [row.TraceId + row.SpanId, row]));
  return ids.map(({ traceId, spanId }) => {
    const row = byId.get(traceId + spanId);
    return row === undefined ? undefined : spanReadOf(row, around, project);
  });
}

/** Spans by TraceId and SpanId together, the versions of each put together. @param rows by arrival */
export function mergedById(rows: readonly SpanRow[]): ReadonlyMap<string, SpanRow> {
  const versions = grouped(rows, ({ TraceId, SpanId }) => TraceId + SpanId);
  return new Map([...versions].map(([key, ofSpan]) => [key, mergeVersions(ofSpan)]));
}

/** The span with this id, as stored; of several traces that have one, that of the newest. */
export async function readSpan(
  reader: Reader,
  project: string,
  spanId: string,
  signal?: AbortSignal,
): Promise<SpanRead | undefined> {
  const source = { project, reader };
  const [started, signals] = await Promise.all([
    startsOfSpan(reader, spanId, signal),
    knownOfSpan(source, spanId, signal),
  ]);
  if (started === undefined) return undefined;
  const statement = rowsOfSpan({ project, table: reader.tables.spans }, spanId, started);
  const rows = await readRows(reader, statement, signal);
  const newest = rows.at(-1);
  if (newest === undefined) return undefined;
  const merged = mergeVersions(rows.filter(({ TraceId }) => TraceId === newest.TraceId));
  const [around, [whole]] = await Promise.all([
    surroundingsOf(source, [merged], signal, { signals }),
    reader.loggedMessages.of(reader, project, [merged], signal),
  ]);
  return spanReadOf(whole!, around, project);
}

/**
 * The stored ids of the span with this id; of several traces that have one, that of the newest.
 *
 * @param spanId as stored
 */
export async function findSpan(
  reader: Reader,
  project: string,
  spanId: string,
  signal?: AbortSignal,
): Promise<{ readonly id: StoredSpanId; readonly started: Started } | undefined> {
  const started = await startsOfSpan(reader, spanId, signal);
  if (started === undefined) return undefined;
  const [found] = await reader.rows<{ TraceId: string; First: string; Last: string }>(
    findSpanStatement(reader.tables.spans, project, spanId, started),
    { signal },
  );
  if (found === undefined) return undefined;
  return { id: { traceId: found.TraceId, spanId }, started: { from: textOf(found.First), to: textOf(found.Last) } };
}

/** @param spanId as stored @param started conditions on Timestamp that all of its rows fulfil */
export function findSpanStatement(table: string, project: string, spanId: string, started: readonly Sql[]) {
  return statementOf(sql`SELECT TraceId, min(Timestamp) AS First, max(Timestamp) AS Last
FROM ${raw(table)}
WHERE ${allOf([ofProject(project), ...started, sql`SpanId = ${param("String", spanId)}`])}
GROUP BY TraceId
ORDER BY max(CreatedAt) DESC, TraceId
LIMIT 1`);
}

/** The text of a parameter of type DateTime64. @param time ISO 8601 as the store answers */
export function textOf(time: string): string {
  return time.replace("T", " ").replace("Z", "");
}

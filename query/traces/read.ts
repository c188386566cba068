import { none, noStartNs, rootDigits, stampDigits } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { storedTraceId, uuidOfProject, uuidOfTrace } from "../../pipeline/ids.ts";
import { inHours } from "../hours.ts";
import { hoursOfTraces, isOfId } from "../places.ts";
import type { Reader, StoreTables } from "../reader.ts";
import { ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { newestTags, type Tags, type VersionedTag } from "../tags.ts";
import { hour, isoOfNanos } from "../time.ts";
import { countsOfWrites, type SpanWrite, spanWritesStatement, type TraceCounts } from "./counted.ts";
import type { TraceStatus } from "./filter.ts";
import { foldedTraces, type RollUpRow, rollUpRowsStatement } from "./roll-up.ts";
import { type RootTexts, rootsOf } from "./roots.ts";
import { countedFromSpans, rowsOfHours, rowsOfKeys, summedTraces, type TraceScope } from "./statements.ts";

/** A trace as the API shows it, but for its signals. */
export interface TraceRead {
  readonly id: string;
  readonly project_id: string;
  readonly session_id: string | null;
  readonly name: string | null;
  readonly status: TraceStatus;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  /** US dollars. */
  readonly cost: number | null;
  readonly span_count: number;
  readonly error_count: number;
  readonly root_span_input: string | null;
  readonly root_span_output: string | null;
  /** The trace's own. */
  readonly tags: Tags;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Where the rows of a trace lie in the roll-up. Hours in seconds since the epoch. */
export interface TraceKey {
  /** As stored. */
  readonly traceId: string;
  readonly firstHour: number;
  readonly lastHour: number;
}

/** A trace as its roll-up says it. */
export interface TraceRow extends TraceKey {
  readonly dirty: number | boolean;
  /** Nanoseconds since the epoch. */
  readonly firstStart: string;
  readonly lastEnd: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly okCount: number;
  readonly spanCost: number | null;
  readonly root: string;
  /** Whether no span without parent has an input or an output. */
  readonly silentRoot: number | boolean;
  readonly session: string;
  readonly tags: readonly VersionedTag[];
  readonly said: readonly VersionedTag[];
  readonly attributes: readonly VersionedTag[];
}

/** One trace, wherever its rows lie. @param id UUID */
export async function getTrace(reader: Reader, project: string, id: string): Promise<TraceRead | undefined> {
  const rows = await rowsOfTraceId(reader, project, storedTraceId(id));
  const [trace] = await withRoots(reader, project, rows);
  return trace;
}

/**
 * What the roll-up says of a trace: one row or none.
 *
 * @param traceId as stored
 * @param hours of its rows; without them, wherever its rows lie
 */
export function rowsOfTraceId(
  reader: Reader,
  project: string,
  traceId: string,
  hours?: readonly number[],
): Promise<readonly TraceRow[]> {
  const { tables } = reader;
  const within = hours === undefined ? hoursOfTraces(tables, [traceId]) : [inSomeHours(hours)];
  const rows = [...within, sql`TraceId = ${param("String", traceId)}`];
  return exactRows(reader, { project, tables, rows });
}

/** Hours that a statement names one by one. No option: of more, all from the first to the last are looked through. */
const mostHours = 100;

function inSomeHours(hours: readonly number[]): Sql {
  if (hours.length > mostHours) return rowsOfHours(hours[0]!, hours.at(-1)!);
  return sql`Hour IN ${param("Array(UInt32)", hours)}`;
}

/** The hours of the rows of a trace, in order. In seconds since the epoch. */
export async function hoursOfTraceId(reader: Reader, project: string, traceId: string): Promise<readonly number[]> {
  const rows = await reader.rows<{ hour: number }>(traceHoursStatement(reader.tables, project, traceId));
  return rows.map(({ hour }) => hour).toSorted((one, other) => one - other);
}

/** @param traceId as stored */
export function traceHoursStatement({ traces, ids }: StoreTables, project: string, traceId: string): Statement {
  if (ids !== undefined) {
    return statementOf(sql`SELECT DISTINCT toUnixTimestamp(Hour) AS hour
FROM ${raw(ids)}
WHERE ${isOfId(traceId)}`);
  }
  return statementOf(sql`SELECT DISTINCT toUnixTimestamp(Hour) AS hour
FROM ${raw(traces)}
WHERE ${ofProject(project)} AND TraceId = ${param("String", traceId)}`);
}

/** A trace of a page: where its rows lie, and what its root span is. */
export interface PageTrace extends TraceKey {
  readonly root: string;
  readonly silentRoot: number | boolean;
  readonly spanCount: number;
  /** What all of its rows say, where they have been read. */
  readonly row?: TraceRow | undefined;
  /** Whether some span of it was written more than once. */
  readonly isRepeated: boolean;
}

/** What a list shows of its traces beside what it was made of, by trace id. */
export interface PageParts {
  readonly rows: ReadonlyMap<string, TraceRow>;
  readonly roots: ReadonlyMap<string, RootTexts>;
}

/** What is not known yet of the traces of a page. */
export async function readParts(reader: Reader, project: string, page: readonly PageTrace[]): Promise<PageParts> {
  const isSure = page.every(({ isRepeated }) => !isRepeated);
  const unknown = page.filter(({ row }) => row === undefined);
  const [rows, roots] = await Promise.all([
    unknown.length === 0 ? [] : rowsOfTraces(reader, project, unknown),
    rootsOf(reader, project, page, isSure),
  ]);
  return { rows: new Map(rows.map((row) => [row.traceId, row])), roots };
}

/** The traces of a page, in its order. A trace that is gone since was too old to be kept. */
export function tracesOfPage(
  project: string,
  page: readonly PageTrace[],
  { rows, roots }: PageParts,
): readonly TraceRead[] {
  return page.flatMap(({ traceId, row = rows.get(traceId) }) =>
    row === undefined ? [] : traceReadOf(project, row, roots.get(traceId)),
  );
}

/** The same where nothing but their keys is known. */
export async function readTracesOfKeys(
  reader: Reader,
  project: string,
  keys: readonly TraceKey[],
): Promise<readonly TraceRead[]> {
  if (keys.length === 0) return [];
  const rows = await rowsOfTraces(reader, project, keys);
  const isSure = rows.every(({ dirty }) => !dirty);
  const roots = await rootsOf(reader, project, rows, isSure);
  const byId = new Map(rows.map((row) => [row.traceId, traceReadOf(project, row, roots.get(row.traceId))]));
  return keys.flatMap(({ traceId }) => byId.get(traceId) ?? []);
}

/** What the roll-up says of some traces. @param beside hours that are looked at before and after those of their keys */
export function rowsOfTraces(
  reader: Reader,
  project: string,
  keys: readonly TraceKey[],
  beside = 1,
): Promise<readonly TraceRow[]> {
  return exactRows(reader, scopeOfKeys(reader, project, keys, beside));
}

/** Where the rows of some traces lie, and when their spans started. */
export function scopeOfKeys(
  { tables, bounds }: Reader,
  project: string,
  keys: readonly TraceKey[],
  beside = 1,
): TraceScope {
  const first = Math.min(...keys.map(({ firstHour }) => firstHour)) / hour;
  const last = Math.max(...keys.map(({ lastHour }) => lastHour)) / hour;
  const started = inHours("w.Timestamp", { ...(first > 1 ? { from: first - 1 } : {}), to: last + 2 });
  const pairs = keys.flatMap((key) => hoursAround(key, beside, bounds.max_trace_hours));
  return { project, tables, rows: [rowsOfKeys(pairs)], started };
}

/** The keys of a trace, with some hours more on both sides. Of one of more than `mostHours`, the first of them and the last. */
function hoursAround(
  { traceId, firstHour, lastHour }: TraceKey,
  beside: number,
  mostHours: number,
): readonly (readonly [number, string])[] {
  const count = Math.min((lastHour - firstHour) / hour + 1 + 2 * beside, mostHours);
  const hours = Array.from({ length: count }, (_, index) => firstHour + (index - beside) * hour);
  return [...hours, ...(count === mostHours ? [lastHour] : [])].map((at) => [Math.max(0, at), traceId] as const);
}

/** Rows of traces, the numbers of dirty ones counted from their spans; `dirty` still says which these are. */
export async function exactRows(reader: Reader, scope: TraceScope): Promise<readonly TraceRow[]> {
  const { traces, uncounted } = foldedTraces(await reader.rows<RollUpRow>(rollUpRowsStatement(scope)));
  const counted =
    uncounted.length === 0 ? [] : await reader.rows<TraceRow>(tracesStatement(narrowed(scope, uncounted)));
  const rows = [...traces, ...counted];
  const dirty = rows.filter((row) => Boolean(row.dirty));
  if (dirty.length === 0) return rows;
  return [...rows.filter((row) => !row.dirty), ...(await countedRows(reader, scope.project, dirty))];
}

/** Those of some traces alone. @param ids as stored */
function narrowed(scope: TraceScope, ids: readonly string[]): TraceScope {
  return { ...scope, rows: [...scope.rows, sql`TraceId IN ${param("Array(String)", ids)}`] };
}

/** Writes of spans that are counted here. No option: of more, the server counts all, and the answer is the same. */
const mostWrites = 1_000;

/** Rows of dirty traces, with the numbers of their spans. Traces of which no span is left are left out. */
export async function countedRows(
  reader: Reader,
  project: string,
  dirty: readonly TraceRow[],
): Promise<readonly TraceRow[]> {
  const scope = scopeOfDirty(reader, project, dirty);
  const writes = await reader.rows<SpanWrite>(spanWritesStatement(scope, mostWrites + 1));
  const counts =
    writes.length > mostWrites ? await reader.rows<TraceCounts>(countsStatement(scope)) : countsOfWrites(writes);
  const byId = new Map(counts.map((count) => [count.traceId, count]));
  return dirty.flatMap((row) => {
    const count = byId.get(row.traceId);
    return count === undefined ? [] : [{ ...row, ...count }];
  });
}

export function countsStatement(scope: TraceScope): Statement {
  return statementOf(sql`SELECT ${raw(countColumns)}
FROM (
${countedFromSpans(scope)}
) AS t`);
}

async function withRoots(reader: Reader, project: string, rows: readonly TraceRow[]): Promise<readonly TraceRead[]> {
  const roots = await rootsOf(reader, project, rows);
  return rows.map((row) => traceReadOf(project, row, roots.get(row.traceId)));
}

/** The same of traces that are all dirty. */
export function scopeOfDirty(reader: Reader, project: string, keys: readonly TraceKey[]): TraceScope {
  return { ...scopeOfKeys(reader, project, keys), dirtyIds: keys.map(({ traceId }) => traceId) };
}

const countExpressions = {
  traceId: "t.TraceId",
  firstStart: "toString(toUnixTimestamp64Nano(t.firstStart))",
  lastEnd: "toString(toUnixTimestamp64Nano(t.lastEnd))",
  createdAt: "t.created",
  updatedAt: "t.updated",
  spanCount: "t.spanCount",
  errorCount: "t.errorCount",
  okCount: "t.okCount",
  spanCost: "t.spanCost",
  root: "t.root",
} as const satisfies Partial<Record<keyof TraceRow, string>>;

/** What the members of a `TraceRow` are made of: columns of `summedTraces` with its alias `t`. */
export const traceRowExpressions: Readonly<Record<keyof TraceRow, string>> = {
  ...countExpressions,
  firstHour: "toUnixTimestamp(t.firstHour)",
  lastHour: "toUnixTimestamp(t.lastHour)",
  dirty: "t.dirty",
  silentRoot: "t.silentRoot",
  session: "t.session",
  tags: "t.tags",
  said: "t.said",
  attributes: "t.attributes",
};

function named(expressions: Readonly<Record<string, string>>): string {
  return Object.entries(expressions)
    .map(([name, expression]) => `${expression} AS ${name}`)
    .join(", ");
}

const countColumns = named(countExpressions);

export const traceRowColumns = named(traceRowExpressions);

export function tracesStatement(scope: TraceScope): Statement {
  return statementOf(sql`SELECT ${raw(traceRowColumns)}
FROM (
${summedTraces(scope, false)}
) AS t`);
}

/** What POST /traces has said, in place of what the spans say: as the expressions of `derivedTraces`. */
export function traceReadOf(project: string, row: TraceRow, root: RootTexts | undefined): TraceRead {
  const { name, status, startNs, endNs, durationMs, cost } = saidOf(row);
  return {
    id: uuidOfTrace(row.traceId),
    project_id: uuidOfProject(project),
    session_id: sessionOf(row),
    name,
    status,
    started_at: startNs === null ? null : isoOfNanos(startNs),
    ended_at: endNs === null ? null : isoOfNanos(endNs),
    duration_ms: durationMs,
    cost,
    span_count: row.spanCount,
    error_count: row.errorCount,
    root_span_input: textOrNull(root?.input),
    root_span_output: textOrNull(root?.output),
    tags: newestTags(row.tags),
    attributes: attributesOf(row.attributes),
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** What is said of a trace as a whole, by POST /traces or else by its spans. */
export interface SaidOfTrace extends TraceNumbers {
  readonly name: string | null;
  readonly status: TraceStatus;
}

export function saidOf(row: TraceRow): SaidOfTrace {
  const said = newestTags(row.said);
  const ofSpans = row.errorCount > 0 ? "error" : row.okCount > 0 ? "ok" : "unset";
  return {
    name: said["name"] ?? (row.root === none ? null : row.root.slice(rootDigits)),
    status: (said["status"] as TraceStatus | undefined) ?? ofSpans,
    ...numbersOf(row, said),
  };
}

/** Numbers of a trace. Times in nanoseconds since the epoch. */
export interface TraceNumbers {
  readonly startNs: string | null;
  readonly endNs: string | null;
  readonly durationMs: number | null;
  /** US dollars. */
  readonly cost: number | null;
}

/** @param said the newest of what POST /traces has said */
export function numbersOf(row: TraceRow, said: Tags): TraceNumbers {
  const startNs = startOf(row, said);
  const endNs = said["ended_at"] ?? (row.lastEnd === "0" ? null : row.lastEnd);
  return {
    startNs,
    endNs,
    durationMs: numberOf(said["duration_ms"]) ?? millisBetween(startNs, endNs),
    cost: numberOf(said["cost"]) ?? row.spanCost,
  };
}

/** When the trace started, in nanoseconds since the epoch. @param said the newest of what POST /traces has said */
export function startOf(row: TraceRow, said: Tags = newestTags(row.said)): string | null {
  return said["started_at"] ?? (row.firstStart === noStartNs ? null : row.firstStart);
}

/** The trace's session; null for none. */
export function sessionOf({ session }: TraceRow): string | null {
  return session === none ? null : session.slice(stampDigits);
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

function millisBetween(startNs: string | null, endNs: string | null): number | null {
  if (startNs === null || endNs === null) return null;
  return Math.max(0, Number(BigInt(endNs) - BigInt(startNs))) / 1e6;
}

const textOrNull = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);

/** The newest values of attributes, which are JSON texts. */
export function attributesOf(attributes: readonly VersionedTag[]): Readonly<Record<string, unknown>> {
  const entries = Object.entries(newestTags(attributes));
  return Object.fromEntries(entries.map(([key, json]) => [key, JSON.parse(json) as unknown]));
}

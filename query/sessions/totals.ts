import { sessionTagPrefix } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { grouped } from "../grouped.ts";
import { comparedIntegers, greatestText, leastText } from "../order.ts";
import type { Reader } from "../reader.ts";
import { arrayOf, type Sql, sql } from "../sql.ts";
import type { VersionedTag } from "../tags.ts";
import { hour } from "../time.ts";
import { hoursStatement } from "../traces/list-statements.ts";
import { rowsOfKeys } from "../traces/statements.ts";
import { type TraceTotals, totalsOfTraces } from "../traces/totals.ts";

/*
 * Sums over the traces of few sessions are made here and not by the server, which takes longer to understand how than to find
 * their rows (bench/README.md). They are those of `sessionTotalsStatement`.
 */

/** Sums over the traces of a session. */
export interface SessionTotals {
  readonly sessionId: string;
  readonly traceCount: number;
  readonly errorCount: number;
  readonly cost: number | null;
  /** Milliseconds. */
  readonly duration: number | null;
  /** Nanoseconds since the epoch. */
  readonly startNs: string | null;
  readonly endNs: string | null;
  /** What traces have said of the tags of their session before they knew it. */
  readonly tags: readonly VersionedTag[];
}

/** A trace that has named a session: the key of its row in the roll-up. */
export type TraceOfSession = readonly [hour: number, traceId: string];

/** The hours of all rows of the roll-up, and how many these are. */
export interface StoredHours {
  readonly first: number;
  readonly last: number;
  readonly found: number;
}

/** Those of a project; undefined: it has none. */
export async function storedHours(reader: Reader, project: string): Promise<StoredHours | undefined> {
  const [hours] = await reader.rows<StoredHours>(hoursStatement(project, reader.tables.traces, {}));
  return hours;
}

interface WantedTotals {
  /** That rows of these sessions name. */
  readonly traces: readonly TraceOfSession[];
  /** Of the sessions. */
  readonly ids: readonly string[];
  /** What there is of the project. */
  readonly stored: StoredHours | undefined;
}

/** Rows of one granule of the roll-up. */
const granule = 1_024;

export async function totalsOfSessions(
  reader: Reader,
  project: string,
  { traces, ids, stored }: WantedTotals,
): Promise<readonly SessionTotals[]> {
  if (traces.length === 0) return [];
  const { tables } = reader;
  const found = await totalsOfTraces(reader, { project, tables, rows: rowsBeside(traces, stored) });
  const wanted = new Set(ids);
  const ofSessions = found.filter(({ session }) => session !== null && wanted.has(session));
  // In one order, so that sums of the same numbers are the same.
  const inOrder = ofSessions.toSorted((one, other) => (one.traceId < other.traceId ? -1 : 1));
  return [...grouped(inOrder, ({ session }) => session!)].map(([sessionId, all]) => sumOf(sessionId, all));
}

/**
 * Rows of traces and those of the hours beside, which may not name the session. By their keys, in each of which at least a granule
 * is read; where all rows of the hours are fewer than that, these, by hashes, which are compared sooner.
 */
function rowsBeside(traces: readonly TraceOfSession[], all: StoredHours | undefined): readonly Sql[] {
  const beside = traces.flatMap(([at, id]) =>
    [at - hour, at, at + hour].map((near) => [Math.max(0, near), id] as const),
  );
  const hours = [...new Set(beside.map(([at]) => at))];
  const rowsOfHour = all === undefined ? Number.POSITIVE_INFINITY : all.found / ((all.last - all.first) / hour + 1);
  if (rowsOfHour * hours.length > granule * traces.length) return [rowsOfKeys(beside)];
  const traceIds = [...new Set(traces.map(([, id]) => id))];
  return [
    sql`Hour IN (SELECT toDateTime(arrayJoin(${arrayOf("UInt32", hours)})))`,
    sql`cityHash64(TraceId) IN (SELECT cityHash64(arrayJoin(${arrayOf("String", traceIds)})))`,
  ];
}

function sumOf(sessionId: string, traces: readonly TraceTotals[]): SessionTotals {
  const present = <T>(values: readonly (T | null)[]): readonly T[] => values.filter((value) => value !== null);
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const sumOrNull = (values: readonly number[]): number | null => (values.length === 0 ? null : sum(values));
  const starts = present(traces.map(({ startNs }) => startNs));
  const ends = present(traces.map(({ endNs }) => endNs));
  return {
    sessionId,
    traceCount: traces.length,
    errorCount: sum(traces.map(({ errorCount }) => errorCount)),
    cost: sumOrNull(present(traces.map(({ cost }) => cost))),
    duration: sumOrNull(present(traces.map(({ durationMs }) => durationMs))),
    startNs: starts.length === 0 ? null : leastText(starts, comparedIntegers),
    endNs: ends.length === 0 ? null : greatestText(ends, comparedIntegers),
    tags: traces.flatMap(({ said }) => said.flatMap(waitingTag)),
  };
}

function waitingTag([key, value, version]: VersionedTag): readonly VersionedTag[] {
  return key.startsWith(sessionTagPrefix) ? [[key.slice(sessionTagPrefix.length), value, version]] : [];
}

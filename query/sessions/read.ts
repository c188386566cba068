import { stampDigits } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { uuidOfProject } from "../../pipeline/ids.ts";
import { grouped } from "../grouped.ts";
import { greatestText, leastText } from "../order.ts";
import type { Reader } from "../reader.ts";
import { newestTags, type Tags, type VersionedTag } from "../tags.ts";
import { isoOfNanos } from "../time.ts";
import { attributesOf } from "../traces/read.ts";
import {
  mostTraces,
  type SessionKey,
  sessionRows,
  sessionRowsStatement,
  sessionTotalsStatement,
} from "./statements.ts";
import { type SessionTotals, type StoredHours, storedHours, type TraceOfSession, totalsOfSessions } from "./totals.ts";

/** A session as the API shows it, but for its signals. */
export interface SessionRead {
  readonly id: string;
  readonly project_id: string;
  readonly name: string | null;
  readonly trace_count: number;
  /** Spans with an error. */
  readonly error_count: number;
  /** US dollars: the sum of the traces' costs. */
  readonly cost: number | null;
  /** Milliseconds: the sum of the traces' durations. */
  readonly duration: number | null;
  /** The session's own. */
  readonly tags: Tags;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A row of a session, but for its traces. */
export interface SessionRow {
  readonly sessionId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Time of arrival and name; "" for none. */
  readonly name: string;
  readonly tags: readonly VersionedTag[];
  readonly attributes: readonly VersionedTag[];
}

/** The same, and the hours in which traces have named their session, in seconds since the epoch. */
export interface RowWithHours extends SessionRow {
  readonly hours: readonly number[];
}

interface RowWithTraces extends SessionRow {
  readonly traceCount: number;
  /** None where there are more than `mostTraces`. */
  readonly traces: readonly TraceOfSession[];
}

interface TotalsRow extends SessionTotals {
  /** Traces whose numbers may be wrong. */
  readonly unsure: number;
}

/** One session. @param id UUID */
export async function getSession(reader: Reader, project: string, id: string): Promise<SessionRead | undefined> {
  const [session] = await readSessions(reader, project, [{ sessionId: id }]);
  return session;
}

/** The sessions of a page, in its order; those that are not there are left out. */
export async function readSessions(
  reader: Reader,
  project: string,
  keys: readonly SessionKey[],
): Promise<readonly SessionRead[]> {
  if (keys.length === 0) return [];
  const scope = { project, tables: reader.tables, rows: [sessionRows(keys)] };
  const [rows, stored] = await Promise.all([
    reader.rows<RowWithTraces>(sessionRowsStatement(scope)),
    storedHours(reader, project),
  ]);
  const found = await totalsOf(reader, project, rows, { keys, stored });
  return putTogether(project, keys, rows, new Map(found.map((one) => [one.sessionId, one])));
}

/** Sessions whose rows one statement reads. */
const readAtOnce = 500;

/** What is read of many sessions, some at a time. */
export async function inParts<Key, Row>(
  keys: readonly Key[],
  read: (part: readonly Key[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: (readonly Row[])[] = [];
  for (let at = 0; at < keys.length; at += readAtOnce) found.push(await read(keys.slice(at, at + readAtOnce)));
  return found.flat();
}

/** Sessions in the order of their keys, of their rows. */
export function putTogether(
  project: string,
  keys: readonly SessionKey[],
  rows: readonly SessionRow[],
  totals: ReadonlyMap<string, SessionTotals>,
): readonly SessionRead[] {
  const sessions = grouped(rows, ({ sessionId }) => sessionId);
  return keys.flatMap(({ sessionId }) => {
    const ofSession = sessions.get(sessionId);
    return ofSession === undefined ? [] : [sessionRead(project, ofSession, totals.get(sessionId))];
  });
}

/** Rows of sessions, from the roll-up. */
export function rowsWithHours(
  reader: Reader,
  project: string,
  keys: readonly SessionKey[],
): Promise<readonly RowWithHours[]> {
  const scope = { project, tables: reader.tables, rows: [sessionRows(keys)] };
  return reader.rows(sessionRowsStatement(scope, "hours"));
}

async function totalsOf(
  reader: Reader,
  project: string,
  rows: readonly RowWithTraces[],
  { keys, stored }: { readonly keys: readonly SessionKey[]; readonly stored: StoredHours | undefined },
): Promise<readonly SessionTotals[]> {
  const count = rows.reduce((total, { traceCount }) => total + traceCount, 0);
  if (count > mostTraces) return totalsOfServer(reader, project, keys);
  const traces = rows.flatMap((row) => row.traces);
  const ids = keys.map(({ sessionId }) => sessionId);
  return totalsOfSessions(reader, project, { traces, ids, stored });
}

async function totalsOfServer(
  reader: Reader,
  project: string,
  keys: readonly SessionKey[],
  fromSpans = false,
): Promise<readonly SessionTotals[]> {
  const rows = await reader.rows<TotalsRow>(sessionTotalsStatement(project, reader.tables, keys, fromSpans));
  return !fromSpans && rows.some(({ unsure }) => unsure > 0) ? totalsOfServer(reader, project, keys, true) : rows;
}

/** @param rows all of the session, at least one */
function sessionRead(project: string, rows: readonly SessionRow[], totals: SessionTotals | undefined): SessionRead {
  const tags = rows.flatMap((row) => row.tags);
  const time = (nanos: string | null | undefined): string | null => (nanos == null ? null : isoOfNanos(nanos));
  return {
    id: rows[0]!.sessionId,
    project_id: uuidOfProject(project),
    name: greatestText(rows.map(({ name }) => name)).slice(stampDigits) || null,
    trace_count: totals?.traceCount ?? 0,
    error_count: totals?.errorCount ?? 0,
    cost: totals?.cost ?? null,
    duration: totals?.duration ?? null,
    tags: newestTags([...tags, ...(totals?.tags ?? [])]),
    attributes: attributesOf(rows.flatMap((row) => row.attributes)),
    started_at: time(totals?.startNs),
    ended_at: time(totals?.endNs),
    created_at: leastText(rows.map(({ createdAt }) => createdAt)),
    updated_at: greatestText(rows.map(({ updatedAt }) => updatedAt)),
  };
}

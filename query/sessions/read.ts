import { uuidOfProject } from "../../pipeline/ids.ts";
import type { Reader } from "../reader.ts";
import { newestTags, type Tags, type VersionedTag } from "../tags.ts";
import { isoOfNanos } from "../time.ts";
import { attributesOf } from "../traces/read.ts";
import { type SessionKey, sessionRows, sessionsStatement, sessionTotalsStatement } from "./statements.ts";

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

interface SessionRow {
  readonly sessionId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly name: string | null;
  readonly tags: readonly VersionedTag[];
  readonly attributes: readonly VersionedTag[];
}

interface TotalsRow {
  readonly sessionId: string;
  readonly traceCount: number;
  readonly errorCount: number;
  readonly cost: number | null;
  readonly duration: number | null;
  readonly startNs: string | null;
  readonly endNs: string | null;
  readonly tags: readonly VersionedTag[];
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
  const rows = [sessionRows(keys)];
  const [sessions, totals] = await Promise.all([
    reader.rows<SessionRow>(sessionsStatement({ project, tables: reader.tables, rows })),
    totalsOf(reader, project, keys),
  ]);
  const byId = new Map(sessions.map((session) => [session.sessionId, session]));
  return keys.flatMap(({ sessionId }) => {
    const session = byId.get(sessionId);
    return session === undefined ? [] : [sessionRead(project, session, totals.get(sessionId))];
  });
}

async function totalsOf(
  reader: Reader,
  project: string,
  keys: readonly SessionKey[],
  fromSpans = false,
): Promise<ReadonlyMap<string, TotalsRow>> {
  const rows = await reader.rows<TotalsRow>(sessionTotalsStatement(project, reader.tables, keys, fromSpans));
  if (!fromSpans && rows.some(({ unsure }) => unsure > 0)) return totalsOf(reader, project, keys, true);
  return new Map(rows.map((row) => [row.sessionId, row]));
}

function sessionRead(project: string, session: SessionRow, totals: TotalsRow | undefined): SessionRead {
  const time = (nanos: string | null | undefined): string | null => (nanos == null ? null : isoOfNanos(nanos));
  return {
    id: session.sessionId,
    project_id: uuidOfProject(project),
    name: session.name,
    trace_count: totals?.traceCount ?? 0,
    error_count: totals?.errorCount ?? 0,
    cost: totals?.cost ?? null,
    duration: totals?.duration ?? null,
    tags: newestTags([...session.tags, ...(totals?.tags ?? [])]),
    attributes: attributesOf(session.attributes),
    started_at: time(totals?.startNs),
    ended_at: time(totals?.endNs),
    created_at: session.createdAt,
    updated_at: session.updatedAt,
  };
}

import { sessionTagPrefix, stampedText } from "../../../exporters/clickhouse/schema/roll-up-rows.ts";
import { storedTraceId } from "../../../pipeline/ids.ts";
import type { Tags } from "../read/tags.ts";
import { type Nanos, nanosText } from "../read/times.ts";
import type { SentSession } from "./session-reader.ts";
import type { SentTrace } from "./trace-reader.ts";

/*
 * Rows that are written to the roll-ups of traces and sessions beside those that the views make of spans. What can be said
 * again stands with a version, of which the greatest holds; what is not said is left out, and so keeps what was said before.
 */

type Row = Record<string, unknown>;
type Versioned = readonly [key: string, value: string, version: number];

/** What is known of a trace whose tags a span says. */
export interface TaggedTrace {
  /** 32 digits. */
  readonly traceId: string;
  /** Of the span. */
  readonly start: Nanos;
  readonly tags: Tags;
}

export interface TaggedSession {
  /** UUID. */
  readonly sessionId: string;
  readonly tags: Tags;
}

/** @param project as stored */
export function taggedTraceRow({ traceId, start, tags }: TaggedTrace, project: string, version: number): Row {
  return { ...traceKey(project, traceId, start), Tags: versioned(tags, version) };
}

/** Tags of the session of a trace that knows none yet: readers take them for those of the first that it names. */
export function waitingTagsRow({ traceId, start, tags }: TaggedTrace, project: string, version: number): Row {
  const keyed = new Map([...tags].map(([key, value]) => [sessionTagPrefix + key, value]));
  return { ...traceKey(project, traceId, start), Explicit: versioned(keyed, version) };
}

export function taggedSessionRow({ sessionId, tags }: TaggedSession, project: string, version: number): Row {
  return { ProjectId: project, SessionId: sessionId, Tags: versioned(tags, version) };
}

/** The session that a trace names comes into being by the view behind the roll-up of traces. */
export function traceRow(trace: SentTrace, project: string, version: number): Row {
  const { start, end, status, durationMs, cost, sessionName } = trace;
  const said: Record<string, string | undefined> = {
    name: trace.name,
    status,
    started_at: nanosText(start),
    ended_at: end === undefined ? undefined : nanosText(end),
    duration_ms: durationMs?.toString(),
    cost: cost?.toString(),
  };
  const now = Date.now();
  return {
    ...traceKey(project, storedTraceId(trace.id), start),
    Session: stampedText(now, trace.sessionId),
    ...(sessionName === undefined ? {} : { SessionName: stampedText(now, sessionName) }),
    Tags: versioned(trace.tags, version),
    Explicit: Object.entries(said).flatMap(([key, value]) => (value === undefined ? [] : [[key, value, version]])),
    Attributes: attributes(trace.attributes, version),
  };
}

export function sessionRow(session: SentSession, project: string, version: number): Row {
  // As the view behind the roll-up of traces dates it: a name that somebody gave stays.
  const named = session.isNamedByItsId ? 0 : Date.now();
  return {
    ProjectId: project,
    SessionId: session.id,
    ...(session.name === undefined ? {} : { Name: stampedText(named, session.name) }),
    Tags: versioned(session.tags, version),
    Attributes: attributes(session.attributes, version),
  };
}

function traceKey(project: string, traceId: string, start: Nanos): Row {
  const seconds = Math.floor(Number(nanosText(start)) / 1e9);
  return { ProjectId: project, Hour: seconds - (seconds % 3_600), TraceId: traceId };
}

function versioned(tags: Tags, version: number): Versioned[] {
  return [...tags].map(([key, value]) => [key, value, version]);
}

function attributes(values: Readonly<Record<string, unknown>>, version: number): Versioned[] {
  return Object.entries(values).map(([key, value]) => [key, JSON.stringify(value), version]);
}

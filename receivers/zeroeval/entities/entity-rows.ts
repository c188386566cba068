import { storedTraceId } from "../../../pipeline/ids.ts";
import type { Tags } from "../read/tags.ts";
import { isoText, type Nanos, nanosText } from "../read/times.ts";
import type { SentSession } from "./session-reader.ts";
import type { SentTrace } from "./trace-reader.ts";

/*
 * Rows that are written to the roll-ups of traces and sessions beside those that the views make of spans. Values that can be
 * said again stand with a version, of which the greatest holds.
 */

type Versioned = readonly [version: number, value: unknown];
type Row = Record<string, unknown>;

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
  readonly start: Nanos;
  readonly tags: Tags;
}

/** @param project as stored */
export function taggedTraceRow({ traceId, start, tags }: TaggedTrace, project: string, version: number): Row {
  return { ...traceKey(project, traceId, start), UpdatedAt: now(), Tags: versioned(tags, version) };
}

export function taggedSessionRow({ sessionId, tags }: TaggedSession, project: string, version: number): Row {
  return {
    ProjectId: project,
    SessionId: sessionId,
    CreatedAt: now(),
    UpdatedAt: now(),
    Tags: versioned(tags, version),
  };
}

/** What is not said is left out, and so keeps what was said before. */
export function traceRow(trace: SentTrace, project: string, version: number): Row {
  const { start, end, status, durationMs, cost } = trace;
  const set = (value: unknown): Versioned => [version, value];
  return {
    ...traceKey(project, storedTraceId(trace.id), start),
    UpdatedAt: now(),
    Session: [0, now(), trace.sessionId],
    Tags: versioned(trace.tags, version),
    SetName: set(trace.name),
    SetStart: set(isoText(start)),
    ...(end === undefined ? {} : { SetEnd: set(isoText(end)) }),
    ...(status === undefined ? {} : { SetStatus: set(status) }),
    ...(durationMs === undefined ? {} : { SetDuration: set(durationMs) }),
    ...(cost === undefined ? {} : { SetCost: set(cost) }),
    Attributes: attributes(trace.attributes, version),
  };
}

export function sessionRow(session: SentSession, project: string, version: number): Row {
  return {
    ProjectId: project,
    SessionId: session.id,
    CreatedAt: now(),
    UpdatedAt: now(),
    Tags: versioned(session.tags, version),
    ...(session.name === undefined ? {} : { Name: [version, session.name] }),
    Attributes: attributes(session.attributes, version),
  };
}

function traceKey(project: string, traceId: string, start: Nanos): Row {
  const seconds = Math.floor(Number(nanosText(start)) / 1e9);
  const hour = new Date((seconds - (seconds % 3_600)) * 1e3).toISOString();
  return { ProjectId: project, Hour: hour, TraceId: traceId, CreatedAt: now() };
}

function versioned(tags: Tags, version: number): (readonly [string, string, number])[] {
  return [...tags].map(([key, value]) => [key, value, version]);
}

function attributes(values: Readonly<Record<string, unknown>>, version: number): (readonly [string, string, number])[] {
  return Object.entries(values).map(([key, value]) => [key, JSON.stringify(value), version]);
}

function now(): string {
  return new Date().toISOString();
}

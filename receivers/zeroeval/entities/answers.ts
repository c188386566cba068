import type { z } from "zod";
import type { sessionRead } from "../../../query/sessions/model.ts";
import type { traceRead } from "../../../query/traces/model.ts";
import { isoMicros, nanosBetween } from "../read/times.ts";
import type { SentSession } from "./session-reader.ts";
import type { SentTrace } from "./trace-reader.ts";

/** TraceRead of a trace as a request has said it, without what its spans add. */
export function traceAnswer(trace: SentTrace, project: string): z.input<typeof traceRead> {
  const now = new Date().toISOString();
  const { start, end, durationMs } = trace;
  return {
    id: trace.id,
    project_id: project,
    session_id: trace.sessionId,
    name: trace.name,
    status: trace.status ?? null,
    started_at: isoMicros(start),
    ended_at: end === undefined ? null : isoMicros(end),
    duration_ms: durationMs ?? (end === undefined ? null : Math.max(0, nanosBetween(start, end) / 1e6)),
    cost: trace.cost ?? null,
    span_count: 0,
    error_count: 0,
    root_span_input: null,
    root_span_output: null,
    attributes: { ...trace.attributes },
    tags: Object.fromEntries(trace.tags),
    signals: {},
    created_at: now,
    updated_at: now,
  };
}

/** SessionRead of a session as a request has said it, without what its traces add. */
export function sessionAnswer(session: SentSession): z.input<typeof sessionRead> {
  const now = new Date().toISOString();
  return {
    id: session.id,
    project_id: session.projectId,
    name: session.name ?? null,
    trace_count: 0,
    error_count: 0,
    cost: null,
    duration: null,
    tags: Object.fromEntries(session.tags),
    attributes: { ...session.attributes },
    started_at: null,
    ended_at: null,
    signals: {},
    created_at: now,
    updated_at: now,
  };
}

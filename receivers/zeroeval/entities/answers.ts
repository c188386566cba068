import { z } from "zod";
import { isoMicros, nanosBetween } from "../read/times.ts";
import { optionalTime, requiredTime, tagsSchema } from "../schemas.ts";
import type { SentSession } from "./session-reader.ts";
import type { SentTrace } from "./trace-reader.ts";

const attributes = z.record(z.string(), z.unknown());
const signals = z.record(z.string(), z.object({ value: z.unknown(), type: z.string() }));

/** TraceRead. */
export const traceReadSchema = z.looseObject({
  id: z.guid().describe("Id of the trace."),
  project_id: z.guid().describe("Project that the trace is of."),
  session_id: z.guid().nullable().describe("Session that the trace is of."),
  name: z.string().describe("Name of the trace."),
  status: z.enum(["unset", "ok", "error"]).nullable().describe("How it went."),
  started_at: requiredTime.describe("When it began."),
  ended_at: optionalTime.describe("When it ended."),
  duration_ms: z.number().nullable().describe("How long it took, in milliseconds."),
  cost: z.number().nullable().describe("US dollars."),
  span_count: z.int().describe("Spans of the trace."),
  error_count: z.int().describe("Spans with an error."),
  root_span_input: z.string().nullable().describe("What went into the root span."),
  root_span_output: z.string().nullable().describe("What came out of the root span."),
  attributes: attributes.describe("Whatever else was said."),
  tags: tagsSchema.describe("Tags of the trace."),
  signals: signals.describe("Signals of the trace."),
  created_at: requiredTime.describe("When the first of it arrived."),
  updated_at: requiredTime.describe("When the last of it arrived."),
});

/** SessionRead. */
export const sessionReadSchema = z.looseObject({
  id: z.guid().describe("Id of the session."),
  project_id: z.guid().describe("Project that the session is of."),
  name: z.string().nullable().describe("Name of the session."),
  trace_count: z.int().describe("Traces of the session."),
  error_count: z.int().describe("Spans with an error."),
  cost: z.number().nullable().describe("US dollars."),
  duration: z.number().nullable().describe("Durations of the traces together, in milliseconds."),
  tags: tagsSchema.describe("Tags of the session."),
  attributes: attributes.describe("Whatever else was said."),
  started_at: optionalTime.describe("When its first trace began."),
  ended_at: optionalTime.describe("When its last trace ended."),
  signals: signals.describe("Signals of the session."),
  created_at: requiredTime.describe("When the first of it arrived."),
  updated_at: requiredTime.describe("When the last of it arrived."),
});

/** TraceRead of a trace as a request has said it, without what its spans add. */
export function traceAnswer(trace: SentTrace, project: string): z.input<typeof traceReadSchema> {
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
export function sessionAnswer(session: SentSession): z.input<typeof sessionReadSchema> {
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

import { z } from "zod";
import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { parseJson } from "../../../extensions/api/http/body.ts";
import { errorBody } from "../../../extensions/api/http/error-body.ts";
import { notFound } from "../../../extensions/api/http/errors.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import { sessionRead } from "../../../query/sessions/model.ts";
import { traceRead } from "../../../query/traces/model.ts";
import { acceptedSession, acceptedTrace } from "../accepted.ts";
import type { ZeroevalConfig } from "../config.ts";
import type { LookUp } from "../look-up.ts";
import { arrayBody, Problems } from "../read/problems.ts";
import { sessionAnswer, traceAnswer } from "./answers.ts";
import type { EntityWriter } from "./entity-writer.ts";
import { readSession } from "./session-reader.ts";
import { type EntityLimits, readTrace } from "./trace-reader.ts";

/** What the routes need. */
export interface EntityPorts {
  readonly config: ZeroevalConfig;
  readonly writer: EntityWriter;
  readonly lookUp: LookUp;
}

type ReadItem<T> = (item: unknown, index: number, limits: EntityLimits, problems: Problems) => T | undefined;

/** POST /traces and POST /sessions. */
export function entityRoutes(ports: EntityPorts): readonly Route[] {
  const shared = { method: "POST", permission: "write", body: "raw", ingest: true } as const;
  const errors = { 400: errorBody, 413: errorBody, 503: errorBody };
  return [
    defineRoute({
      ...shared,
      path: "/traces",
      tag: "Traces",
      summary: "Store what is known of traces",
      accepts: z.array(acceptedTrace),
      description: "What is said here holds before what follows from the spans of a trace. All are stored, or none.",
      responses: { 200: z.array(traceRead), ...errors },
      handle: ({ body, caller }) => postTraces(ports, body, caller),
    }),
    defineRoute({
      ...shared,
      path: "/sessions",
      tag: "Sessions",
      summary: "Store sessions",
      accepts: z.array(acceptedSession),
      description: "Names sessions and gives them tags and attributes. All are stored, or none.",
      responses: { 200: z.array(sessionRead), 404: errorBody, ...errors },
      handle: ({ body, caller }) => postSessions(ports, body, caller),
    }),
  ];
}

async function postTraces(ports: EntityPorts, body: Buffer, caller: Caller): Promise<readonly object[]> {
  const traces = readItems(ports.config, body, readTrace);
  await ports.writer.writeTraces(traces, storedProjectId(caller.projectId));
  const ids = traces.map(({ id }) => id);
  const stored = isLookedUp(ports, ids) ? await ports.lookUp.traces(caller.projectId, ids) : [];
  return traces.map((trace, i) => stored[i] ?? traceAnswer(trace, caller.projectId));
}

async function postSessions(ports: EntityPorts, body: Buffer, caller: Caller): Promise<readonly object[]> {
  const sessions = readItems(ports.config, body, readSession);
  if (sessions.some(({ projectId }) => projectId !== caller.projectId)) throw notFound("project");
  await ports.writer.writeSessions(sessions, storedProjectId(caller.projectId));
  const ids = sessions.map(({ id }) => id);
  const stored = isLookedUp(ports, ids) ? await ports.lookUp.sessions(caller.projectId, ids) : [];
  return sessions.map((session, i) => stored[i] ?? sessionAnswer(session));
}

function readItems<T>(config: ZeroevalConfig, body: Buffer, read: ReadItem<T>): readonly T[] {
  const limits = {
    maxDepth: config.max_depth,
    maxAttributes: config.max_attributes_per_span,
    maxTags: config.max_tags,
    maxTagLength: config.max_tag_length,
  };
  const problems = new Problems(config.max_listed_problems);
  const items = arrayBody(parseJson(body), config.max_spans_per_request);
  const found = items.map((item, index) => read(item, index, limits, problems));
  problems.throwAny();
  return found.filter((item) => item !== undefined);
}

function isLookedUp({ config }: EntityPorts, ids: readonly string[]): boolean {
  return ids.length <= config.answer_lookup_max_spans;
}

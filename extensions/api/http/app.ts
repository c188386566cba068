import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { z } from "zod";
import { ClientGone } from "../../../receivers/otlp/http-body.ts";
import type { InFlight } from "../../../receivers/otlp/in-flight.ts";
import type { SizeLimit } from "../../../receivers/otlp/size-limit.ts";
import type { Caller } from "../auth/caller.ts";
import { anybody } from "../auth/keys.ts";
import type { ApiConfig } from "../config.ts";
import { parseJson, readBody } from "./body.ts";
import { check, type Place } from "./check.ts";
import { allowsOrigin, corsHeaders, isLoopbackHost, isSameOrigin, preflightHeaders } from "./cors.ts";
import { ApiError } from "./errors.ts";
import { asApiError } from "./failures.ts";
import type { ApiInstruments } from "./instruments.ts";
import { ApiReply, type ApiRequest, type Method, type Route } from "./route.ts";
import { type PathParams, Router } from "./router.ts";
import { localUrl, parametersOf, type Target, targetOf } from "./target.ts";

/** The neighbours of the HTTP application. */
export interface AppPorts {
  readonly limit: SizeLimit;
  readonly inFlight: InFlight;
  readonly logger: Logger;
  readonly instruments: ApiInstruments;
  readonly bounds: Pick<ApiConfig, "max_json_depth" | "max_query_parameters" | "max_listed_problems">;
  /** Origins whose pages may read. */
  readonly allowedOrigins: readonly string[];
  /** Whether everybody on this machine may call, without a key. */
  readonly isOpen: () => Promise<boolean>;
  /** @throws {ApiError} 401 */
  readonly callerOf: (authorization: string | undefined) => Promise<Caller>;
}

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes what answers `routes`. It listens nowhere by itself: routes change when a configuration is read anew, and the
 * server that listens stays.
 *
 * @throws {Error} two routes of one method and path
 */
export async function createHandler(routes: readonly Route[], ports: AppPorts): Promise<Handler> {
  const router = new Router(routes);
  const app = Fastify({
    bodyLimit: Number.MAX_SAFE_INTEGER,
    genReqId: ({ headers }) => requestId(headers["x-request-id"]),
    // Paths are ours to read: no router of a framework takes parts that hold slashes.
    rewriteUrl: () => "/",
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, ports),
  });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, ports));
  // Before any body is read: that is done when it is known who calls, and whatever its content type is.
  app.addHook("onRequest", (request, reply) => dispatch(router, request, reply, ports));
  await app.ready();
  return (request, response) => app.routing(request, response);
}

const requestIdPattern = /^[\w.:-]{1,128}$/;

function requestId(sent: string | string[] | undefined): string {
  return typeof sent === "string" && requestIdPattern.test(sent) ? sent : randomUUID();
}

/** What every answer says. Answers are about one project's data: nothing on the way may keep them. */
function ownHeaders(id: string): Readonly<Record<string, string>> {
  return { "x-request-id": id, "x-content-type-options": "nosniff", "cache-control": "no-store" };
}

async function dispatch(
  router: Router,
  request: FastifyRequest,
  reply: FastifyReply,
  ports: AppPorts,
): Promise<FastifyReply> {
  void reply.headers(ownHeaders(request.id));
  const target = targetOf(request.originalUrl);
  const found = router.find(request.method, target.path);
  if ("route" in found) return serve({ ...found, target, request, reply }, ports);
  if (found.length === 0) throw new ApiError(404, `no route ${request.method} ${target.path.slice(0, 200)}`);
  const allow = [...found.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"].join(", ");
  if (request.method !== "OPTIONS")
    throw new ApiError(405, `${target.path.slice(0, 200)} has no method ${request.method}`, { headers: { allow } });
  void reply.headers({ allow, ...preflight(router, request, target, found, ports) });
  return reply.status(204).send();
}

function preflight(
  router: Router,
  { headers }: FastifyRequest,
  target: Target,
  methods: readonly Method[],
  { allowedOrigins }: AppPorts,
): Readonly<Record<string, string>> {
  const { origin, "access-control-request-method": wanted } = headers;
  if (origin === undefined || wanted === undefined) return {};
  const found = router.find(wanted, target.path);
  return "route" in found && allowsOrigin(found.route, origin, allowedOrigins) ? preflightHeaders(origin, methods) : {};
}

/** A request that has a route. */
interface Call {
  readonly route: Route;
  readonly params: PathParams;
  readonly target: Target;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function serve(call: Call, ports: AppPorts): Promise<FastifyReply> {
  const { route, request, reply, target } = call;
  const startedAt = performance.now();
  const hungUp = new AbortController();
  const admission = route.body === undefined ? undefined : ports.inFlight.admit();
  reply.raw.once("close", () => {
    admission?.release();
    if (!reply.raw.writableFinished) hungUp.abort();
    ports.instruments.answered(request.method, route.path, reply.raw.statusCode, performance.now() - startedAt);
  });
  await checkOrigin(call, ports);
  const caller = await callerOf(route, request, ports);
  const body = admission && (await readBody(request.raw, ports.limit, admission));
  const { max_query_parameters: maxParameters, max_listed_problems: maxProblems } = ports.bounds;
  const read = (schema: z.ZodType | undefined, value: () => unknown, place: Place): unknown =>
    schema === undefined ? undefined : check(schema, value(), place, maxProblems);
  const checked: ApiRequest = {
    caller,
    params: read(route.params, () => call.params, "path"),
    query: read(route.query, () => parametersOf(target.search, maxParameters), "query"),
    body: bodyOf(route, body, ports.bounds),
    headers: request.headers,
    url: localUrl(target),
    signal: hungUp.signal,
  };
  const answer = await route.handle(checked as never);
  if (answer instanceof ApiReply && answer.body instanceof Readable) {
    // Its status is out: the sender sees no more than that it breaks off.
    answer.body.once("error", (err) => {
      if (!hungUp.signal.aborted)
        ports.logger.error({ err }, `${request.method} ${route.path} broke off: ${err.message}`);
    });
  }
  return send(reply, answer);
}

/**
 * While nobody needs a key, whatever page a browser on this machine shows could ask for everything: only pages that may
 * call a route get past here, and only under a name of this machine.
 *
 * @throws {ApiError} 403
 */
async function checkOrigin({ route, request, reply }: Call, { allowedOrigins, isOpen }: AppPorts): Promise<void> {
  const { origin, host } = request.headers;
  const isAllowed = origin !== undefined && allowsOrigin(route, origin, allowedOrigins);
  if (isAllowed) void reply.headers(corsHeaders(origin));
  if (route.isProbe === true || !(await isOpen())) return;
  if (!isLoopbackHost(host))
    throw new ApiError(
      403,
      "without an api key the server answers to its names on this machine alone, such as localhost",
    );
  if (origin !== undefined && !isAllowed && !isSameOrigin(origin, request.headers))
    throw new ApiError(
      403,
      "without an api key pages of other origins may only send telemetry; see cors.allowed_origins",
    );
}

async function callerOf(route: Route, request: FastifyRequest, { callerOf: find }: AppPorts): Promise<Caller> {
  if (route.permission === "public") return anybody;
  const caller = await find(request.headers.authorization);
  if (route.permission === "write" && caller.access === "read_only")
    throw new ApiError(403, "the api key may only read");
  return caller;
}

function bodyOf(route: Route, body: Buffer | undefined, bounds: AppPorts["bounds"]): unknown {
  if (body === undefined || route.body === "raw") return body;
  return check(route.body!, parseJson(body, bounds.max_json_depth), "body", bounds.max_listed_problems);
}

function send(reply: FastifyReply, answer: unknown): FastifyReply {
  if (!(answer instanceof ApiReply)) return reply.status(200).send(answer);
  const { status, body, headers, sent } = answer;
  void reply.status(status).headers(headers);
  if (sent !== undefined) reply.raw.once("finish", sent);
  return reply.send(body instanceof Readable || Buffer.isBuffer(body) ? body : (body ?? null));
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, ports: AppPorts): FastifyReply {
  const { logger } = ports;
  // Nobody is there to be answered.
  if (error instanceof ClientGone || request.raw.socket.destroyed) return reply.hijack();
  const answer = asApiError(error);
  const about = {
    requestId: request.id,
    method: request.method,
    path: targetOf(request.originalUrl).path.slice(0, 200),
  };
  if (answer.status >= 500) logger.error({ err: error, ...about }, `api: ${answer.message}`);
  else logger.debug({ status: answer.status, ...about }, `api: ${answer.message}`);
  // What is left of a body that nobody reads would keep the connection waiting.
  if (!request.raw.complete) void reply.header("connection", "close");
  return reply
    .status(answer.status)
    .headers({ ...ownHeaders(request.id), ...answer.headers })
    .send({ ...answer.more, detail: answer.detail });
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import type { InFlight } from "../../../receivers/otlp/in-flight.ts";
import type { SizeLimit } from "../../../receivers/otlp/size-limit.ts";
import type { Caller } from "../auth/caller.ts";
import { anybody } from "../auth/keys.ts";
import { parseJson, readBody } from "./body.ts";
import { check } from "./check.ts";
import { ApiError } from "./errors.ts";
import { ApiReply, type ApiRequest, type Route } from "./route.ts";

/** The neighbours of the HTTP application. */
export interface AppPorts {
  readonly limit: SizeLimit;
  readonly inFlight: InFlight;
  readonly logger: Logger;
  /** @throws {ApiError} 401 */
  readonly callerOf: (authorization: string | undefined) => Promise<Caller>;
}

/** Prefixes under which every route is served. */
export const prefixes = ["", "/api/v1"] as const;

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes what answers `routes`. It listens nowhere by itself: routes change when a configuration is read anew, and the
 * server that listens stays.
 *
 * @throws {Error} two routes of one method and path
 */
export async function createHandler(routes: readonly Route[], ports: AppPorts): Promise<Handler> {
  const app = Fastify({
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 4096 },
    exposeHeadRoutes: true,
    bodyLimit: Number.MAX_SAFE_INTEGER,
  });
  // Bodies are read by the handler, after it is known who calls.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, ports.logger));
  app.setNotFoundHandler((request, reply) => {
    void reply.status(404).send({ detail: `no route ${request.method} ${request.url.split("?", 1)[0]}` });
  });
  for (const route of routes) {
    for (const prefix of prefixes) {
      for (const path of [route.path, ...(route.aliases ?? [])]) {
        app.route({
          method: route.method,
          url: prefix + path,
          handler: (request, reply) => serve(route, request, reply, ports),
        });
      }
    }
  }
  await app.ready();
  return (request, response) => app.routing(request, response);
}

async function serve(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  ports: AppPorts,
): Promise<FastifyReply> {
  const caller = await callerOf(route, request, ports);
  const hungUp = new AbortController();
  request.raw.once("close", () => {
    if (!reply.raw.writableFinished) hungUp.abort();
  });
  const body = route.body === undefined ? undefined : await readBody(request.raw, ports.limit, ports.inFlight);
  const checked: ApiRequest = {
    caller,
    params: route.params === undefined ? undefined : check(route.params, request.params, "path"),
    query: route.query === undefined ? undefined : check(route.query, request.query, "query"),
    body: bodyOf(route, body),
    headers: request.headers,
    url: request.url,
    signal: hungUp.signal,
  };
  return send(reply, await route.handle(checked as never));
}

async function callerOf(route: Route, request: FastifyRequest, { callerOf: find }: AppPorts): Promise<Caller> {
  if (route.permission === "public") return anybody;
  const caller = await find(request.headers.authorization);
  if (route.permission === "write" && caller.access === "read_only")
    throw new ApiError(403, "the api key may only read");
  return caller;
}

function bodyOf(route: Route, body: Buffer | undefined): unknown {
  if (body === undefined || route.body === "raw") return body;
  return check(route.body!, parseJson(body), "body");
}

function send(reply: FastifyReply, answer: unknown): FastifyReply {
  if (!(answer instanceof ApiReply)) return reply.status(200).send(answer);
  const { status, body, headers } = answer;
  void reply.status(status).headers(headers);
  return reply.send(body instanceof Readable || Buffer.isBuffer(body) ? body : (body ?? null));
}

/** Statuses of what pipelines and body readers throw. */
const statusOf: Readonly<Partial<Record<StatusCode, number>>> = {
  [StatusCode.INVALID_ARGUMENT]: 400,
  [StatusCode.RESOURCE_EXHAUSTED]: 413,
  [StatusCode.UNAUTHENTICATED]: 401,
  [StatusCode.PERMISSION_DENIED]: 403,
};
const defaultRetryAfterMs = 5_000;

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const answer = asApiError(error);
  if (answer.status >= 500)
    logger.error({ err: error, method: request.method, path: request.routeOptions.url }, `api: ${answer.message}`);
  // What is left of a body that nobody reads would keep the connection waiting.
  if (!request.raw.complete) void reply.header("connection", "close");
  return reply
    .status(answer.status)
    .headers(answer.headers)
    .send({ ...answer.more, detail: answer.detail });
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RetryableError) {
    const seconds = Math.ceil((error.retryAfterMs ?? defaultRetryAfterMs) / 1_000);
    return new ApiError(503, error.message, { headers: { "retry-after": String(seconds) }, cause: error });
  }
  if (error instanceof PermanentError)
    return new ApiError(statusOf[error.code] ?? 500, error.message, { cause: error });
  // Fastify's own, such as a path that cannot be decoded.
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== undefined && statusCode < 500) return new ApiError(statusCode, messageOf(error), { cause: error });
  return new ApiError(500, "internal error; the log of the server says more", { cause: error });
}

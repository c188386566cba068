import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Caller } from "../auth/caller.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call a route: anybody, every key, or keys that may write. */
export type Permission = "public" | "read" | "write";

/** A request, checked by the schemas of its route. */
export interface ApiRequest<Params = unknown, Query = unknown, Body = unknown> {
  /** Who calls; on public routes the default project's caller. */
  readonly caller: Caller;
  readonly params: Params;
  readonly query: Query;
  /** JSON, or for `body: "raw"` the bytes after decompression. */
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  /** Path and query as sent, without the prefix `/api/v1`. */
  readonly url: string;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}

/** An answer with more than a JSON body and status 200, which handlers return as they are. */
export class ApiReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly sent: (() => void) | undefined;

  /**
   * @param body a value for JSON, bytes, or a stream; bytes and streams need a content-type among `headers`
   * @param sent called when the system has all bytes of the answer, so that their memory can be used again; never, where
   *   the client is gone before
   */
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, sent?: () => void) {
    this.status = status;
    this.body = body;
    this.headers = headers;
    this.sent = sent;
  }
}

/** A JSON value, or an `ApiReply`. */
export type Answer = unknown | ApiReply | Readable;

/** The schema of what a route does not take. */
type None = undefined;
type Checked<S> = S extends z.ZodType ? z.output<S> : undefined;

/**
 * One route. It is served at `path` and at `/api/v1` + `path`, with and without a slash at the end; repeated slashes count
 * as one. The schemas check requests and make the OpenAPI document; the response schemas do the latter alone, and tests
 * hold answers against them.
 */
export interface Route<
  P extends z.ZodType | None = z.ZodType | None,
  Q extends z.ZodType | None = z.ZodType | None,
  B extends z.ZodType | "raw" | None = z.ZodType | "raw" | None,
> {
  readonly method: Method;
  /**
   * `/spans/:span_id`. Parameters are percent-decoded after routing. `:task+` takes one or more parts, with the slashes
   * between them; `:tag::pin` takes a part that ends in `:pin`.
   */
  readonly path: string;
  readonly permission: Permission;
  /** Group in the documentation: `Spans`. */
  readonly tag: string;
  /** A few words for the list of routes. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  /** A schema for JSON; `raw` for bytes of any content type, read by the handler. */
  readonly body?: B;
  /** What a raw body holds, for the documentation; `.meta({ contentType })` says its type where that is not JSON. */
  readonly accepts?: z.ZodType;
  /** Answers by status, such as `{ 200: spanList, 404: errorBody }`. */
  readonly responses: Readonly<Record<number, z.ZodType>>;
  /** SDKs send here, from browsers too: pages of any origin may. */
  readonly ingest?: boolean;
  /** Tells nothing and needs nothing, not even the store: for probes of whether the process lives. */
  readonly isProbe?: boolean;
  /** Other paths of the same route, left out of the documentation. */
  readonly aliases?: readonly string[];
  handle(request: ApiRequest<Checked<P>, Checked<Q>, B extends "raw" ? Buffer : Checked<B>>): Promise<Answer> | Answer;
}

/** Infers a route's types from its schemas. */
export function defineRoute<
  P extends z.ZodType | None = None,
  Q extends z.ZodType | None = None,
  B extends z.ZodType | "raw" | None = None,
>(route: Route<P, Q, B>): Route {
  // A route is called with what its own schemas made, which the list of all routes cannot express.
  return route as unknown as Route;
}

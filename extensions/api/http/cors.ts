import type { IncomingHttpHeaders } from "node:http";
import type { Route } from "./route.ts";

/*
 * Pages of other origins. SDKs that run in browsers send from anywhere; what is read, and everything else that is written,
 * is for the pages of `cors.allowed_origins`. Credentials are a header that the page itself must know, never cookies.
 */

const allowedHeaders = "authorization, content-type, content-encoding, x-request-id";
const exposedHeaders = "x-total-count, x-next-cursor, x-request-id, retry-after";
/** No option: what a preflight says changes with the program or its configuration alone. */
const maxAgeSeconds = "600";

/** Whether a page of `origin` may call `route`. */
export function allowsOrigin(route: Route, origin: string, allowed: readonly string[]): boolean {
  return route.ingest === true || allowed.includes("*") || allowed.includes(origin);
}

/** Headers for an answer to a page. */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposedHeaders,
    vary: "origin",
  };
}

/** Headers for the answer to a preflight request. */
export function preflightHeaders(origin: string, methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": maxAgeSeconds,
    vary: "origin",
  };
}

/** Whether the page that sends a request was loaded from this very server. */
export function isSameOrigin(origin: string, { host }: IncomingHttpHeaders): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Whether `Host` names this machine by a name that always means it. A page whose name was made to lead here has its own
 * name there, and to browsers it is then at home.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || loopbackHost.test(host);
}

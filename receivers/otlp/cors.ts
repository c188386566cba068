import type { IncomingMessage, ServerResponse } from "node:http";
import type { CorsConfig } from "./config-http.ts";

const safeHeaders = ["accept", "content-type", "x-requested-with"];

/**
 * Lets pages of other origins send from a browser.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export class Cors {
  readonly #config: CorsConfig;
  readonly #allowsAll: boolean;
  readonly #origins: readonly RegExp[];
  readonly #headers: ReadonlySet<string>;

  constructor(config: CorsConfig) {
    this.#config = config;
    this.#allowsAll = config.allowed_origins.includes("*");
    this.#origins = config.allowed_origins.map(originPattern);
    this.#headers = new Set([...safeHeaders, ...config.allowed_headers.map((name) => name.toLowerCase())]);
  }

  /**
   * Adds what the browser needs to `response`, and answers a preflight request.
   *
   * @returns whether the request is answered
   */
  apply(request: IncomingMessage, response: ServerResponse): boolean {
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    response.setHeader("Vary", isPreflight ? "Origin, Access-Control-Request-Headers" : "Origin");
    const { origin } = request.headers;
    if (origin !== undefined && this.#allowsOrigin(origin)) {
      response.setHeader("Access-Control-Allow-Origin", this.#allowsAll ? "*" : origin);
      response.setHeader("Access-Control-Allow-Credentials", "true");
      if (isPreflight) this.#preflight(request, response);
      else if (this.#config.exposed_headers.length > 0)
        response.setHeader("Access-Control-Expose-Headers", this.#config.exposed_headers.join(", "));
    }
    if (isPreflight) response.writeHead(204).end();
    return isPreflight;
  }

  #preflight(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader("Access-Control-Allow-Methods", "POST");
    const wanted = (request.headers["access-control-request-headers"] ?? "").split(",").map((name) => name.trim());
    const allowed = wanted.filter((name) => this.#headers.has("*") || this.#headers.has(name.toLowerCase()));
    response.setHeader("Access-Control-Allow-Headers", allowed.join(", "));
    if (this.#config.max_age > 0) response.setHeader("Access-Control-Max-Age", String(this.#config.max_age));
  }

  #allowsOrigin(origin: string): boolean {
    return this.#origins.some((pattern) => pattern.test(origin));
  }
}

/** An allowed origin, in which * stands for any characters. */
function originPattern(origin: string): RegExp {
  const literal = origin.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "i");
}

import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { listen } from "../../net/listen.ts";
import { reloadCertificates, serverTlsOptions } from "../../net/tls.ts";
import type { Signal } from "../../pipeline/batch.ts";
import type { Settings } from "../../pipeline/component.ts";
import { type Encoding, exportResponse, statusMessage } from "./answer.ts";
import { ClientReader, findAuthenticator } from "./client.ts";
import type { HttpConfig } from "./config-http.ts";
import { Cors } from "./cors.ts";
import { decompress } from "./decompress.ts";
import { ClientGone, readBody } from "./http-body.ts";
import { codingOf, contentTypes, encodingOf, queryParameters } from "./http-headers.ts";
import type { Admission, InFlight } from "./in-flight.ts";
import type { Intake } from "./intake.ts";
import { httpSizeLimit, type SizeLimit } from "./size-limit.ts";
import { failureOf } from "./status.ts";

/** OTLP over HTTP, on node:http itself: a framework costs more per request than everything that is done here. */
export class HttpProtocol {
  readonly #config: HttpConfig;
  readonly #settings: Settings;
  readonly #intake: Intake;
  readonly #inFlight: InFlight;
  readonly #limit: SizeLimit;
  readonly #cors: Cors | undefined;
  readonly #routes: ReadonlyMap<string, Signal>;
  #clients = new ClientReader(false, undefined);
  #server: Server | undefined;
  #stopReload = (): void => {};
  #isDraining = false;

  constructor(config: HttpConfig, intake: Intake, inFlight: InFlight, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#intake = intake;
    this.#inFlight = inFlight;
    this.#limit = httpSizeLimit(config.max_request_body_size);
    const origins = config.cors?.allowed_origins ?? [];
    this.#cors = config.cors && origins.length > 0 ? new Cors(config.cors) : undefined;
    if (config.cors && origins.length === 0 && config.cors.allowed_headers.length > 0)
      settings.logger.warn("cors.allowed_headers is not used, because cors.allowed_origins is empty");
    if (config.middlewares?.length) settings.logger.warn("protocols.http.middlewares is not used");
    const routes: [string, Signal][] = [
      [config.traces_url_path, "traces"],
      [config.metrics_url_path, "metrics"],
      [config.logs_url_path, "logs"],
    ];
    this.#routes = new Map(routes.filter(([, signal]) => intake.takes(signal)));
  }

  /** @returns the address listened on */
  async start(): Promise<string> {
    const { config, id } = { config: this.#config, id: this.#settings.id };
    const authenticator = config.auth && findAuthenticator(this.#settings.host, config.auth.authenticator, id);
    this.#clients = new ClientReader(config.include_metadata, authenticator);
    const server = await this.#createServer();
    server.maxConnections = config.max_connections;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch((error: unknown) => {
        this.#settings.logger.error({ err: error }, "cannot answer a request");
        response.destroy();
      });
    };
    server.on("request", onRequest).on("checkContinue", onRequest);
    const address = await listen(server, id, config.endpoint, config.transport);
    this.#server = server;
    return address;
  }

  /** Closes idle connections, lets requests finish until `deadline`, then closes every connection. */
  async shutdown(deadline: AbortSignal): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    this.#isDraining = true;
    this.#stopReload();
    const abort = (): void => server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      deadline.addEventListener("abort", abort);
      if (deadline.aborted) abort();
    });
    deadline.removeEventListener("abort", abort);
  }

  async #createServer(): Promise<Server> {
    const { read_timeout, read_header_timeout, idle_timeout, tls } = this.#config;
    const options: ServerOptions = {
      requestTimeout: read_timeout,
      headersTimeout: Math.min(read_header_timeout || read_timeout, read_timeout || read_header_timeout),
      keepAliveTimeout: idle_timeout,
      connectionsCheckingInterval: checkingIntervalMs(read_timeout, read_header_timeout),
      noDelay: true,
    };
    if (tls === undefined) return createServer(options);
    const tlsOptions = await serverTlsOptions(tls, this.#settings.id);
    const server: SecureServer = createSecureServer({ ...options, ...tlsOptions });
    this.#stopReload = reloadCertificates(server, tls, this.#settings.id, this.#settings.logger);
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#cors?.apply(request, response)) return;
    const url = request.url!;
    const queryAt = url.indexOf("?");
    const signal = this.#routes.get(queryAt < 0 ? url : url.slice(0, queryAt));
    if (signal === undefined) return this.#text(response, 404, "404 page not found");
    if (request.method !== "POST") {
      response.setHeader("Allow", "POST");
      return this.#text(response, 405, "405 method not allowed, supported: [POST]");
    }
    const encoding = encodingOf(request.headers["content-type"]);
    if (encoding === undefined) {
      const supported = Object.values(contentTypes).join(", ");
      return this.#text(response, 415, `415 unsupported media type, supported: [${supported}]`);
    }
    await this.#export(request, response, signal, encoding);
  }

  async #export(request: IncomingMessage, response: ServerResponse, signal: Signal, encoding: Encoding): Promise<void> {
    let admission: Admission | undefined;
    try {
      admission = this.#inFlight.admit();
      const context = this.#clients.isNeeded
        ? await this.#clients.read(request.rawHeaders, this.#authParameters(request))
        : undefined;
      const coding = codingOf(request.headers["content-encoding"], this.#config);
      const received = await readBody(request, response, this.#limit, admission);
      const body = coding ? await decompress(coding, received, this.#limit, admission) : received;
      const partial = await this.#intake.take(signal, encoding, body, context);
      this.#send(response, 200, contentTypes[encoding], exportResponse(signal, encoding, partial));
    } catch (error) {
      if (error instanceof ClientGone) return;
      this.#fail(response, encoding, error);
    } finally {
      admission?.release();
    }
  }

  #authParameters(request: IncomingMessage): ReadonlyMap<string, readonly string[]> | undefined {
    const names = this.#config.auth?.request_params ?? [];
    return names.length > 0 ? queryParameters(request.url!, names) : undefined;
  }

  #fail(response: ServerResponse, encoding: Encoding, error: unknown): void {
    this.#intake.failed(error);
    const failure = failureOf(error);
    if (failure.retryAfterMs !== undefined)
      response.setHeader("Retry-After", String(Math.max(Math.ceil(failure.retryAfterMs / 1_000), 1)));
    this.#send(response, failure.httpStatus, contentTypes[encoding], statusMessage(failure, encoding));
  }

  #text(response: ServerResponse, status: number, text: string): void {
    this.#send(response, status, "text/plain; charset=utf-8", Buffer.from(text));
  }

  #send(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
    if (response.destroyed) return;
    const headers: Record<string, string | number> = {
      ...this.#config.response_headers,
      "Content-Type": contentType,
      "Content-Length": body.length,
    };
    if (this.#isDraining || !this.#config.keep_alives_enabled) headers["Connection"] = "close";
    response.writeHead(status, headers);
    endAfterRequest(response, body);
    this.#boundWrite(response);
  }

  /** Ends the connection of a client that does not take its response. Nearly every response is with the kernel by now. */
  #boundWrite(response: ServerResponse): void {
    const { socket } = response;
    if (this.#config.write_timeout === 0 || socket === null || socket.writableLength === 0) return;
    const timer = setTimeout(() => socket.destroy(), this.#config.write_timeout);
    response.once("close", () => clearTimeout(timer));
  }
}

/**
 * Sends `body` at once, but ends the response only when the request has ended: the connection may close then, and closed
 * while the client still sends, it would be reset before the client has read the answer.
 */
function endAfterRequest(response: ServerResponse, body: Uint8Array): void {
  const request = response.req;
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  request.once("end", () => response.end()).resume();
}

/** How often Node looks for requests that take too long: often enough to keep a timeout within a quarter of it. */
function checkingIntervalMs(...timeoutsMs: readonly number[]): number {
  const shortest = Math.min(...timeoutsMs.filter((ms) => ms > 0), 20_000);
  return Math.max(Math.floor(shortest / 4), 10);
}

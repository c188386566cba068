import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { reloadCertificates, serverTlsOptions } from "../../../net/tls.ts";
import type { Settings } from "../../../pipeline/component.ts";
import type { ApiConfig } from "../config.ts";

/** A server that listens nowhere yet. */
export interface ApiServer {
  readonly server: Server;
  /** Stops reading certificates again. */
  readonly release: () => void;
}

/** @throws {Error} a certificate cannot be read */
export async function createApiServer(
  config: ApiConfig,
  { id, logger }: Pick<Settings, "id" | "logger">,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ApiServer> {
  const { read_timeout, read_header_timeout, idle_timeout, max_header_size, tls } = config;
  const options: ServerOptions = {
    requestTimeout: read_timeout,
    headersTimeout: Math.min(read_header_timeout, read_timeout),
    keepAliveTimeout: idle_timeout,
    connectionsCheckingInterval: checkingIntervalMs(Math.min(read_timeout, read_header_timeout)),
    maxHeaderSize: max_header_size,
    noDelay: true,
  };
  const secure =
    tls === undefined ? undefined : createSecureServer({ ...options, ...(await serverTlsOptions(tls, id)) });
  const server: Server | SecureServer = secure ?? createServer(options);
  server.on("request", onRequest);
  server.on("clientError", answerBadRequest);
  server.maxConnections = config.max_connections;
  // A query may take its time before the first byte; after that the client must take bytes.
  server.setTimeout(config.query_timeout + config.write_timeout);
  const release = secure === undefined || tls === undefined ? () => {} : reloadCertificates(secure, tls, id, logger);
  return { server, release };
}

/** How often Node looks for requests that take too long: within a quarter of the time they have. */
function checkingIntervalMs(timeoutMs: number): number {
  return Math.max(Math.min(Math.floor(timeoutMs / 4), 5_000), 10);
}

const statusOfCode: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
const reasons: Readonly<Record<number, string>> = {
  400: "the request is not HTTP/1.1",
  408: "the request did not come to its end in time",
  431: "the headers are larger than max_header_size",
};

/** What is no request has no response either: the answer is written as it stands. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statusOfCode[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ detail: reasons[status] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

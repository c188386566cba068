import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import { listen } from "../../net/listen.ts";
import { reloadCertificates, serverTlsOptions } from "../../net/tls.ts";
import type { Settings } from "../../pipeline/component.ts";
import { ClientReader, findAuthenticator } from "./client.ts";
import type { GrpcConfig } from "./config-grpc.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { InFlight } from "./in-flight.ts";
import type { Intake } from "./intake.ts";
import { grpcSizeLimit } from "./size-limit.ts";

const mib = 1024 * 1024;
/** What one call may send before the server has taken it: 16 times the default, so that a large message keeps flowing. */
const streamWindowBytes = mib;
/** MiB of frames and headers that one connection may have pending in Node. No option: windows and calls have theirs. */
const maxSessionMemory = 32;
/** No option: whoever takes longer sends nothing. */
const tlsHandshakeMs = 15_000;

/**
 * OTLP over gRPC: unary calls, directly on node:http2. `@grpc/grpc-js` knows neither zstd nor snappy, checks the size of a
 * message only after it was read, and costs several times as much per call.
 */
export class GrpcProtocol {
  readonly #config: GrpcConfig;
  readonly #settings: Settings;
  readonly #intake: Intake;
  readonly #inFlight: InFlight;
  readonly #connections = new Set<GrpcConnection>();
  #clients = new ClientReader(false, undefined);
  #server: Http2Server | Http2SecureServer | undefined;
  #stopReload = (): void => {};

  constructor(config: GrpcConfig, intake: Intake, inFlight: InFlight, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#intake = intake;
    this.#inFlight = inFlight;
    if (config.middlewares?.length) settings.logger.warn("protocols.grpc.middlewares is not used");
  }

  /** @returns the address listened on */
  async start(): Promise<string> {
    const config = this.#config;
    const { id, host } = this.#settings;
    const authenticator = config.auth && findAuthenticator(host, config.auth.authenticator, id);
    this.#clients = new ClientReader(config.include_metadata, authenticator);
    const server = await this.#createServer();
    server.maxConnections = config.max_connections;
    server.on("session", (session: ServerHttp2Session) => this.#connect(session));
    const address = await listen(server, id, config.endpoint, config.transport);
    this.#server = server;
    return address;
  }

  /** Sends every client away, lets calls finish until `deadline`, then cuts them off. */
  async shutdown(deadline: AbortSignal): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    this.#stopReload();
    const abort = (): void => {
      for (const connection of this.#connections) connection.destroy();
    };
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const connection of this.#connections) connection.close();
      deadline.addEventListener("abort", abort);
      if (deadline.aborted) abort();
    });
    deadline.removeEventListener("abort", abort);
  }

  async #createServer(): Promise<Http2Server | Http2SecureServer> {
    const { tls, max_header_size, max_concurrent_streams: maxConcurrentStreams } = this.#config;
    const options: ServerOptions = {
      maxSessionMemory,
      settings: {
        enablePush: false,
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams,
        maxHeaderListSize: max_header_size,
      },
    };
    if (tls === undefined) return createServer(options);
    const tlsOptions = await serverTlsOptions(tls, this.#settings.id);
    const server = createSecureServer({ ...options, ...tlsOptions, handshakeTimeout: tlsHandshakeMs });
    this.#stopReload = reloadCertificates(server, tls, this.#settings.id, this.#settings.logger);
    return server;
  }

  #connect(session: ServerHttp2Session): void {
    const connection = new GrpcConnection(session, this.#config.keepalive, {
      intake: this.#intake,
      inFlight: this.#inFlight,
      limit: grpcSizeLimit(this.#config.maxMessageBytes),
      readTimeoutMs: this.#config.read_timeout,
      clients: this.#clients,
    });
    this.#connections.add(connection);
    session.once("close", () => this.#connections.delete(connection));
  }
}

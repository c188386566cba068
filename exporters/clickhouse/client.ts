import http from "node:http";
import https from "node:https";
import type { ConnectionOptions } from "node:tls";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { answersHttp } from "../../net/http-probe.ts";
import type { ClientTlsSource } from "../../net/tls-client.ts";
import { Reach } from "../helper/reach.ts";
import { type ClickHouseConfig, type Codec, hasZstd } from "./config.ts";
import { type Endpoint, parseEndpoint } from "./endpoint.ts";
import { RowReads } from "./row-reads.ts";

/** Settings a client of one host is made of. */
export interface HostOptions {
  readonly url: string;
  readonly config: ClickHouseConfig;
  readonly endpoint: Endpoint;
  /** Certificates of an https host. */
  readonly tls: ClientTlsSource | undefined;
  /** Connections for rows of short statements, beside those of the client. */
  readonly readConnections: number;
}

/** The ways to one server. */
export interface Connection {
  readonly client: ClickHouseClient;
  /** The quick way to the rows of short statements. */
  readonly reads: Pick<RowReads, "rows">;
}

/** One server. */
export class Host {
  readonly url: string;
  readonly reach: Reach;
  /** When it failed the last time, in monotonic milliseconds; minus infinity once it has worked again. */
  failedAtMs = Number.NEGATIVE_INFINITY;
  readonly #options: HostOptions;
  #connection: { readonly client: ClickHouseClient; readonly reads: RowReads } | undefined;
  #tls: ConnectionOptions | undefined;

  constructor(options: HostOptions) {
    this.url = options.url;
    this.#options = options;
    const ping = new URL("/ping", options.url);
    this.reach = new Reach((signal) => answersHttp(ping, this.#tls, signal), options.config.probe);
  }

  /** As `connection`. */
  async client(): Promise<ClickHouseClient> {
    return (await this.connection()).client;
  }

  /**
   * The ways to the server, new ones when certificates have changed. The requests of the old ones end in peace; their idle
   * connections close by themselves.
   *
   * @throws {Error} certificates cannot be read for the first time
   */
  async connection(): Promise<Connection> {
    const tls = await this.#options.tls?.options();
    if (this.#connection === undefined || tls !== this.#tls) {
      this.#tls = tls;
      this.#connection = { client: clientOf(this.#options, tls), reads: readsOf(this.#options, tls) };
    }
    return this.#connection;
  }

  async close(): Promise<void> {
    this.reach.close();
    this.#connection?.reads.close();
    await this.#connection?.client.close();
  }
}

/** The endpoint of a configuration that was checked. */
export function endpointOf(config: ClickHouseConfig): Endpoint {
  return parseEndpoint(config.endpoint, config.connection_params);
}

/** The database of all tables. */
export function databaseOf(config: ClickHouseConfig): string {
  return endpointOf(config).database ?? config.database;
}

/** Connections beyond those of inserts, for what is asked besides. */
export const spareConnections = 2;

/** No answer for longer is a failure; Node's timers reach no further. */
function timeoutMsOf({ timeout }: ClickHouseConfig): number {
  return timeout === 0 ? 2 ** 31 - 1 : timeout;
}

function credentialsOf({ config, endpoint }: HostOptions): { username: string; password: string } {
  return { username: endpoint.username ?? config.username, password: endpoint.password ?? config.password };
}

function clientOf(options: HostOptions, tls: ConnectionOptions | undefined): ClickHouseClient {
  const { url, config, endpoint } = options;
  const { username, password } = credentialsOf(options);
  const connections = { keepAlive: true, maxSockets: config.insert.max_in_flight + spareConnections };
  return createClient({
    url,
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    application: "signalbox",
    request_timeout: timeoutMsOf(config),
    // The client's own agent knows neither versions, ciphers nor names of TLS.
    http_agent: tls === undefined ? new http.Agent(connections) : new https.Agent({ ...connections, ...tls }),
    // By its timestamp, too: a timer of a process that had no CPU is late, and the server closes the connection first.
    keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
    ...(tls?.cert !== undefined && password === "" ? certificateAuth(username) : {}),
    compression: { request: compressionOf(url, endpoint.compress ?? config.compress) },
    clickhouse_settings: endpoint.settings,
    // Failures are logged by the exporter, once, with its id.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

function readsOf(options: HostOptions, tls: ConnectionOptions | undefined): RowReads {
  const { url, config, endpoint, readConnections } = options;
  const { username, password } = credentialsOf(options);
  const auth =
    tls?.cert !== undefined && password === "" ? certificateHeaders(username) : passwordHeaders(username, password);
  return new RowReads({
    url,
    headers: { "user-agent": "signalbox", ...auth },
    settings: endpoint.settings,
    timeoutMs: timeoutMsOf(config),
    maxConnections: readConnections,
    tls,
  });
}

/** A client certificate without a password is the user's proof. */
function certificateAuth(username: string): { set_basic_auth_header: false; http_headers: Record<string, string> } {
  return { set_basic_auth_header: false, http_headers: certificateHeaders(username) };
}

function certificateHeaders(username: string): Record<string, string> {
  return { "X-ClickHouse-User": username || "default", "X-ClickHouse-SSL-Certificate-Auth": "on" };
}

function passwordHeaders(username: string, password: string): Record<string, string> {
  if (username === "" && password === "") return {};
  return { authorization: `Basic ${Buffer.from(`${username || "default"}:${password}`).toString("base64")}` };
}

type RequestCompression =
  | false
  | { codec: "gzip"; level: 1 }
  | { codec: "zstd"; level: 1 }
  | { codec: "br"; quality: 1 };

/** The codec of inserts; the levels are the cheapest, because the server unpacks and packs again anyway. */
export function compressionOf(url: string, wanted: Codec | string | undefined): RequestCompression {
  const loopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(url);
  const codec = wanted ?? (loopback ? "none" : "lz4");
  if (codec === "none" || codec === "false") return false;
  if (codec === "gzip") return { codec: "gzip", level: 1 };
  if (codec === "br") return { codec: "br", quality: 1 };
  return hasZstd ? { codec: "zstd", level: 1 } : { codec: "gzip", level: 1 };
}

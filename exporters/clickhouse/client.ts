import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { ClientTlsConfig } from "../../config/tls.ts";
import { type ClickHouseConfig, type Codec, hasZstd } from "./config.ts";
import { type Endpoint, type OpenStrategy, parseEndpoint } from "./endpoint.ts";

/** One server, and when it was last found unreachable. */
export interface Host {
  readonly url: string;
  readonly client: ClickHouseClient;
  /** Monotonic milliseconds until which other hosts are asked first. */
  avoidUntilMs: number;
}

/** How long a host that could not be reached is asked last. */
const avoidMs = 10_000;

/** The servers of an endpoint and the order in which they are asked. */
export class Hosts {
  readonly all: readonly Host[];
  readonly #strategy: OpenStrategy;
  #turn = 0;

  constructor(all: readonly Host[], strategy: OpenStrategy) {
    this.all = all;
    this.#strategy = strategy;
  }

  /** The host to ask next: in turn, but those that could not be reached last. */
  next(): Host {
    const { length } = this.all;
    const start = { in_order: 0, round_robin: this.#turn++, random: Math.floor(Math.random() * length) }[
      this.#strategy
    ];
    const now = performance.now();
    for (let i = 0; i < length; i++) {
      const host = this.all[(start + i) % length]!;
      if (host.avoidUntilMs <= now) return host;
    }
    return this.all.reduce((soonest, host) => (host.avoidUntilMs < soonest.avoidUntilMs ? host : soonest));
  }

  unreachable(host: Host): void {
    host.avoidUntilMs = performance.now() + avoidMs;
  }

  reached(host: Host): void {
    host.avoidUntilMs = 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ client }) => client.close()));
  }
}

/** Connects to the hosts of a configuration; nothing is sent yet. */
export function createHosts(config: ClickHouseConfig, endpoint = endpointOf(config)): Hosts {
  return new Hosts(
    endpoint.urls.map((url) => ({ url, client: clientOf(url, config, endpoint), avoidUntilMs: 0 })),
    endpoint.strategy,
  );
}

/** The endpoint of a configuration that was checked. */
export function endpointOf(config: ClickHouseConfig): Endpoint {
  return parseEndpoint(config.endpoint, config.connection_params);
}

/** The database of all tables. */
export function databaseOf(config: ClickHouseConfig): string {
  return endpointOf(config).database ?? config.database;
}

function clientOf(url: string, config: ClickHouseConfig, endpoint: Endpoint): ClickHouseClient {
  const username = endpoint.username ?? config.username;
  const password = endpoint.password ?? config.password;
  const byCertificate = url.startsWith("https:") && password === "" && hasCertificate(config.tls);
  return createClient({
    url,
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    application: "signalbox",
    request_timeout: config.timeout === 0 ? 2 ** 31 - 1 : config.timeout,
    http_agent: agentOf(url, config, endpoint.skipVerify),
    ...(byCertificate ? certificateAuth(username) : {}),
    compression: { request: compressionOf(url, endpoint.compress ?? config.compress) },
    clickhouse_settings: endpoint.settings,
    // Failures are logged by the exporter, once, with its id.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

function certificateAuth(username: string): { set_basic_auth_header: false; http_headers: Record<string, string> } {
  const user = username === "" ? "default" : username;
  return {
    set_basic_auth_header: false,
    http_headers: { "X-ClickHouse-User": user, "X-ClickHouse-SSL-Certificate-Auth": "on" },
  };
}

function hasCertificate(tls: ClientTlsConfig): boolean {
  return tls.cert_file !== undefined || tls.cert_pem !== undefined;
}

function agentOf(url: string, config: ClickHouseConfig, skipVerify: boolean): http.Agent {
  const common = { keepAlive: true, maxSockets: config.insert.max_in_flight + 2 };
  if (url.startsWith("http:")) return new http.Agent(common);
  const { tls } = config;
  const ca = pem(tls.ca_pem, tls.ca_file);
  return new https.Agent({
    ...common,
    ...(ca === undefined ? {} : { ca: tls.include_system_ca_certs_pool ? [...rootCertificates, ca] : ca }),
    cert: pem(tls.cert_pem, tls.cert_file),
    key: pem(tls.key_pem, tls.key_file),
    minVersion: `TLSv${tls.min_version === "1.0" ? "1" : tls.min_version}`,
    ...(tls.max_version === undefined
      ? {}
      : { maxVersion: `TLSv${tls.max_version === "1.0" ? "1" : tls.max_version}` }),
    ...(tls.cipher_suites === undefined ? {} : { ciphers: tls.cipher_suites.join(":") }),
    ...(tls.server_name_override === undefined ? {} : { servername: tls.server_name_override }),
    rejectUnauthorized: !(tls.insecure_skip_verify || skipVerify),
  });
}

function pem(text: string | undefined, file: string | undefined): string | undefined {
  return text ?? (file === undefined ? undefined : readFileSync(file, "utf8"));
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

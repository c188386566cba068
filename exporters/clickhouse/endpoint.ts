/** How the hosts of an endpoint take turns. */
export const openStrategies = ["in_order", "round_robin", "random"] as const;
export type OpenStrategy = (typeof openStrategies)[number];

/** What `endpoint` and `connection_params` say. */
export interface Endpoint {
  /** Origins such as `http://127.0.0.1:8123`, one a host. */
  readonly urls: readonly string[];
  readonly strategy: OpenStrategy;
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
  readonly compress?: string;
  readonly skipVerify: boolean;
  /** ClickHouse settings for every request: parameters that are no connection parameters. */
  readonly settings: Readonly<Record<string, string>>;
  /** What was understood but should be written otherwise; full messages without secrets. */
  readonly warnings: readonly string[];
}

/** What cannot be an endpoint; the message says what would be accepted and never shows user or password. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
}

const form = /^(https?|tcp|clickhouse):\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const accepted = "must be http(s)://host:port, clickhouse://host:port or tcp://host:port, hosts separated by commas";
const tlsPorts = new Set(["9440", "8443"]);
const httpPorts: Readonly<Record<string, string>> = { "9000": "8123", "9440": "8443" };
const unused = new Set([
  ...["dial_timeout", "read_timeout", "write_timeout", "max_open_conns", "max_idle_conns", "conn_max_lifetime"],
  ...["block_buffer_size", "max_compression_buffer", "compress_level", "debug", "client_info_product", "http_proxy"],
  ...["async_insert", "wait_for_async_insert"],
]);

/**
 * Reads an endpoint as the Collector's exporter takes it. Ports of the native protocol become the HTTP ports that ClickHouse
 * has beside them, because blocks are posted over HTTP.
 *
 * @param endpoint one URL, or several separated by commas; only the first needs scheme, user, path and parameters
 * @param extra more parameters, which win over those in the URL
 * @throws {EndpointError}
 */
export function parseEndpoint(endpoint: string, extra: Readonly<Record<string, string>> = {}): Endpoint {
  const match = form.exec(joinHosts(endpoint));
  if (match === null) throw new EndpointError(accepted);
  const [, scheme, userInfo, hosts, path, query] = match;
  const params = new URLSearchParams(query ?? "");
  for (const [name, value] of Object.entries(extra)) params.set(name, value);
  const warnings: string[] = [];
  const secure = params.get("secure") === "true" || params.get("secure") === "1";
  const urls = hosts!.split(",").map((host) => originOf(scheme!.toLowerCase(), host.trim(), secure, warnings));
  return { urls, ...credentialsOf(userInfo), ...databaseOf(path), ...paramsOf(params, warnings), warnings };
}

/** `http://a:1,http://b:2` as `http://a:1,b:2`: every host has the scheme of the first. */
function joinHosts(endpoint: string): string {
  const [first, ...rest] = endpoint.split(/,(?=[a-z]+:\/\/)/i);
  const scheme = first!.slice(0, first!.indexOf("://") + 3);
  const others = rest.map((url) => {
    if (!url.startsWith(scheme)) throw new EndpointError("must have one scheme for all hosts");
    return url.slice(scheme.length).replace(/\/$/, "");
  });
  return others.length === 0 ? endpoint : [first!.replace(/\/$/, ""), ...others].join(",");
}

function originOf(scheme: string, host: string, secure: boolean, warnings: string[]): string {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (name === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) throw new EndpointError(accepted);
  const tls = scheme === "https" || (scheme !== "http" && (secure || tlsPorts.has(port ?? "")));
  const httpPort = scheme.startsWith("http") ? port : httpPorts[port ?? ""];
  const origin = `${tls ? "https" : "http"}://${name}:${httpPort ?? port ?? (tls ? "8443" : "8123")}`;
  if (scheme === "tcp" || httpPort !== port) {
    warnings.push(
      `endpoint: "${scheme}://${host}" names the native protocol, posting to ${origin}; write that instead`,
    );
  }
  return origin;
}

function credentialsOf(userInfo: string | undefined): Pick<Endpoint, "username" | "password"> {
  if (userInfo === undefined || userInfo === "") return {};
  const colon = userInfo.indexOf(":");
  if (colon < 0) return { username: decoded(userInfo) };
  return { username: decoded(userInfo.slice(0, colon)), password: decoded(userInfo.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new EndpointError("must have user and password percent-encoded", { cause });
  }
}

function databaseOf(path: string | undefined): Pick<Endpoint, "database"> {
  return path === undefined || path === "" ? {} : { database: decoded(path) };
}

type FromParams = Omit<Endpoint, "urls" | "warnings">;

function paramsOf(params: URLSearchParams, warnings: string[]): FromParams {
  const settings: Record<string, string> = {};
  const result: { -readonly [K in keyof FromParams]: FromParams[K] } = {
    strategy: "in_order",
    skipVerify: false,
    settings,
  };
  for (const [name, value] of params) {
    if (name === "secure") continue;
    if (name === "username" || name === "password" || name === "database" || name === "compress") result[name] = value;
    else if (name === "skip_verify") result.skipVerify = value === "true" || value === "1";
    else if (name === "connection_open_strategy") result.strategy = strategyOf(value);
    else if (unused.has(name)) warnings.push(`endpoint: parameter "${name}" has no effect here, remove it`);
    else settings[name] = value;
  }
  return result;
}

function strategyOf(value: string): OpenStrategy {
  const strategy = openStrategies.find((name) => name === value);
  if (strategy === undefined) {
    throw new EndpointError(`parameter "connection_open_strategy" must be one of ${openStrategies.join(", ")}`);
  }
  return strategy;
}

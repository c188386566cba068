/** How an endpoint is reached. */
export type Transport = "tcp" | "unix";

/** Where a server listens: `host` undefined means every interface. */
export type ListenAddress = { readonly host: string | undefined; readonly port: number } | { readonly path: string };

const hostPort = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]/\s]*)):(\d{1,5})$/;

/**
 * Reads `host:port`, `[::1]:4317`, `:4317` (every interface) or, as `unix:/path` or with the transport `unix`, a socket's path.
 *
 * @returns undefined when `endpoint` is none of these
 */
export function parseEndpoint(endpoint: string, transport: Transport = "tcp"): ListenAddress | undefined {
  const path = endpoint.startsWith("unix:") ? endpoint.slice(5).replace(/^\/\/(?=\/)/, "") : endpoint;
  if (transport === "unix" || path !== endpoint) return path === "" ? undefined : { path };
  const match = hostPort.exec(endpoint);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const host = match[1] ?? match[2];
  return { host: host === "" ? undefined : host, port };
}

/** A host and a port as an endpoint: brackets around IPv6. */
export function formatEndpoint({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

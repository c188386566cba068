import { z } from "zod";

/** Where a server listens. `port` 0 lets the system choose a free one. */
export interface ListenEndpoint {
  /** A host name or address, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

const pattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/;

/**
 * Reads `host:port`. IPv6 addresses stand in brackets; no host at all means every IPv4 interface, `localhost` is 127.0.0.1.
 *
 * @returns undefined when `text` is no endpoint
 */
export function parseListenEndpoint(text: string): ListenEndpoint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return { host: hostOf(match[1] ?? match[2]!), port };
}

// `localhost` may resolve to ::1 alone, where a client of 127.0.0.1 finds nothing; Go prefers IPv4 here.
function hostOf(text: string): string {
  if (text === "") return "0.0.0.0";
  return text === "localhost" ? "127.0.0.1" : text;
}

/** `endpoint` as it is written: brackets around IPv6. */
export function formatEndpoint({ host, port }: ListenEndpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An endpoint key of something that listens. */
export const listenEndpoint = z.string().transform((value, context): ListenEndpoint => {
  const endpoint = parseListenEndpoint(value);
  if (endpoint !== undefined) return endpoint;
  context.issues.push({ code: "custom", message: "must be host:port such as localhost:4317", input: value });
  return z.NEVER;
});

/** Whether only processes of this machine can reach what listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

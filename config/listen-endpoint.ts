import { z } from "zod";
import { parseEndpoint } from "../net/endpoint.ts";

/** Where a server listens on TCP. `port` 0 lets the system choose a free one. */
export interface ListenEndpoint {
  /** A host name or address, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads what `parseEndpoint` reads, for a server that has no use for unix sockets and whose host is an address at once:
 * no host at all means every IPv4 interface, `localhost` is 127.0.0.1.
 *
 * @returns undefined when `text` is no endpoint
 */
export function parseListenEndpoint(text: string): ListenEndpoint | undefined {
  const address = parseEndpoint(text);
  return address === undefined || "path" in address ? undefined : { ...address, host: hostOf(address.host) };
}

// `localhost` may resolve to ::1 alone, where a client of 127.0.0.1 finds nothing; Go prefers IPv4 here.
function hostOf(host: string | undefined): string {
  if (host === undefined) return "0.0.0.0";
  return host === "localhost" ? "127.0.0.1" : host;
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

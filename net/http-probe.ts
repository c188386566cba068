import http from "node:http";
import https from "node:https";
import type { ConnectionOptions } from "node:tls";

/** What proxies answer for a server that is not there. */
const awayStatuses: ReadonlySet<number | undefined> = new Set([502, 503, 504]);

/**
 * Whether a server answers a GET, whatever it says. A proxy that speaks for a server it cannot reach does not count.
 *
 * @param tls options of https URLs
 * @returns false also when `signal` aborts
 */
export function answersHttp(url: URL, tls: ConnectionOptions | undefined, signal: AbortSignal): Promise<boolean> {
  const { get } = url.protocol === "https:" ? https : http;
  return new Promise((resolve) => {
    // A connection of its own: those that are kept alive may be of a server that is gone, or all be in use.
    const request = get(url, { ...tls, agent: false, signal }, (response) => {
      resolve(!awayStatuses.has(response.statusCode));
      // The body may be long, and says no more.
      request.destroy();
    });
    request.on("error", () => resolve(false));
  });
}

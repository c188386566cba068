import { get } from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ListenEndpoint } from "../../config/listen-endpoint.ts";
import { formatEndpoint } from "../../net/endpoint.ts";
import { messageOf } from "../../pipeline/errors.ts";

const pingTimeoutMs = 1_000;
const pingIntervalMs = 10;

/**
 * Makes sure that `endpoint` is free, so that a foreign server's answer is not taken for ours.
 *
 * @returns the endpoint, with the port the system chose where it was 0
 * @throws {Error} something listens there already
 */
export function claimEndpoint(endpoint: ListenEndpoint): Promise<ListenEndpoint> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "address already in use" : messageOf(error);
      reject(new Error(`cannot listen on ${formatEndpoint(endpoint)}: ${reason}`, { cause: error }));
    });
    probe.listen(endpoint.port, endpoint.host, () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : endpoint.port;
      probe.close(() => resolve({ host: endpoint.host, port }));
    });
  });
}

/** Resolves when the server at `endpoint` answers `/ping`; rejects when `signal` aborts. */
export async function untilAnswering(endpoint: ListenEndpoint, signal: AbortSignal): Promise<void> {
  while (!(await answersPing(endpoint))) await sleep(pingIntervalMs, undefined, { signal });
}

function answersPing({ host, port }: ListenEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    // Without an agent: a connection that is kept alive holds up a clean end of the server for five seconds.
    const request = get({ host, port, path: "/ping", agent: false, timeout: pingTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}

import http from "node:http";
import https from "node:https";

/** An answer, its body cut off at the limit. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
  /** Bytes of the body to read: of an answer with this status. */
  readonly maxBodyBytes: (status: number) => number;
}

/**
 * Posts `body` and reads the answer.
 *
 * @throws {Error} no answer came: as node:http gave it
 */
export async function post(url: URL, body: Uint8Array, options: PostOptions): Promise<HttpAnswer> {
  try {
    return await postOnce(url, body, options);
  } catch (error) {
    // The server closed an idle connection just when we took it: not a failure of the server, and known at once.
    if (error instanceof StaleConnection && !options.signal.aborted) return postOnce(url, body, options);
    throw error;
  }
}

/** A connection that was kept alive, and no more was when it was used again. */
class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

function postOnce(url: URL, body: Uint8Array, options: PostOptions): Promise<HttpAnswer> {
  const { headers, agent, signal, maxBodyBytes } = options;
  const { request: open } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const request = open(url, {
      method: "POST",
      agent,
      signal,
      headers: { ...headers, "content-length": body.length },
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && error.code === "ECONNRESET";
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      readBody(response, maxBodyBytes(status)).then(
        (read) => resolve({ status, headers: response.headers, body: read }),
        reject,
      );
    });
    request.end(body);
  });
}

/** Reads at most `maxBytes`; the connection of a longer body is given up. */
async function readBody(response: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, maxBytes - bytes));
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks);
}

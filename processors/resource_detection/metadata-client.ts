import { type IncomingMessage, request as plainRequest, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { z } from "zod";
import { messageOf, PermanentError } from "../../pipeline/errors.ts";

export interface MetadataRequest {
  readonly url: string;
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  /** A Unix socket to ask in place of the host of `url`. */
  readonly socketPath?: string;
  readonly tls?: ConnectionOptions;
}

/**
 * Asks metadata services. Not fetch: a Unix socket and authorities of one's own are needed, redirects and proxies are not,
 * which would lead away from a link-local address.
 */
export class MetadataClient {
  readonly #maxBytes: number;
  readonly #signal: AbortSignal;

  /**
   * @param maxBytes of a body
   * @param signal ends what is on its way
   */
  constructor(maxBytes: number, signal: AbortSignal) {
    this.#maxBytes = maxBytes;
    this.#signal = signal;
  }

  /**
   * The body of an answer, without white space around it.
   *
   * @throws {PermanentError} nobody answers there, or refuses with a status below 500
   * @throws {Error} it failed, its answer is too large, or the time is over
   */
  async text(request: MetadataRequest): Promise<string> {
    const place = placeOf(request);
    const response = await this.#send(request, place);
    const status = response.statusCode!;
    if (status < 200 || status > 299) {
      response.destroy();
      if (status < 500) throw new PermanentError(`${place} answers with status ${status}`);
      throw new Error(`${place} answers with status ${status}`);
    }
    return await this.#body(response, place);
  }

  /** The body of an answer in JSON, as `schema` describes it. */
  async json<Output>(request: MetadataRequest, schema: z.ZodType<Output>): Promise<Output> {
    const text = await this.text(request);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    const { path } = parsed.error.issues[0]!;
    // The text itself may hold secrets.
    throw new Error(
      `${placeOf(request)} answers with other JSON than expected${path.length > 0 ? ` at ${path.join(".")}` : ""}`,
    );
  }

  #send({ url, method = "GET", headers = {}, socketPath, tls }: MetadataRequest, place: string) {
    const options: RequestOptions = { method, headers, agent: false, signal: this.#signal };
    if (socketPath !== undefined) options.socketPath = socketPath;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.startsWith("https:") ? secureRequest : plainRequest;
      const request = send(url, { ...options, ...tls }, resolve);
      request.on("error", (cause) => {
        const reason = this.#signal.aborted ? "does not answer in time" : `does not answer: ${messageOf(cause)}`;
        reject(new PermanentError(`${place} ${reason}`, { cause }));
      });
      request.end();
    });
  }

  async #body(response: IncomingMessage, place: string): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > this.#maxBytes) break;
        chunks.push(chunk);
      }
    } catch (cause) {
      throw new Error(`${place} breaks off its answer`, { cause });
    }
    if (bytes > this.#maxBytes)
      throw new Error(`${place} answers with more than max_response_size ${this.#maxBytes} bytes`);
    return Buffer.concat(chunks).toString().trim();
  }
}

/** For messages: neither a user's name and password nor a query belongs there. */
function placeOf({ url, socketPath, method = "GET" }: MetadataRequest): string {
  const { origin, pathname } = new URL(url);
  return socketPath === undefined ? `${method} ${origin}${pathname}` : `${method} ${pathname} of ${socketPath}`;
}

/** Undefined, which no schema takes, when it is no JSON: the parser's message would quote what may hold secrets. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

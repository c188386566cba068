import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { ConnectionOptions } from "node:tls";
import { type ClickHouseSettings, extractErrorAtTheEndOfChunk, parseError } from "@clickhouse/client";
import { exceptionIn } from "./errors.ts";
import { parameterText } from "./parameters.ts";

/*
 * Rows of short statements, asked for over connections of their own. The client library takes 2.3 ms of the 3.9 ms that
 * `SELECT 1` takes (a timer before each request, the statement in chunks, the answer through three streams), and one question
 * of the API is up to seven statements, three or four of them one after the other.
 */

/** A SELECT without FORMAT. */
export interface RowsRequest {
  readonly query: string;
  /** Values of `{name: Type}`. */
  readonly query_params: Readonly<Record<string, unknown>>;
  readonly clickhouse_settings: ClickHouseSettings;
  readonly abort_signal?: AbortSignal | undefined;
}

/** A server, and how it is spoken to. */
export interface RowReadsOptions {
  /** Origin, such as `http://127.0.0.1:8123`. */
  readonly url: string;
  /** Of every request: who asks. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of every request, below its own. */
  readonly settings: Readonly<Record<string, string>>;
  /** Without a byte from the server. 0: none. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * One array, which is parsed at one go; threads that format in parallel take longer to start than a page takes. What goes wrong
 * midway must not look like a row, as it does by default before ClickHouse 25.11.
 */
const rowSettings = {
  output_format_json_array_of_rows: 1,
  output_format_parallel_formatting: 0,
  http_write_exception_in_output_format: 0,
} as const;

/**
 * How long a connection is kept without a request: less than servers do, of which the shortest default was 3 s. No option: one
 * that is closed all the same is replaced and the statement sent again.
 */
const idleMs = 2_500;

/**
 * Parameters that the address of a request has room for, encoded; longer ones go in its body. Proxies bound the address. No
 * option: the answer is the same.
 */
const maxAddressBytes = 4_096;

/** Reads rows from one server. */
export class RowReads {
  readonly #options: RowReadsOptions;
  readonly #origin: URL;
  readonly #agent: http.Agent;

  constructor(options: RowReadsOptions) {
    this.#options = options;
    this.#origin = new URL(options.url);
    const connections = { keepAlive: true, maxSockets: options.maxConnections, timeout: idleMs };
    this.#agent =
      this.#origin.protocol === "https:"
        ? new https.Agent({ ...connections, ...options.tls })
        : new http.Agent(connections);
  }

  /**
   * The rows as objects, all at once.
   *
   * @throws {ClickHouseError} the server refused, or the query failed on the way
   * @throws {Error} it could not be reached, was too slow, or the signal stopped the query
   */
  async rows<Row>(request: RowsRequest): Promise<Row[]> {
    const message = messageOf(request, this.#options.settings);
    const body = await this.#send(message, request.abort_signal).catch((error: unknown) => {
      if (!(error instanceof StaleConnection)) throw error;
      return this.#send(message, request.abort_signal);
    });
    return body.length === 0 ? [] : (JSON.parse(body.toString("utf8")) as Row[]);
  }

  /** Closes connections; what runs on them fails. */
  close(): void {
    this.#agent.destroy();
  }

  #send(message: Message, signal: AbortSignal | undefined): Promise<Buffer> {
    const { headers, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const secure = this.#origin.protocol === "https:";
      const request = (secure ? https : http).request(this.#origin, {
        method: "POST",
        path: `/?${message.address}`,
        agent: this.#agent,
        headers: { ...headers, ...message.headers, "content-length": message.body.length },
        timeout: timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
      });
      request.on("timeout", () => request.destroy(new Error("Timeout error.")));
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        // The server breaks off an answer of which it cannot send the rest, and says why at its end.
        response.on("error", (error) => reject(exceptionOf(response, Buffer.concat(chunks)) ?? error));
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const error =
            exceptionOf(response, body) ?? (isWhole(body) ? undefined : new Error("the answer was cut short"));
          if (error === undefined) resolve(body);
          else reject(error);
        });
      });
      request.end(message.body);
    });
  }
}

/** The server closed the connection while it was idle, and has not seen the statement. */
class StaleConnection extends Error {
  override readonly name = "StaleConnection";
  readonly code = "ECONNRESET";
}

interface Message {
  /** Parameters of the address, without `?`. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function messageOf(
  { query, query_params, clickhouse_settings }: RowsRequest,
  settings: Readonly<Record<string, string>>,
): Message {
  const all = Object.entries({ ...settings, ...clickhouse_settings, ...rowSettings }).flatMap(
    ([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, typeof value === "boolean" ? String(Number(value)) : String(value)]],
  );
  const parameters = Object.entries(query_params).map(([name, value]): [string, string] => [
    `param_${name}`,
    parameterText(value),
  ]);
  const text = `${query}\nFORMAT JSONEachRow`;
  const inAddress = addressOf(parameters);
  if (inAddress !== undefined) {
    return { address: `${new URLSearchParams(all)}&${inAddress}`, headers: {}, body: Buffer.from(text) };
  }
  const boundary = randomUUID();
  const said = all
    .filter(([name]) => isTakenForData(name))
    .map(([name, value]) => `${name} = '${parameterText(value)}'`)
    .join(", ");
  const parts = [["query", said === "" ? text : `${text}\nSETTINGS ${said}`] as const, ...parameters].map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    address: new URLSearchParams(all.filter(([name]) => !isTakenForData(name))).toString(),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.from(`${parts.join("")}--${boundary}--\r\n`),
  };
}

/**
 * Whether ClickHouse 24.8 ignores a setting in the address of a multipart request: names like that of
 * `date_time_output_format` are those of tables which come along.
 */
function isTakenForData(setting: string): boolean {
  return /_(?:format|types|structure)$/.test(setting);
}

/** Undefined: they are too long for it. */
function addressOf(parameters: readonly [name: string, value: string][]): string | undefined {
  // Encoded they are longer still: what is far too long need not be.
  if (parameters.reduce((sum, [, value]) => sum + value.length, 0) > maxAddressBytes) return undefined;
  const encoded = new URLSearchParams(parameters).toString();
  return encoded.length > maxAddressBytes ? undefined : encoded;
}

/** What the server says went wrong, be it in the middle of an answer that it had begun. */
function exceptionOf({ statusCode, headers }: http.IncomingMessage, body: Buffer): Error | undefined {
  if (statusCode !== 200 || headers["x-clickhouse-exception-code"] !== undefined)
    return parseError(body.toString("utf8") || `HTTP status ${statusCode}`);
  if (isWhole(body)) return undefined;
  const tag = headers["x-clickhouse-exception-tag"];
  if (typeof tag === "string") return body.includes(tag) ? extractErrorAtTheEndOfChunk(body, tag) : undefined;
  // Older servers write it as it is.
  const exception = exceptionIn(body.subarray(-maxExceptionBytes).toString("utf8"));
  return exception === undefined ? undefined : parseError(exception.text);
}

/** No option: an exception is shorter, and of a longer one its end is as good. */
const maxExceptionBytes = 65_536;

const closingBracket = "]".charCodeAt(0);
const newline = "\n".charCodeAt(0);

/** Whether an answer is empty or an array to its end. */
function isWhole(body: Buffer): boolean {
  return body.length === 0 || body.at(body.at(-1) === newline ? -2 : -1) === closingBracket;
}

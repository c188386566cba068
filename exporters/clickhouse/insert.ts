import { Readable } from "node:stream";
import type { Host } from "./client.ts";
import { ClickHouseFailure, exceptionIn, failureOf, failureOfCode, failureOfStatus, retryAfterMsOf } from "./errors.ts";
import { quoteName } from "./schema/sql.ts";
import type { InsertBlock, InsertFormat } from "./table.ts";

/** One try to insert. */
export interface InsertRequest {
  /** Statement up to the data, such as `INSERT INTO t (a, b) FORMAT Native`. */
  readonly statement: string;
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The same on every try of the same rows: the server stores rows of one token once. */
  readonly token: string;
  readonly queryId: string;
  /** 0 for none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly settings?: Readonly<Record<string, string | number>>;
}

/**
 * What the server is told beside the data. Rows in JSON have times in ISO 8601; one thread and one large block, so that the
 * token stands for the same rows again.
 */
export const formatSettings: Readonly<Record<InsertFormat, Readonly<Record<string, string | number>>>> = {
  Native: {},
  JSONEachRow: {
    date_time_input_format: "best_effort",
    input_format_parallel_parsing: 0,
    min_insert_block_size_bytes: 1 << 30,
  },
};

/** The statement that inserts a block. @param table quoted name with its database */
export function insertStatement(table: string, { columns, format }: Pick<InsertBlock, "columns" | "format">): string {
  return `INSERT INTO ${table} (${columns.map(quoteName).join(", ")}) FORMAT ${format}`;
}

/**
 * Posts one insert and waits until the server has committed it.
 *
 * @throws {ClickHouseFailure} whatever went wrong, timeouts included
 */
export async function insert(host: Host, request: InsertRequest): Promise<void> {
  const { signal, timeoutMs } = request;
  // Not AbortSignal.any: the signal lives as long as the exporter, and would collect one dependent an insert.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let timedOut = false;
  const expire = (): void => {
    timedOut = true;
    abort();
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(expire, timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    throwIfFailed(await post(host, request, controller.signal));
  } catch (error) {
    throw error instanceof ClickHouseFailure ? error : requestFailed(error, request, timedOut);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function post(host: Host, request: InsertRequest, signal: AbortSignal): Promise<Response> {
  const result = await (await host.client()).exec({
    query: request.statement,
    values: Readable.from(request.body, { objectMode: false }),
    query_id: request.queryId,
    abort_signal: signal,
    // The status is needed, which the client's own errors do not carry.
    ignore_error_response: true,
    clickhouse_settings: {
      ...request.settings,
      async_insert: 0,
      insert_deduplication_token: request.token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // Views run at the same time: a sender waits for the slowest one, not for all of them.
      parallel_view_processing: 1,
      // The views have put the rows of a block together already; doing it again costs as much as writing them.
      optimize_on_insert: 0,
    },
  });
  const body = await readBody(result.stream, signal);
  return { status: result.http_status_code ?? 0, headers: result.response_headers ?? {}, body };
}

/** An exception is a few kilobytes; of a longer one the beginning says what is wrong. */
const maxBodyBytes = 64 * 1024;

/** Reads a body to its end and keeps the beginning: an insert answers with nothing or an exception. */
async function readBody(stream: Readable, signal: AbortSignal): Promise<string> {
  const abort = (): void => void stream.destroy(new Error("timeout or shutdown while the answer was read"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (bytes < maxBodyBytes) chunks.push(chunk);
      bytes += chunk.length;
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function requestFailed(cause: unknown, request: InsertRequest, timedOut: boolean): ClickHouseFailure {
  const failure = failureOf(cause);
  if (timedOut || failure.name === "TIMEOUT") {
    const message = `no answer within ${request.timeoutMs} ms`;
    return new ClickHouseFailure({ ...failure, name: "TIMEOUT", message, ambiguous: true }, { cause });
  }
  if (request.signal.aborted) {
    return new ClickHouseFailure({ ...failure, name: "ABORTED", message: "shut down", ambiguous: true }, { cause });
  }
  return new ClickHouseFailure(failure, { cause });
}

function throwIfFailed({ status, headers, body }: Response): void {
  const retryAfterMs = retryAfterMsOf(headerOf(headers["retry-after"]));
  // ClickHouse may report a failure in the body of a 200: it had already begun to answer.
  const exception = exceptionIn(body);
  const code = headerOf(headers["x-clickhouse-exception-code"]) ?? exception?.code;
  if (code !== undefined) {
    throw new ClickHouseFailure(failureOfCode(Number(code), exception?.text ?? body, retryAfterMs));
  }
  if (status < 200 || status > 299) throw new ClickHouseFailure(failureOfStatus(status, body, retryAfterMs));
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

import { Transform } from "node:stream";
import type { DataFormat } from "@clickhouse/client";
import { projectHeader, projectHeaderValue } from "../../../exporters/clickhouse/schema/query-user.ts";
import { messageOf } from "../../../pipeline/errors.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import type { Store } from "../api.ts";
import type { ApiConfig } from "../config.ts";
import { ApiError, badRequest } from "../http/errors.ts";
import { passedLimit, storeFailureOf, unavailable } from "../http/failures.ts";
import { ApiReply } from "../http/route.ts";
import { QueryAccess } from "./access.ts";
import { assertAllowed } from "./gate.ts";

/** A query as people send it. */
export interface QueryRequest {
  readonly query: string;
  /** Values for `{name: Type}` in it. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Format of the answer where the query has no FORMAT. */
  readonly format: string;
  /** UUID. */
  readonly projectId: string;
  readonly signal: AbortSignal;
}

/**
 * Bytes of an answer that the server gathers before it sends: what fails up to there is a clear error. No option: more would
 * merely delay the first row.
 */
const bufferedBytes = 1_048_576;

/** Runs what people write, as a user of the database that can read their project alone. */
export class QueryRunner {
  readonly #store: Store;
  readonly #config: ApiConfig;
  readonly #access: QueryAccess;
  /** Queries that run, by project. */
  readonly #running = new Map<string, number>();

  constructor(store: Store, config: ApiConfig) {
    this.#store = store;
    this.#config = config;
    this.#access = new QueryAccess(store, config.sql);
  }

  /**
   * @returns the rows, streamed as they are read
   * @throws {ApiError} 400: not allowed, wrong, or past a limit; 429: too many at a time; 503
   */
  async run(request: QueryRequest): Promise<ApiReply> {
    assertAllowed(request.query, this.#config.sql.max_query_size);
    const release = this.#enter(request.projectId);
    try {
      const { stream, headers } = await this.#execute(request);
      const rows = stream.pipe(cutAtException(headers["x-clickhouse-exception-tag"]));
      stream.once("error", (error) => rows.destroy(error));
      rows.once("close", () => {
        stream.destroy();
        release();
      });
      return new ApiReply(200, rows, answerHeaders(headers));
    } catch (error) {
      release();
      throw this.#answerOf(error);
    }
  }

  #enter(project: string): () => void {
    const running = this.#running.get(project) ?? 0;
    const { max_queries_per_project: most } = this.#config.sql;
    if (running >= most) {
      const detail = `${running} queries of the project run already, as many as sql.max_queries_per_project allows`;
      throw new ApiError(429, detail, { headers: { "retry-after": "1" } });
    }
    this.#running.set(project, running + 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const left = this.#running.get(project)! - 1;
      if (left === 0) this.#running.delete(project);
      else this.#running.set(project, left);
    };
  }

  async #execute({ query, params, format, projectId, signal }: QueryRequest) {
    const { username, password } = this.#config.sql;
    const client = await this.#store.client();
    await this.#access.assertSafe(client);
    const { stream, response_headers: headers } = await client.exec({
      query,
      query_params: { ...params },
      abort_signal: signal,
      auth: { username, password },
      http_headers: { [projectHeader]: projectHeaderValue(storedProjectId(projectId)) },
      clickhouse_settings: {
        ...this.#settings(),
        database: this.#store.database,
        default_format: format as DataFormat,
      },
    });
    return { stream, headers };
  }

  #settings(): Record<string, string | number> {
    const { query_timeout, query_memory, sql } = this.#config;
    return {
      // What is set here stays: the query may set nothing.
      readonly: 1,
      max_execution_time: query_timeout / 1_000,
      timeout_overflow_mode: "throw",
      max_memory_usage: String(query_memory),
      max_query_size: String(sql.max_query_size),
      max_result_rows: String(sql.max_result_rows),
      max_result_bytes: String(sql.max_result_bytes),
      result_overflow_mode: "throw",
      max_temporary_data_on_disk_size_for_query: String(query_memory),
      cancel_http_readonly_queries_on_client_close: 1,
      http_response_buffer_size: bufferedBytes,
      http_write_exception_in_output_format: 0,
      allow_introspection_functions: 0,
    };
  }

  #answerOf(error: unknown): unknown {
    const failure = storeFailureOf(error);
    if (failure === undefined) return tooLongParameter(error) ?? error;
    const { code, name, message, kind } = failure;
    const limit = passedLimit(failure);
    if (code === undefined || (limit === undefined && kind === "overload")) return unavailable(error);
    const what = limit === undefined ? "" : `the query ${limit}: `;
    const more = { code, name };
    return new ApiError(400, `${what}code ${code} (${name}): ${withoutNames(message)}`, { cause: error, more });
  }
}

/** The server reads parameters before the query, and names neither itself nor the parameter where one is too long for it. */
function tooLongParameter(error: unknown): ApiError | undefined {
  if (!/HTML Form Exception: Field value too long/.test(messageOf(error))) return undefined;
  const msg = "a value is longer than ClickHouse takes one (http_max_field_value_size, 128 KiB by default)";
  return badRequest([{ loc: ["body", "params"], msg, type: "out_of_range" }]);
}

/** Without what is the operator's business: the user and the version of the server. */
function withoutNames(message: string): string {
  return message.replace(/^signalbox_query: /, "").replace(/ ?\(version [^)]*\)/, "");
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function answerHeaders(headers: Headers): Record<string, string> {
  const kept = ["content-type", "x-clickhouse-format"].flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { "content-type": "application/octet-stream", ...Object.fromEntries(kept) };
}

/**
 * Ends with an error where the server says in the middle of the rows that the query failed; an answer that has begun has
 * no other way to tell than to break off.
 *
 * @param tag which marks such a place in this answer. Servers before ClickHouse 25.11 have none: their answer ends with what
 *   went wrong
 */
export function cutAtException(tag: string | string[] | undefined): Transform {
  const mark = typeof tag === "string" ? Buffer.from(`__exception__\r\n${tag}`) : undefined;
  const heldBytes = mark?.length ?? maxEndBytes;
  let held = Buffer.alloc(0);
  const failed = (): Error => new Error("the query failed after its answer had begun");
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = Buffer.concat([held, chunk]);
      if (mark !== undefined && bytes.includes(mark)) return done(failed());
      const sent = Math.max(bytes.length - heldBytes, 0);
      held = Buffer.from(bytes.subarray(sent));
      done(null, bytes.subarray(0, sent));
    },
    flush(done) {
      if (mark === undefined && endOfFailure.test(held.toString("latin1"))) done(failed());
      else done(null, held);
    },
  });
}

/** No option: an exception of which more than this is missing at its beginning still ends like one. */
const maxEndBytes = 4_096;

/** How an answer of an older server ends that has failed: `(NAME_OF_ERROR) (version 24.8.4.1)`. */
const endOfFailure = /\([A-Z][A-Z0-9_]+\) \(version [^()\n]+(?:\([^()\n]*\))?\)\s*$/;

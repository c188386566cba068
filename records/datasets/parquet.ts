import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { ClickHouseError } from "@clickhouse/client";
import type { Store } from "../../extensions/api/api.ts";
import { ApiError } from "../../extensions/api/http/errors.ts";
import type { ReadLimits } from "../../query/reader.ts";
import type { DatasetsConfig } from "./config.ts";

/*
 * Files of Parquet as rows. ClickHouse reads them: within its own bounds of memory and time, and beside this process, whose
 * pipelines go on. The bytes travel as an external table of one request, so that nothing of them is part of a statement and
 * nothing is left behind.
 */

/** Reads files of Parquet. Null lists are read as empty ones, and null structs as structs of nulls. */
export class ParquetReader {
  readonly #store: Pick<Store, "client">;
  readonly #limits: ReadLimits;
  readonly #config: DatasetsConfig;

  /** @param limits of one statement */
  constructor(store: Pick<Store, "client">, limits: ReadLimits, config: DatasetsConfig) {
    this.#store = store;
    this.#limits = limits;
    this.#config = config;
  }

  /**
   * The JSON object of each row.
   *
   * @param path names the file in errors
   * @throws {ApiError} 400: it is no Parquet, or passes a limit
   */
  async *rows(path: string, file: Uint8Array): AsyncGenerator<string> {
    const [metadata] = await collect(this.#select(path, file, countStatement));
    const { num_rows: count } = JSON.parse(metadata ?? "{}") as { num_rows?: number };
    if (count === undefined) throw refused(path, "says nothing of its rows");
    const most = this.#config.max_rows_per_file;
    if (count > most) throw refused(path, `has ${count} rows; a file may have at most ${most}`);
    // The server cannot read columns of a file without rows.
    if (count > 0) yield* this.#select(path, file, rowsStatement);
  }

  async *#select(path: string, file: Uint8Array, query: string): AsyncGenerator<string> {
    const boundary = randomUUID();
    try {
      const client = await this.#store.client();
      const { stream } = await client.exec({
        query,
        values: Readable.from(multipart(boundary, file), { objectMode: false }),
        http_headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
        clickhouse_settings: { ...settings, ...this.#bounds() },
      });
      yield* linesOf(stream);
    } catch (error) {
      throw error instanceof ClickHouseError && isTheFiles(error) ? refused(path, "cannot be read", error) : error;
    }
  }

  #bounds() {
    return {
      max_result_rows: String(this.#config.max_rows_per_file),
      max_result_bytes: String(this.#config.max_bytes_per_file),
      max_execution_time: this.#limits.maxExecutionSeconds,
      max_memory_usage: String(this.#limits.maxMemoryBytes),
    };
  }
}

const external = "(SELECT bytes FROM file)";
const countStatement = `SELECT num_rows FROM format(ParquetMetadata, ${external}) FORMAT JSONEachRow`;
// Not in the address, where ClickHouse 24.8 takes a setting of such a name for a part of the body.
const isoTimes = "SETTINGS date_time_output_format = 'iso'";
const rowsStatement = `SELECT * FROM format(Parquet, ${external}) FORMAT JSONEachRow ${isoTimes}`;

const settings = {
  readonly: "2",
  // The external table: its name is that of the part of the body.
  file_format: "RawBLOB",
  file_structure: "bytes String",
  result_overflow_mode: "throw",
  // A failure is a status, never the end of half an answer.
  wait_end_of_query: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

function multipart(boundary: string, file: Uint8Array): readonly Uint8Array[] {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n`;
  return [Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)];
}

/** Codes of the server that are not about the file: network, overload, permissions, tables. */
const foreignCodes = new Set(["60", "81", "164", "202", "203", "209", "210", "241", "242", "497", "516"]);

function isTheFiles({ code, message }: ClickHouseError): boolean {
  // Memory that one query took is what the file made it take.
  if (code === "241") return !/\(total\)|\(for user\)/.test(message);
  return !foreignCodes.has(code);
}

function refused(path: string, why: string, cause?: ClickHouseError): ApiError {
  const more = cause === undefined ? "" : ` (ClickHouse ${cause.code} ${cause.type ?? ""})`;
  return new ApiError(400, `the file ${JSON.stringify(path)} must be Parquet within the limits: it ${why}${more}`, {
    cause,
  });
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const newline = 0x0a;

/** Lines by the byte alone: other ends of lines may stand in texts. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString();
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString();
}

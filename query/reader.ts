import type { ClickHouseSettings } from "@clickhouse/client";
import type { Connection } from "../exporters/clickhouse/client.ts";
import type { SettledTables } from "../exporters/clickhouse/schema/settled.ts";
import type { ReadsConfig } from "./config.ts";
import { LoggedMessages } from "./messages/logged-messages.ts";
import { QuickReads } from "./quick-reads.ts";
import { CountedHours } from "./settled/counted-hours.ts";
import type { Statement } from "./sql.ts";

/** What stands behind FROM for each table: a quoted name with its database, or a table function over a cluster. */
export interface StoreTables extends SettledTables {
  /** One row a write of a span. */
  readonly spans: string;
  /** One row a trace and hour, after merges. */
  readonly traces: string;
  /** One row a session, after merges. */
  readonly sessions: string;
  /** Both, not quoted, as system tables have them. */
  readonly rollUps: { readonly database: string; readonly traces: string; readonly sessions: string };
  /** Where the rows of an id are; undefined where no roll-up of traces is kept. */
  readonly ids: string | undefined;
  readonly signals: string;
  readonly attachments: string;
  readonly attachmentData: string;
  /** One row a log record; need not be there. */
  readonly logs: string;
}

export interface ReadOptions {
  /** Beside, and over, those of the reader. */
  readonly settings?: ClickHouseSettings;
  /** Stops the query, on the server as well. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads from the store. Statements carry the project themselves (`ofProject`). */
export interface Reader {
  readonly tables: StoreTables;
  readonly bounds: ReadsConfig;
  readonly countedHours: CountedHours;
  readonly loggedMessages: LoggedMessages;

  /**
   * The rows of a SELECT without FORMAT, as objects. Times are ISO 8601 in UTC with `Z` and as many digits as their column
   * has; 64-bit integers are numbers, exact up to 2^53.
   *
   * @throws {ClickHouseError} the server refused, or a limit was passed: `code` says which
   */
  rows<Row>(statement: Statement, options?: ReadOptions): Promise<Row[]>;
}

/** The same, but a signal stops every statement that has none of its own. */
export function stoppedBy(signal: AbortSignal, reader: Reader): Reader {
  const withSignal = (options: ReadOptions = {}): ReadOptions => ({ ...options, signal: options.signal ?? signal });
  return {
    tables: reader.tables,
    bounds: reader.bounds,
    countedHours: reader.countedHours,
    loggedMessages: reader.loggedMessages,
    rows: (statement, options) => reader.rows(statement, withSignal(options)),
  };
}

/** How values stand in texts of the server: as `Reader.rows` says. */
export const textSettings = {
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const satisfies ClickHouseSettings;

/** Bounds of one statement. */
export interface ReadLimits {
  readonly maxExecutionSeconds: number;
  readonly maxMemoryBytes: number;
}

/** Reads from one server at a time. */
export class ClickHouseReader implements Reader {
  readonly tables: StoreTables;
  readonly bounds: ReadsConfig;
  readonly countedHours = new CountedHours();
  readonly loggedMessages = new LoggedMessages();
  readonly #connection: () => Promise<Connection>;
  readonly #settings: ClickHouseSettings;
  readonly #quick = new QuickReads();

  /** @param connection asked for each statement: it may be another one when certificates have changed */
  constructor(
    connection: () => Promise<Connection>,
    tables: StoreTables,
    { limits, bounds }: { readonly limits: ReadLimits; readonly bounds: ReadsConfig },
  ) {
    this.tables = tables;
    this.bounds = bounds;
    this.#connection = connection;
    this.#settings = {
      readonly: "2",
      max_execution_time: limits.maxExecutionSeconds,
      max_memory_usage: String(limits.maxMemoryBytes),
      // A client that is gone needs no answer.
      cancel_http_readonly_queries_on_client_close: 1,
      ...textSettings,
    };
  }

  async rows<Row>(statement: Statement, options: ReadOptions = {}): Promise<Row[]> {
    const { client, reads } = await this.#connection();
    const quick = await this.#quick.settingsFor(client);
    try {
      return await reads.rows<Row>(requestOf(statement, options, { ...this.#settings, ...quick }));
    } catch (error) {
      if (!this.#quick.isRefused(client, error)) throw error;
      return reads.rows<Row>(requestOf(statement, options, this.#settings));
    }
  }
}

function requestOf({ query, params }: Statement, { settings, signal }: ReadOptions, own: ClickHouseSettings) {
  return {
    query,
    query_params: { ...params },
    clickhouse_settings: { ...own, ...settings },
    ...(signal === undefined ? {} : { abort_signal: signal }),
  };
}

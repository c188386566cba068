import type { ClickHouseClient } from "@clickhouse/client";
import { type Connection, databaseOf } from "../../exporters/clickhouse/client.ts";
import type { ClickHouseConfig } from "../../exporters/clickhouse/config.ts";
import { createHosts, type Hosts } from "../../exporters/clickhouse/hosts.ts";
import { SchemaGate } from "../../exporters/clickhouse/schema/gate.ts";
import { ddlOf, quoteName } from "../../exporters/clickhouse/schema/sql.ts";
import type { TableSchema } from "../../exporters/clickhouse/schema/table-schema.ts";
import type { Settings } from "../../pipeline/component.ts";
import type { Store } from "./api.ts";
import { writeError } from "./http/failures.ts";

/** The tables of a clickhouse exporter, reached by connections of the API's own. */
export class ExporterStore implements Store {
  readonly config: ClickHouseConfig;
  readonly database: string;
  readonly #hosts: Hosts;
  readonly #gate: SchemaGate;

  /**
   * @param tables the API's own, which the exporter does not make
   * @param readConnections of the reader; what is written and streamed has those of `config`
   */
  constructor(
    config: ClickHouseConfig,
    settings: Settings,
    { tables, readConnections }: { readonly tables: readonly TableSchema[]; readonly readConnections: number },
  ) {
    this.config = config;
    this.database = databaseOf(config);
    this.#hosts = createHosts(config, settings.id, settings.logger, readConnections);
    this.#gate = new SchemaGate(config, settings, this.#hosts, ddlOf(config, this.database), tables);
  }

  /**
   * Creates or checks the API's own tables; while the server cannot be reached, goes on trying afterwards.
   *
   * @throws {PermanentError} the server answered and will never do it
   */
  open(): Promise<void> {
    return this.#gate.open();
  }

  assertReady(): void {
    this.#gate.assertOpen();
  }

  table(name: string): string {
    return `${quoteName(this.database)}.${quoteName(name)}`;
  }

  client(): Promise<ClickHouseClient> {
    return this.#hosts.next().client();
  }

  connection(): Promise<Connection> {
    return this.#hosts.next().connection();
  }

  async insert(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      const client = await this.client();
      await client.insert({
        table: this.table(table),
        format: "JSONEachRow",
        values: [...rows],
        clickhouse_settings: grouped,
      });
    } catch (error) {
      throw writeError(error);
    }
  }

  async close(): Promise<void> {
    this.#gate.close();
    await this.#hosts.close();
  }
}

/** How rows of JSON are read, by whoever writes some. */
export const rowSettings = {
  input_format_skip_unknown_fields: 0,
  date_time_input_format: "best_effort",
  // Readers in parallel take no row of more than 100 MB, which a request may well hold.
  input_format_parallel_parsing: 0,
} as const;

/** The server joins the rows of several requests into one part, and answers when it is stored. */
const grouped = {
  ...rowSettings,
  async_insert: 1,
  wait_for_async_insert: 1,
  async_insert_busy_timeout_max_ms: 50,
} as const;

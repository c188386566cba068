import type { ClickHouseClient } from "@clickhouse/client";
import type { Connection } from "../../exporters/clickhouse/client.ts";
import type { ClickHouseConfig } from "../../exporters/clickhouse/config.ts";
import type { Extension } from "../../pipeline/component.ts";
import type { Reader } from "../../query/reader.ts";
import type { Route } from "./http/route.ts";

/** The ClickHouse behind an exporter, for those who read and write beside it. */
export interface Store {
  /** Configuration of the exporter: table names, database, time to live. */
  readonly config: ClickHouseConfig;
  /** Not quoted. */
  readonly database: string;
  /** The quoted name of a table with its database, for FROM. */
  table(name: string): string;
  /** A client of the host to ask next. */
  client(): Promise<ClickHouseClient>;
  /** The same, and the quick way to rows. */
  connection(): Promise<Connection>;
  /**
   * Stores `rows` (members named as columns; others are an error) and resolves when they can be read. Rows of several
   * callers go in one insert.
   *
   * @throws {ApiError} 503 when ClickHouse cannot be reached or is overloaded; 400 or 500 when it will never take the rows
   */
  insert(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  /** @throws {RetryableError} the API's own tables are not known to be there: ClickHouse has been away since the start */
  assertReady(): void;
}

/** The extension `api`, for receivers that add routes to it. */
export interface Api extends Extension {
  readonly store: Store;
  /** Reads from the tables of `store`. */
  readonly reader: Reader;
  /** Adds routes of `owner` (a component's id), in place of those it had. Call in `start()`. */
  mount(owner: string, routes: readonly Route[]): void;
  /** Removes the routes of `owner`. */
  unmount(owner: string): void;
}

/** Whether `extension` is one of type `api`. */
export function isApi(extension: Extension | undefined): extension is Api {
  return extension !== undefined && "mount" in extension && "store" in extension;
}

import { createHash } from "node:crypto";
import { failureOf } from "../../exporters/clickhouse/errors.ts";
import type { FieldsOf, RecordTable, RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { pause } from "../../exporters/clickhouse/wait.ts";
import type { Store } from "../../extensions/api/api.ts";
import { ApiError } from "../../extensions/api/http/errors.ts";
import { unavailable } from "../../extensions/api/store.ts";
import type { Reader } from "../../query/reader.ts";
import type { Statement } from "../../query/sql.ts";
import { nextTime } from "./clock.ts";
import { countRecords, type Match, type Selection, selectRecords } from "./statements.ts";

/** In whose name records are read and written. */
export interface Scope {
  /** As stored. */
  readonly project: string;
  /** Id of the key. */
  readonly author: string;
}

/** Rows of one insert: a request of 128 MiB is not kept a second time as text. */
const maxRowsOfInsert = 2_000;

/** How long a claim that somebody else won may stay unseen: replicas get rows a little later. */
const claimWaits = { tries: 100, pauseMs: 50 } as const;

/** Reads and writes records of any kind. */
export class Records {
  readonly reader: Reader;
  readonly #store: Store;

  constructor(store: Store, reader: Reader) {
    this.#store = store;
    this.reader = reader;
  }

  /** The quoted name of the table, for statements of other kinds. */
  nameOf(table: RecordTable): string {
    return this.#store.table(table.name);
  }

  /** A row that is new: made now, by the one who asks. */
  fresh<T extends RecordTable>({ project, author }: Scope, fields: FieldsOf<T>): RowOf<T> {
    const now = nextTime();
    const common = { CreatedAt: now, UpdatedAt: now, CreatedBy: author, UpdatedBy: author, IsDeleted: false };
    return { ...fields, ...common, ProjectId: project } as unknown as RowOf<T>;
  }

  /** `row` with other fields; not stored yet. */
  changed<T extends RecordTable>(row: RowOf<T>, { author }: Scope, fields: Partial<FieldsOf<T>>): RowOf<T> {
    return { ...row, ...fields, UpdatedAt: nextTime(), UpdatedBy: author };
  }

  /**
   * Stores rows as the newest of their keys. Resolves when they can be read.
   *
   * @throws {ApiError} 503 ClickHouse cannot be reached
   * @throws {RetryableError} the tables are not there yet
   */
  async put<T extends RecordTable>(table: T, ...rows: readonly RowOf<T>[]): Promise<void> {
    this.#store.assertReady();
    for (let start = 0; start < rows.length; start += maxRowsOfInsert)
      await this.#store.insert(table.name, rows.slice(start, start + maxRowsOfInsert));
  }

  /** Takes a record away. */
  async remove<T extends RecordTable>(table: T, row: RowOf<T>, scope: Scope): Promise<void> {
    await this.put(table, { ...this.changed(row, scope, {}), IsDeleted: true });
  }

  /**
   * Stores `row` if its key is free, and returns what stands there now: `row`, or what was first. Of several that claim
   * one key at the same time, also in several processes, exactly one wins, and all of them are told which.
   *
   * The insert's token is made of the key. The server takes the first block of a token and drops the others, atomically
   * (each of its replicas does), as long as it remembers the token; by then the row is seen by the look before.
   */
  async claim<T extends RecordTable>(table: T, row: RowOf<T>): Promise<RowOf<T>> {
    const match = Object.fromEntries(table.key.map((field) => [field, (row as Record<string, unknown>)[field]]));
    const selection = { project: row.ProjectId, match: match as Match<T>, limit: 1 };
    const [first] = await this.list(table, selection);
    if (first !== undefined) return first;
    await this.#insertOnce(table, row, Object.values(match));
    for (let tries = 0; tries < claimWaits.tries; tries++) {
      const [winner] = await this.list(table, selection);
      if (winner !== undefined) return winner;
      await pause(claimWaits.pauseMs, new AbortController().signal);
    }
    throw new ApiError(503, "the store has not shown what it took; send the request again", retryLater);
  }

  /** The newest record that fits; undefined where there is none. */
  async find<T extends RecordTable>(table: T, project: string, match: Match<T>): Promise<RowOf<T> | undefined> {
    const [row] = await this.list(table, { project, match, limit: 1 });
    return row;
  }

  list<T extends RecordTable>(table: T, selection: Selection<T>): Promise<RowOf<T>[]> {
    return this.rows(selectRecords(table, this.nameOf(table), selection));
  }

  async count<T extends RecordTable>(table: T, selection: Selection<T>): Promise<number> {
    const [row] = await this.rows<{ Count: number }>(countRecords(table, this.nameOf(table), selection));
    return row?.Count ?? 0;
  }

  /**
   * The rows of any statement.
   *
   * @throws {ApiError} 503 ClickHouse cannot be reached or is overloaded
   */
  async rows<Row>(statement: Statement): Promise<Row[]> {
    this.#store.assertReady();
    try {
      return await this.reader.rows<Row>(statement);
    } catch (error) {
      const { kind } = failureOf(error);
      throw kind === "permanent" ? error : unavailable(error);
    }
  }

  async #insertOnce<T extends RecordTable>(table: T, row: RowOf<T>, key: readonly unknown[]): Promise<void> {
    const token = createHash("sha256")
      .update(JSON.stringify([table.name, row.ProjectId, ...key]))
      .digest("hex");
    try {
      const client = await this.#store.client();
      await client.insert({
        table: this.nameOf(table),
        format: "JSONEachRow",
        values: [row],
        clickhouse_settings: { ...insertOnce, insert_deduplication_token: token },
      });
    } catch (error) {
      throw unavailable(error);
    }
  }
}

const retryLater = { headers: { "retry-after": "1" } };

const insertOnce = {
  // Inserts that the server groups with others have no token of their own.
  async_insert: 0,
  insert_deduplicate: 1,
  date_time_input_format: "best_effort",
} as const;

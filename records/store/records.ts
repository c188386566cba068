import { createHash } from "node:crypto";
import type { RecordFrame, RecordRow, RecordTable } from "../../exporters/clickhouse/schema/record-table.ts";
import { wait } from "../../exporters/helper/wait.ts";
import type { Store } from "../../extensions/api/api.ts";
import { ApiError } from "../../extensions/api/http/errors.ts";
import { writeError } from "../../extensions/api/http/failures.ts";
import { rowSettings } from "../../extensions/api/store.ts";
import type { Reader, StoreTables } from "../../query/reader.ts";
import type { Statement } from "../../query/sql.ts";
import type { RecordsConfig } from "../config.ts";
import { chunksOf } from "./chunks.ts";
import { nextTime } from "./clock.ts";
import { countRecords, type Match, type Selection, selectRecords } from "./statements.ts";

/** In whose name records are read and written. */
export interface Scope {
  /** As stored. */
  readonly project: string;
  /** Id of the key. */
  readonly author: string;
}

/** Between two looks for the winner of a claim. No option: `claim_timeout` is how long there are any. */
const claimPauseMs = 50;

/** Reads and writes records of any kind. */
export class Records {
  readonly reader: Reader;
  readonly limits: RecordsConfig;
  readonly #store: Store;

  constructor(store: Store, reader: Reader, limits: RecordsConfig) {
    this.#store = store;
    this.reader = reader;
    this.limits = limits;
  }

  get tables(): StoreTables {
    return this.reader.tables;
  }

  /** Whether traces and sessions that have no spans are known. */
  get hasRollUps(): boolean {
    return this.#store.config.traces_rollup;
  }

  /** The quoted name of the table, for statements of other kinds. */
  nameOf(table: { readonly name: string }): string {
    return this.#store.table(table.name);
  }

  /** A row that is new: made now, by the one who asks. @param _table says what fields there are */
  fresh<F>(_table: RecordTable<F>, { project, author }: Scope, fields: F): RecordRow<F> {
    const now = nextTime();
    const frame = { CreatedAt: now, UpdatedAt: now, CreatedBy: author, UpdatedBy: author, IsDeleted: false };
    return { ...fields, ...frame, ProjectId: project };
  }

  /** `row` with other fields; not stored yet. */
  changed<Row extends RecordFrame>(row: Row, { author }: Scope, fields: Partial<Row>): Row {
    return { ...row, ...fields, UpdatedAt: nextTime(), UpdatedBy: author };
  }

  /** Stores a row as the newest of its key. Otherwise as `putAll`. */
  put<F>(table: RecordTable<F>, row: RecordRow<F>): Promise<void> {
    return this.putAll(table, [row]);
  }

  /**
   * Stores rows as the newest of their keys. Resolves when they can be read.
   *
   * @throws {ApiError} 503 ClickHouse cannot be reached; 400 or 500 it will never take the rows
   * @throws {RetryableError} the tables are not there yet
   */
  async putAll<F>(table: RecordTable<F>, rows: readonly RecordRow<F>[]): Promise<void> {
    this.#store.assertReady();
    for (const chunk of chunksOf(rows, this.limits)) await this.#store.insert(table.name, chunk);
  }

  /** Takes a record away. */
  async remove<F>(table: RecordTable<F>, row: RecordRow<F>, scope: Scope): Promise<void> {
    await this.put(table, this.changed<RecordFrame>(row, scope, { IsDeleted: true }) as RecordRow<F>);
  }

  /**
   * Stores `row` if its key is free, and returns what stands there now: `row`, or what was first. Of several that claim
   * one key at the same time, also in several processes, exactly one wins, and all of them are told which.
   *
   * The insert's token is made of the key. The server takes the first block of a token and drops the others, atomically
   * (each of its replicas does), as long as it remembers the token; by then the row is seen by the look before.
   *
   * @throws {ApiError} 503: another one won, and its row has not come to this replica within `claim_timeout`
   */
  async claim<F>(table: RecordTable<F>, row: RecordRow<F>): Promise<RecordRow<F>> {
    const match = Object.fromEntries(table.key.map((field) => [field, (row as Record<string, unknown>)[field]]));
    const selection = { project: row.ProjectId, match: match as Match<F>, limit: 1 };
    const [first] = await this.list(table, selection);
    if (first !== undefined) return first;
    await this.#insertOnce(table, row, Object.values(match));
    const endMs = performance.now() + this.limits.claim_timeout;
    for (;;) {
      const [winner] = await this.list(table, selection);
      if (winner !== undefined) return winner;
      if (performance.now() >= endMs) break;
      await wait(claimPauseMs, new AbortController().signal);
    }
    throw new ApiError(503, "the store has not shown what it took; send the request again", retryLater);
  }

  /** The newest record that fits; undefined where there is none. */
  async find<F>(table: RecordTable<F>, project: string, match: Match<F>): Promise<RecordRow<F> | undefined> {
    const [row] = await this.list(table, { project, match, limit: 1 });
    return row;
  }

  list<F>(table: RecordTable<F>, selection: Selection<F>): Promise<RecordRow<F>[]> {
    return this.rows(selectRecords(table, this.nameOf(table), selection));
  }

  async count<F>(table: RecordTable<F>, selection: Selection<F>): Promise<number> {
    const [row] = await this.rows<{ Count: number }>(countRecords(table, this.nameOf(table), selection));
    return row?.Count ?? 0;
  }

  /**
   * The rows of any statement.
   *
   * @throws {RetryableError} the tables are not there yet
   * @throws {ClickHouseError} as the reader says
   */
  async rows<Row>(statement: Statement): Promise<Row[]> {
    this.#store.assertReady();
    return this.reader.rows<Row>(statement);
  }

  async #insertOnce<F>(table: RecordTable<F>, row: RecordRow<F>, key: readonly unknown[]): Promise<void> {
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
      throw writeError(error);
    }
  }
}

const retryLater = { headers: { "retry-after": "1" } };

const insertOnce = {
  ...rowSettings,
  // Inserts that the server groups with others have no token of their own.
  async_insert: 0,
  insert_deduplicate: 1,
} as const;

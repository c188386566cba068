import type { Reader, StoreTables } from "../reader.ts";
import type { Statement } from "../sql.ts";

/*
 * What the API adds up in the background: stretches of whole hours, each a row of a table, so that reads over days need not do
 * it again. The sums hold while the rows that they were made of, and what may change them in the hours beside, are those that
 * were seen then: the roll-up of traces knows (`HourCounts`).
 */

/** What the roll-up of traces says of an hour. */
export interface HourCounts {
  /** Seconds since the epoch. */
  readonly At: number;
  /** Writes of spans. */
  readonly Rows: number;
  /** Values that POST /traces has said. */
  readonly Said: number;
  /** Tags of traces that were said. */
  readonly Tagged: number;
}

/** A stretch to be added up. */
export interface Stretch {
  /** As stored. */
  readonly project: string;
  /** Seconds since the epoch: its first hour. */
  readonly hour: number;
  /** What its sums hold as long as (`markAround`). */
  readonly mark: number;
}

/** A row of the table. */
export type SettledRow = Readonly<Record<string, unknown>>;

/** Rows that the server makes by itself, where they are too long to pass through here: a SELECT with these columns. */
export interface SelectedRows {
  /** Where they are kept. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly select: Statement;
}

/** What one kind of sums is made of. */
export interface Settlement {
  /** Its name, for inserts. */
  readonly table: string;
  /** Where it is read. */
  readonly rows: (tables: StoreTables) => string;
  /** The column that keeps the mark of a row. */
  readonly markColumn: string;
  readonly span: StretchSpan;
  /**
   * Whether it is made of rows of others: of all hours after these, and those of the oldest hours first, so that sums over all
   * stretches stand last where something ends.
   */
  readonly isOfOthers?: true;
  /** What is compared of an hour: other numbers say that sums may be other ones. */
  readonly markOf: (counts: HourCounts) => number;
  /**
   * @returns rows that the server makes are stored one after the other, that of the table last. Undefined: the stretch was not as
   *   `stretch.mark` says any more, or is too much for a row
   */
  readonly settle: (
    reader: Reader,
    stretch: Stretch,
    options: SettleOptions,
  ) => Promise<SettledRow | readonly SelectedRows[] | undefined>;
}

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined;
}

/** In hours. Stretches begin where a number of them has gone by since the epoch; a day is a whole number of them. */
export interface StretchSpan {
  readonly length: number;
  /** Hours beside it on which its sums depend. */
  readonly before: number;
  readonly after: number;
}

/** What is kept of days of arrival, of all projects. */
export interface DaySettlement {
  /** The table that says which days are. */
  readonly table: string;
  /** Days that are not kept as they are, the newest first. */
  readonly due: (reader: Reader, options: DueOptions) => Promise<readonly DueDay[]>;
  /** Stored one after the other. */
  readonly settle: (reader: Reader, day: DueDay) => readonly SelectedRows[];
}

export interface DueOptions extends SettleOptions {
  /** The first of the days, in seconds since the epoch. */
  readonly from: number;
  /** How long nothing may have come for a day. */
  readonly quietMs: number;
}

/** A day to which nothing has come for a while. */
export interface DueDay {
  /** The id of its partition: `20261121`. */
  readonly day: string;
  /** What it had when it was looked at. */
  readonly mark: string;
  /** Milliseconds of the server's clock, before it was. */
  readonly version: number;
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { spanSeriesTable } from "../../exporters/clickhouse/schema/span-series.ts";
import type { Reader } from "../reader.ts";
import { param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import type { SeriesConfig } from "./config.ts";
import { type HourRequest, type SettledHour, settledHour } from "./settle.ts";
import { hoursAround, hoursWithin } from "./settled.ts";

/** Where hours are read from and rows are kept. */
export interface SettlerOptions {
  readonly reader: Reader;
  readonly insert: (table: string, rows: readonly SettledHour[]) => Promise<void>;
  readonly config: SeriesConfig;
  readonly logger: Logger;
}

interface HourRow {
  readonly ProjectId: string;
  /** Seconds since the epoch. */
  readonly At: number;
  readonly Rows: number;
}

const day = 86_400;

/**
 * Adds up hours in the background: at the start those of some days, the newest first, then those to which spans have come.
 *
 * Several processes may do so at once: each row is a whole hour with the number of spans in it, whoever wrote it.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #stop = new AbortController();
  /** Hours that could not be added up, and rows that they had then: they are tried again when there are others. */
  readonly #skipped = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** More than once does no harm. */
  start(): void {
    if (this.#options.config.settle) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Adds up all hours that are due, between the two in seconds since the epoch. @returns how many were */
  async settle(from: number, to: number): Promise<number> {
    let count = 0;
    for (let end = to; end > from; end -= day) count += await this.#settleDay(Math.max(from, end - day), end);
    return count;
  }

  async #run(): Promise<void> {
    let isFirst = true;
    while (!this.#stop.signal.aborted) {
      try {
        await (isFirst ? this.#settleHistory() : this.#settleTouched());
        isFirst = false;
      } catch (error) {
        if (!this.#stop.signal.aborted)
          this.#options.logger.warn({ err: error }, "series: hours could not be added up; they are read from spans");
      }
      await this.#wait(this.#options.config.interval);
    }
  }

  async #settleHistory(): Promise<void> {
    const [range] = await this.#rows<{ first: number; last: number; found: number }>(rangeStatement(this.#traces));
    if (range === undefined || range.found === 0) return;
    const from = Math.max(range.first, range.last - this.#options.config.history / 1_000);
    await this.settle(from - (from % hour), range.last + hour);
  }

  /** The days to which something has come since the last look; with margin, as hours have to be quiet first. */
  async #settleTouched(): Promise<void> {
    const { interval, quiet_time } = this.#options.config;
    const seconds = Math.ceil((2 * (interval + quiet_time)) / 1_000) + 2 * hour;
    const days = await this.#rows<{ Day: number }>(touchedStatement(this.#traces, seconds));
    for (const { Day } of days) await this.settle(Day, Day + day);
  }

  /** At most a day. */
  async #settleDay(from: number, to: number): Promise<number> {
    let count = 0;
    for (const wanted of await this.#due(from, to)) {
      if (this.#stop.signal.aborted) return count;
      const { reader, insert, config } = this.#options;
      const key = `${wanted.hour} ${wanted.project}`;
      if (this.#skipped.get(key) === wanted.rows) continue;
      const row = await settledHour(reader, wanted, { maxGroups: config.max_groups, signal: this.#stop.signal });
      if (row === undefined) this.#remember(key, wanted.rows);
      else {
        await insert(spanSeriesTable, [row]);
        count++;
      }
      await this.#wait(config.pause);
    }
    return count;
  }

  #remember(key: string, rows: number): void {
    if (this.#skipped.size >= mostRemembered) this.#skipped.clear();
    this.#skipped.set(key, rows);
  }

  /** Hours whose spans have been quiet, and are others than were added up; the newest first. */
  async #due(from: number, to: number): Promise<readonly HourRequest[]> {
    const [first, last] = [Math.floor(from / hour), Math.ceil(to / hour) - 1];
    const [now, then] = await Promise.all([
      this.#rows<HourRow & { Age: number }>(countsStatement(this.#traces, first - 1, last + 1)),
      this.#rows<HourRow>(settledCountsStatement(this.#options.reader.tables.spanSeries, first, last)),
    ]);
    const key = (project: string, at: number): string => `${at} ${project}`;
    const known = new Map(then.map(({ ProjectId, At, Rows }) => [key(ProjectId, At), Number(Rows)]));
    const found = new Map(now.map((row) => [key(row.ProjectId, row.At), row]));
    const due: HourRequest[] = [];
    for (const { ProjectId: project, At } of now) {
      if (At < first * hour || At > last * hour) continue;
      const around = hoursAround(At).flatMap((at) => found.get(key(project, at)) ?? []);
      const rows = around.reduce((sum, { Rows }) => sum + Number(Rows), 0);
      const isQuiet = around.every(({ Age }) => Number(Age) * 1_000 >= this.#options.config.quiet_time);
      if (isQuiet && known.get(key(project, At)) !== rows) due.push({ project, hour: At, rows });
    }
    return due.toSorted((one, other) => other.hour - one.hour);
  }

  get #traces(): string {
    return this.#options.reader.tables.traces;
  }

  #rows<Row>(statement: Statement): Promise<Row[]> {
    return this.#options.reader.rows<Row>(statement, { signal: this.#stop.signal });
  }

  async #wait(ms: number): Promise<void> {
    // Rejects when it is cut short by `stop`, which the loops look at.
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/** No option: hours that are forgotten are merely tried again. */
const mostRemembered = 10_000;

/** The hours of all projects: the server has them at hand. */
export function rangeStatement(traces: string): Statement {
  return statementOf(
    sql`SELECT toUnixTimestamp(min(Hour)) AS first, toUnixTimestamp(max(Hour)) AS last, count() AS found FROM ${raw(traces)}`,
  );
}

/** The days of which rows have come lately; an index knows where they lie. */
export function touchedStatement(traces: string, seconds: number): Statement {
  return statementOf(sql`SELECT DISTINCT toUnixTimestamp(toStartOfDay(Hour, 'UTC')) AS Day
FROM ${raw(traces)}
WHERE UpdatedAt >= now64(3) - toIntervalSecond(${param("UInt32", seconds)})
ORDER BY Day DESC`);
}

/** Rows of spans per project and hour, and the seconds since the last one came. Hours since the epoch, inclusive. */
export function countsStatement(traces: string, first: number, last: number): Statement {
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, sum(RowCount) AS Rows,
  dateDiff('second', max(UpdatedAt), now64(3)) AS Age
FROM ${raw(traces)}
WHERE ${hoursWithin(first, last)}
GROUP BY ProjectId, Hour
HAVING Rows > 0`);
}

export function settledCountsStatement(spanSeries: string, first: number, last: number): Statement {
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, Rows
FROM ${raw(spanSeries)} FINAL
WHERE ${hoursWithin(first, last)}`);
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { passedLimit, storeFailureOf } from "../../extensions/api/http/failures.ts";
import type { Reader } from "../reader.ts";
import type { SeriesConfig } from "../series/config.ts";
import { param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { countColumns, hoursAround, hoursWithin, type SettledMark, settledMarks, stretchOf } from "./hours.ts";
import type {
  DaySettlement,
  HourCounts,
  SelectedRows,
  SettledRow,
  Settlement,
  Stretch,
  StretchSpan,
} from "./settlement.ts";

/** Where hours are read from and rows are kept. */
export interface SettlerOptions {
  readonly reader: Reader;
  readonly insert: (table: string, rows: readonly SettledRow[]) => Promise<void>;
  /** Rejects with what the server says. */
  readonly insertSelected: (rows: SelectedRows, signal: AbortSignal) => Promise<void>;
  readonly settlements: readonly Settlement[];
  readonly daySettlements: readonly DaySettlement[];
  readonly config: SeriesConfig;
  readonly logger: Logger;
}

interface CountedHour extends HourCounts {
  readonly ProjectId: string;
  /** Seconds since the last row came. */
  readonly Age: number;
}

interface DueStretch extends Stretch {
  readonly settlement: Settlement;
}

/** Something to be made. */
interface Wanted {
  readonly table: string;
  /** Hours or a day, and whose. */
  readonly of: string;
  /** What there was of it then. */
  readonly mark: number | string;
}

const day = 86_400;

/**
 * Adds up stretches of hours in the background: at the start those of some days, the newest day first, then those to which spans have
 * come.
 *
 * Several processes may do so at once: each row is a whole stretch with what it was made of, whoever wrote it.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #stop = new AbortController();
  /** Stretches and days that could not be added up, and their marks then: they are tried again when there are others. */
  readonly #skipped = new Map<string, number | string>();
  /** The first day that is looked at, in seconds since the epoch. */
  #from = 0;
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

  /** Adds up all that is due, between the two in seconds since the epoch. @returns how many stretches and days were */
  async settle(from: number, to: number): Promise<number> {
    return (await this.#settleHours(from, to)) + (await this.#settleDays(from));
  }

  async #settleHours(from: number, to: number): Promise<number> {
    const { settlements } = this.#options;
    const days: (readonly [from: number, to: number])[] = [];
    for (let end = to; end > from; end -= day) days.push([Math.max(from, end - day), end]);
    let count = 0;
    const ofRows = settlements.filter(({ isOfOthers }) => isOfOthers !== true);
    const ofOthers = settlements.filter(({ isOfOthers }) => isOfOthers === true);
    for (const range of days) count += await this.#settleDay(ofRows, ...range);
    for (const range of days.toReversed()) count += await this.#settleDay(ofOthers, ...range);
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
          this.#options.logger.warn(
            { err: error },
            "series: hours could not be added up; they are read from what is stored of them",
          );
      }
      await this.#wait(this.#options.config.interval);
    }
  }

  async #settleHistory(): Promise<void> {
    const [range] = await this.#rows<{ first: number; last: number; found: number }>(rangeStatement(this.#traces));
    if (range === undefined || range.found === 0) return;
    const from = Math.max(range.first, range.last - this.#options.config.history / 1_000);
    this.#from = from;
    await this.settle(from - (from % hour), range.last + hour);
  }

  /** The days to which something has come since the last look; with margin, as hours have to be quiet first. */
  async #settleTouched(): Promise<void> {
    const { interval, quiet_time } = this.#options.config;
    const after = Math.max(...this.#options.settlements.map(({ span }) => span.after));
    const seconds = Math.ceil((2 * (interval + quiet_time)) / 1_000) + (after + 1) * hour;
    const days = await this.#rows<{ Day: number }>(touchedStatement(this.#traces, seconds));
    for (const { Day } of days) await this.#settleHours(Day, Day + day);
    await this.#settleDays(this.#from);
  }

  /** Days of arrival, which may be later than those of the spans. */
  async #settleDays(from: number): Promise<number> {
    const { reader, daySettlements, config } = this.#options;
    let count = 0;
    for (const settlement of daySettlements) {
      const due = await settlement.due(reader, { from, quietMs: config.quiet_time, signal: this.#stop.signal });
      for (const wanted of due) {
        if (this.#stop.signal.aborted) return count;
        const { day: of, mark } = wanted;
        const made = { table: settlement.table, of, mark };
        if (await this.#isMade(made, () => this.#store(settlement.settle(reader, wanted)))) count++;
      }
    }
    return count;
  }

  /** At most a day. */
  async #settleDay(settlements: readonly Settlement[], from: number, to: number): Promise<number> {
    let count = 0;
    for (const { settlement, ...wanted } of await this.#due(settlements, from, to)) {
      if (this.#stop.signal.aborted) return count;
      const of = `${new Date(wanted.hour * 1_000).toISOString()} ${wanted.project}`;
      const made = { table: settlement.table, of, mark: wanted.mark };
      if (await this.#isMade(made, () => this.#isAdded(settlement, wanted))) count++;
    }
    return count;
  }

  async #isAdded(settlement: Settlement, wanted: Stretch): Promise<boolean> {
    const { reader, insert } = this.#options;
    const made = await settlement.settle(reader, wanted, { signal: this.#stop.signal });
    if (made === undefined) return false;
    if (isSelected(made)) return this.#store(made);
    await insert(settlement.table, [made]);
    return true;
  }

  async #store(all: readonly SelectedRows[]): Promise<true> {
    for (const rows of all) await this.#options.insertSelected(rows, this.#stop.signal);
    return true;
  }

  /** Makes what was not in vain with the same mark. @param make false: as it is now, it cannot be; others can */
  async #isMade({ table, of, mark }: Wanted, make: () => Promise<boolean>): Promise<boolean> {
    const key = `${table} ${of}`;
    if (this.#skipped.get(key) === mark) return false;
    const isMade = await this.#isWithinLimits({ table, of }, make);
    if (!isMade) this.#remember(key, mark);
    await this.#wait(this.#options.config.pause);
    return isMade;
  }

  async #isWithinLimits(what: Omit<Wanted, "mark">, make: () => Promise<boolean>): Promise<boolean> {
    try {
      return await make();
    } catch (error) {
      const failure = storeFailureOf(error);
      const limit = failure && passedLimit(failure);
      if (limit === undefined) throw error;
      this.#options.logger.warn(
        { err: error, ...what },
        `series: adding this up ${limit}; it is read from what is stored of it`,
      );
      return false;
    }
  }

  #remember(key: string, mark: number | string): void {
    if (this.#skipped.size >= mostRemembered) this.#skipped.clear();
    this.#skipped.set(key, mark);
  }

  /** The oldest first. */
  async #due(settlements: readonly Settlement[], from: number, to: number): Promise<readonly DueStretch[]> {
    if (settlements.length === 0) return [];
    const before = Math.max(...settlements.map(({ span }) => span.before));
    const behind = Math.max(...settlements.map(({ span }) => span.length - 1 + span.after));
    const [first, last] = [Math.floor(from / hour) - before, Math.ceil(to / hour) - 1 + behind];
    const counted = await this.#rows<CountedHour>(countsStatement(this.#traces, first, last));
    const hours = new Map(counted.map((row) => [hourKey(row.ProjectId, row.At), row]));
    const due = await Promise.all(settlements.map((settlement) => this.#dueOf(settlement, hours, { from, to })));
    return due.flat().toSorted((one, other) => one.hour - other.hour);
  }

  /** Stretches of which all hours they depend on have been quiet, and whose marks are not those that they were added up with. */
  async #dueOf(
    settlement: Settlement,
    hours: ReadonlyMap<string, CountedHour>,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<readonly DueStretch[]> {
    const { span, markOf, markColumn } = settlement;
    const table = settlement.rows(this.#options.reader.tables);
    const range = hoursWithin(Math.floor(from / hour), Math.ceil(to / hour) - 1);
    const then = await this.#rows<SettledMark>(settledMarks(table, markColumn, range));
    const known = new Map(then.map(({ ProjectId, At, Mark }) => [hourKey(ProjectId, At), Number(Mark)]));
    const due: DueStretch[] = [];
    for (const [key, { project, hour: at }] of stretchesOf(hours, span)) {
      if (at < from || at >= to) continue;
      const around = hoursAround(at, span).flatMap((one) => hours.get(hourKey(project, one)) ?? []);
      const isQuiet = around.every(({ Age }) => Number(Age) * 1_000 >= this.#options.config.quiet_time);
      const mark = around.reduce((sum, counts) => sum + markOf(counts), 0);
      if (isQuiet && mark > 0 && known.get(key) !== mark) due.push({ settlement, project, hour: at, mark });
    }
    return due;
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

function isSelected(made: SettledRow | readonly SelectedRows[]): made is readonly SelectedRows[] {
  return Array.isArray(made);
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

/** What is counted per project and hour, and the seconds since the last row came. Hours since the epoch, inclusive. */
export function countsStatement(traces: string, first: number, last: number): Statement {
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(countColumns)},
  dateDiff('second', max(UpdatedAt), now64(3)) AS Age
FROM ${raw(traces)}
WHERE ${hoursWithin(first, last)}
GROUP BY ProjectId, Hour
HAVING Rows > 0 OR Said > 0`);
}

function hourKey(project: string, at: number): string {
  return `${at} ${project}`;
}

/** The stretches that have some of the hours. */
function stretchesOf(
  hours: ReadonlyMap<string, CountedHour>,
  span: StretchSpan,
): ReadonlyMap<string, Pick<Stretch, "project" | "hour">> {
  const stretches = new Map<string, Pick<Stretch, "project" | "hour">>();
  for (const { ProjectId: project, At } of hours.values()) {
    const start = stretchOf(At, span);
    stretches.set(hourKey(project, start), { project, hour: start });
  }
  return stretches;
}

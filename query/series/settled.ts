import { settledDimensions, settledSums } from "../../exporters/clickhouse/schema/span-series.ts";
import { hoursWithin, markAround, settledMarks } from "../settled/hours.ts";
import { allOf, anyOf, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { seriesMarkColumn, seriesSpan } from "./settle.ts";
import type { SeriesMetric, SeriesRequest, SeriesRow, TimeRange } from "./statements.ts";

/*
 * Hours that were added up beforehand (exporters/clickhouse/schema/span-series.ts). The sums of an hour hold while its spans,
 * and those of the hours beside, which may be other versions of its spans, are as many as were seen then: the roll-up of
 * traces knows how many there are. All other hours are read from the spans.
 */

type Dimension = keyof typeof settledDimensions;

const groups: Readonly<Record<string, Dimension>> = {
  model: "Model",
  provider: "Provider",
  kind: "Kind",
  service: "Service",
  status: "Status",
};
const filters: Readonly<Record<string, Dimension>> = {
  model: "Model",
  provider: "Provider",
  service: "Service",
  span_kind: "Kind",
  has_error: "HasError",
};
type Settled = Exclude<SeriesMetric, "latency">;
const values: Readonly<Record<Settled, Readonly<Record<string, string>>>> = {
  spans: {},
  errors: { Errors: "sumIf(Count, HasError)" },
  tokens: { Input: "sum(Input)", Output: "sum(Output)", Total: "sum(Total)" },
  cost: { Spent: "sum(Spent)" },
};

const hourNs = 3_600_000_000_000n;

type Wanted = Omit<SeriesRequest, "repeated">;

/** Whether settled hours know what is asked for: their dimensions, and buckets of whole hours. */
export function isSettleable({ metric, groupBy, bucketSeconds, filter }: Wanted): boolean {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && !isEmpty(value));
  return (
    metric !== "latency" &&
    bucketSeconds % hour === 0 &&
    (groupBy === undefined || groupBy in groups) &&
    given.every(([name]) => name in filters)
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** How many rows there are of an hour. Hours in seconds since the epoch. */
export interface HourRows {
  readonly At: number;
  readonly Rows: number;
}

/** Rows of spans per hour, as the roll-up of traces says, also of the hours beside the range. */
export function rowsPerHour({ project, tables, from, to }: Wanted): Statement {
  return statementOf(sql`SELECT toUnixTimestamp(Hour) AS At, sum(RowCount) AS Rows
FROM ${raw(tables.traces)}
WHERE ${ofProject(project)} AND ${hoursWithin(Number(from / hourNs) - 1, Number(to / hourNs) + 1)}
GROUP BY Hour`);
}

/** Rows that were there when an hour and those beside it were counted. */
export function rowsWhenSettled({ project, tables, from, to }: Wanted): Statement {
  const where = sql`${ofProject(project)} AND ${hoursWithin(Number(from / hourNs), Number(to / hourNs))}`;
  return settledMarks(tables.spanSeries, seriesMarkColumn, where);
}

/** What is read from settled hours, and what from spans. Neither is in the other; together they are the whole time. */
export interface Split {
  readonly settled: readonly TimeRange[];
  readonly live: readonly TimeRange[];
}

/** Ranges of one kind that a statement names, at most: beyond them, what lies between is read from spans as well. No option: it keeps
 * the condition short, and the answer is the same. */
const mostRanges = 16;

/** @param now rows per hour @param then rows around each settled hour */
export function splitHours(
  { from, to }: TimeRange,
  now: ReadonlyMap<number, number>,
  then: ReadonlyMap<number, number>,
): Split {
  const live: { from: bigint; to: bigint }[] = [];
  for (let start = (from / hourNs) * hourNs; start < to; start += hourNs) {
    const at = Number(start / 1_000_000_000n);
    const isWhole = start >= from && start + hourNs <= to;
    if (isWhole && then.get(at) === markAround(now, at, seriesSpan)) continue;
    const part = { from: start < from ? from : start, to: start + hourNs > to ? to : start + hourNs };
    const before = live.at(-1);
    if (before !== undefined && (before.to === part.from || live.length === mostRanges)) before.to = part.to;
    else live.push(part);
  }
  const settled: TimeRange[] = [];
  let start = from;
  for (const part of [...live, { from: to, to }]) {
    if (part.from > start) settled.push({ from: start, to: part.from });
    start = part.to;
  }
  return { settled, live };
}

/** The points of settled hours: the columns of `seriesStatement`. */
export function settledStatement(request: Wanted, ranges: readonly TimeRange[]): Statement {
  const { project, tables, metric, groupBy, filter, bucketSeconds } = request;
  const group = groupBy === undefined ? undefined : groups[groupBy]!;
  const given = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined || filters[name] === undefined ? [] : [[filters[name], value] as const],
  );
  const sums = Object.entries(values[metric as Settled]).map(([name, sum]) => `, ${sum} AS ${name}`);
  const used = new Set<string>([...(group === undefined ? [] : [group]), ...given.map(([name]) => name), "Count"]);
  const isUsed = (name: string): boolean =>
    used.has(name) || sums.some((sum) => sum.includes(`(${name}`) || sum.includes(`, ${name})`));
  const arrays = Object.entries({ ...settledDimensions, ...settledSums }).filter(([name]) => isUsed(name));
  const conditions = given.map(([name, value]) =>
    name === "HasError"
      ? sql`HasError = ${param("UInt8", value === true ? 1 : 0)}`
      : sql`${raw(name)} = ${param("String", value)}`,
  );
  const inTime = anyOf(ranges.map(({ from, to }) => hoursWithin(Number(from / hourNs), Number(to / hourNs) - 1)));
  const bucket = raw(String(bucketSeconds));
  return statementOf(sql`SELECT intDiv(toUnixTimestamp(Hour), ${bucket}) * ${bucket} AS Time, ${raw(group ?? "''")} AS Grp, sum(Count) AS Count${raw(sums.join(""))}
FROM (SELECT Hour, ${raw(arrays.map(([, column]) => column).join(", "))} FROM ${raw(tables.spanSeries)} FINAL WHERE ${ofProject(project)} AND ${inTime})
ARRAY JOIN ${raw(arrays.map(([name, column]) => `${column} AS ${name}`).join(", "))}
WHERE ${allOf(conditions)}
GROUP BY Time, Grp
ORDER BY Time, Grp
SETTINGS prefer_column_name_to_alias = 1`);
}

/** Rows of both sources as one per bucket and group. */
export function addedUp(rows: readonly SeriesRow[]): SeriesRow[] {
  const sums = new Map<string, SeriesRow>();
  for (const row of rows) {
    const key = `${row.Time} ${row.Grp}`;
    const known = sums.get(key);
    sums.set(key, known === undefined ? row : added(known, row));
  }
  return [...sums.values()].toSorted((a, b) => a.Time - b.Time || (a.Grp < b.Grp ? -1 : 1));
}

function added(one: SeriesRow, other: SeriesRow): SeriesRow {
  const sum = Object.keys(one).map((name) => {
    const [left, right] = [one[name], other[name]];
    if (name === "Time" || name === "Grp" || right == null) return [name, left];
    return [name, left == null ? right : Number(left) + Number(right)];
  });
  return Object.fromEntries(sum) as SeriesRow;
}

import { grouped } from "../grouped.ts";
import type { SeriesPoint } from "./model.ts";
import type { SeriesMetric, SeriesRow } from "./statements.ts";

interface Group {
  readonly group: string | null;
  readonly points: readonly SeriesPoint[];
}

/** What groups are ranked by. */
const sizes: Readonly<Record<SeriesMetric, (row: SeriesRow) => number>> = {
  spans: (row) => Number(row.Count),
  errors: (row) => Number(row["Errors"]),
  latency: (row) => Number(row["Total"]),
  tokens: (row) => Number(row["Total"]),
  cost: (row) => Number(row["Spent"]),
};

/**
 * Rows as groups with points, the greatest groups first.
 *
 * @param limit groups; the others are added up as the group null, where their metric can be added up
 */
export function groupsOf(metric: SeriesMetric, rows: readonly SeriesRow[], limit: number): readonly Group[] {
  const size = (of: readonly SeriesRow[]): number => of.reduce((sum, row) => sum + sizes[metric](row), 0);
  const ranked = [...grouped(rows, ({ Grp }) => Grp)]
    .map(([group, of]) => ({ group, of, size: size(of) }))
    .toSorted((a, b) => b.size - a.size);
  const shown = ranked
    .slice(0, limit)
    .map(({ group, of }) => ({ group, points: of.map((row) => pointOf(metric, row)) }));
  const others = ranked.slice(limit).flatMap(({ of }) => of);
  if (others.length === 0 || metric === "latency") return shown;
  return [...shown, { group: null, points: added(others).map((row) => pointOf(metric, row)) }];
}

/** Rows of several groups as one per bucket. */
function added(rows: readonly SeriesRow[]): readonly SeriesRow[] {
  const sums = new Map<number, Record<string, number | string | null>>();
  for (const row of rows) {
    const sum = sums.get(row.Time) ?? { Time: row.Time, Grp: "", Count: 0 };
    for (const [name, value] of Object.entries(row)) {
      if (name === "Time" || name === "Grp" || value === null) continue;
      sum[name] = Number(sum[name] ?? 0) + Number(value);
    }
    sums.set(row.Time, sum);
  }
  return [...sums.values()].map((sum) => sum as unknown as SeriesRow).toSorted((a, b) => a.Time - b.Time);
}

function numberOf(row: SeriesRow, name: string): number | null {
  const value = row[name];
  return value === null || value === undefined ? null : rounded(Number(value));
}

/** Without the dust that taking away leaves behind. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function pointOf(metric: SeriesMetric, row: SeriesRow): SeriesPoint {
  const point = { time: new Date(row.Time * 1_000).toISOString(), count: rounded(Number(row.Count)) };
  switch (metric) {
    case "spans":
      return point;
    case "errors":
      return {
        ...point,
        errors: numberOf(row, "Errors") ?? 0,
        rate: rounded(Number(row["Errors"]) / Number(row.Count)),
      };
    case "tokens":
      return {
        ...point,
        input: numberOf(row, "Input"),
        output: numberOf(row, "Output"),
        total: numberOf(row, "Total"),
      };
    case "cost":
      return { ...point, cost: numberOf(row, "Spent") };
    case "latency":
      return { ...point, ...latencyOf(row) };
  }
}

function latencyOf(row: SeriesRow): Partial<SeriesPoint> {
  const measured = Number(row["Measured"]);
  if (measured === 0) return { p50: null, p90: null, p95: null, p99: null, avg: null };
  const [p50, p90, p95, p99] = row["Quantiles"] as readonly number[];
  return { p50: p50!, p90: p90!, p95: p95!, p99: p99!, avg: rounded(Number(row["Total"]) / measured) };
}

import { grouped } from "../grouped.ts";
import type { StoreTables } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import type { Series } from "./model.ts";

/** Which signals, in what parts. Times are nanoseconds since the epoch, of arrival. */
export interface SignalSeriesRequest {
  readonly project: string;
  readonly tables: StoreTables;
  readonly from: bigint;
  readonly to: bigint;
  readonly bucketSeconds: number;
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly entity_type?: string | undefined;
  /** Names of signals that are shown, the most frequent ones. */
  readonly limit: number;
}

export interface SignalSeriesRow {
  readonly Time: number;
  readonly Name: string;
  readonly Count: number;
  readonly Rate: number | null;
  readonly Average: number | null;
}

/** How many signals of each name arrived per bucket, and what they said. A signal that was stored twice counts once. */
export function signalSeries(request: SignalSeriesRequest): Statement {
  const bucket = raw(String(request.bucketSeconds));
  const found = sql`FROM ${raw(request.tables.signals)} FINAL
  WHERE ${conditionsOf(request)}`;
  return statementOf(sql`SELECT intDiv(toUnixTimestamp(CreatedAt), ${bucket}) * ${bucket} AS Time, Name, count() AS Count,
  if(countIf(Category = 'boolean') = 0, NULL, countIf(BoolValue) / countIf(Category = 'boolean')) AS Rate,
  avgOrNullIf(NumValue, Category = 'numerical') AS Average
${found} AND Name IN (SELECT Name ${found}
    GROUP BY Name ORDER BY count() DESC, Name LIMIT ${param("UInt64", request.limit)})
GROUP BY Time, Name
ORDER BY Name, Time`);
}

function conditionsOf({ project, from, to, ...filter }: SignalSeriesRequest): Sql {
  const is = (column: string, value: string | undefined): Sql | undefined =>
    value === undefined ? undefined : sql`${raw(column)} = ${param("String", value)}`;
  const time = (nanos: bigint): Sql => sql`fromUnixTimestamp64Nano(${param("Int64", String(nanos))}, 'UTC')`;
  return allOf([
    ofProject(project),
    sql`CreatedAt >= ${time(from)} AND CreatedAt < ${time(to)}`,
    is("Name", filter.name),
    is("Category", filter.type),
    is("EntityType", filter.entity_type),
  ]);
}

export function signalGroups(rows: readonly SignalSeriesRow[]): Series["groups"] {
  const size = (of: readonly SignalSeriesRow[]): number => of.reduce((sum, { Count }) => sum + Count, 0);
  return [...grouped(rows, ({ Name }) => Name)]
    .toSorted(([, a], [, b]) => size(b) - size(a))
    .map(([group, of]) => ({
      group,
      points: of.map(({ Time, Count, Rate, Average }) => ({
        time: new Date(Time * 1_000).toISOString(),
        count: Count,
        ...(Rate === null ? {} : { rate: Rate }),
        ...(Average === null ? {} : { avg: Average }),
      })),
    }));
}

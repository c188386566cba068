import { settledDimensions, settledSums, spanSeriesTable } from "../../exporters/clickhouse/schema/span-series.ts";
import type { Reader } from "../reader.ts";
import { repeatedOf, repeatedStatement } from "../repeated.ts";
import type { SettledRow, Settlement, SettleOptions, Stretch } from "../settled/settlement.ts";
import type { SpanExpressions } from "../spans/columns.ts";
import { allOf, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { countedOnce, groupColumns, measures, repeatedScope, type SeriesRequest, type Summed } from "./statements.ts";

/*
 * The row of a settled hour: the sums of its spans, each span once, and how many rows there were.
 */

const nanosPerSecond = 1_000_000_000n;

type Dimension = keyof typeof settledDimensions;
type SumName = keyof typeof settledSums;
type GroupRow = Readonly<Record<Exclude<Dimension, "HasError">, string>> &
  Readonly<Record<SumName, number | null>> & { readonly HasError: number | boolean; readonly Rows: number };

/** Groups of an hour, and rows around it as `rowsStatement` counts them. */
const summed: Summed = {
  keys: ({ kind, status, hasError }: SpanExpressions) => ({
    Model: raw(groupColumns["model"]!),
    Provider: raw("Provider"),
    Kind: kind,
    Service: raw("ServiceName"),
    Status: sql`lower(${status})`,
    HasError: sql`toUInt8(${hasError})`,
  }),
  values: { ...measures.cost, ...measures.tokens },
};

/** Hours beside hold other versions of the spans of an hour. */
export const seriesSpan = { length: 1, before: 1, after: 1 } as const;
export const seriesMarkColumn = "Rows";

/** Sums of spans per hour, of at most `maxGroups` groups. */
export function spanSeriesSettlement(maxGroups: number): Settlement {
  return {
    table: spanSeriesTable,
    rows: ({ spanSeries }) => spanSeries,
    markColumn: seriesMarkColumn,
    span: seriesSpan,
    markOf: ({ Rows }) => Rows,
    settle: (reader, stretch, options) => settledHour(reader, stretch, { ...options, maxGroups }),
  };
}

interface HourOptions extends SettleOptions {
  /** Most groups that the row of an hour has. */
  readonly maxGroups: number;
}

/**
 * Adds up an hour.
 *
 * The row says how many rows the sums were made of, so that a reader can tell whether they still hold: no span may be in that
 * number without being in the sums. So rows are counted before, and again where the sums are made: a span that came between
 * makes two numbers, and so does a server of a cluster that lacks some.
 *
 * @returns undefined: spans came meanwhile, or there are more groups than a row may have
 */
export async function settledHour(
  reader: Reader,
  wanted: Stretch,
  { maxGroups, signal }: HourOptions,
): Promise<SettledRow | undefined> {
  const options = { signal };
  const [before] = await reader.rows<{ Rows: number; Version: number }>(rowsStatement(reader, wanted), options);
  const request = requestOf(reader, wanted);
  const repeated = repeatedOf(await reader.rows(repeatedStatement(repeatedScope(request)), options));
  const statement = settleStatement({ ...request, repeated }, wanted, maxGroups + 1);
  const groups = await reader.rows<GroupRow>(statement, options);
  if (before === undefined || groups.length === 0 || groups.length > maxGroups) return undefined;
  if ([before, ...groups].some(({ Rows }) => Number(Rows) !== wanted.mark)) return undefined;
  return rowOf(wanted, before, groups);
}

/** Rows of the hour and those beside it, and the time before they were counted. */
export function rowsStatement({ tables }: Reader, wanted: Stretch): Statement {
  return statementOf(sql`SELECT count() AS Rows, toUnixTimestamp64Milli(now64(3)) AS Version
FROM ${raw(tables.spans)}
WHERE ${around(wanted)}`);
}

/** Groups of an hour; each row says how many rows there are around it. */
export function settleStatement(request: SeriesRequest, wanted: Stretch, limit: number): Statement {
  return statementOf(sql`SELECT *, (SELECT count() FROM ${raw(request.tables.spans)} WHERE ${around(wanted)}) AS Rows
FROM (
${countedOnce(request, summed)}
)
LIMIT ${param("UInt64", limit)}`);
}

function around({ project, hour: at }: Stretch) {
  const time = (seconds: number) => sql`toDateTime64(${param("Int64", seconds)}, 9, 'UTC')`;
  return allOf([ofProject(project), sql`Timestamp >= ${time(at - hour)} AND Timestamp < ${time(at + 2 * hour)}`]);
}

function requestOf({ tables }: Reader, { project, hour: at }: Stretch): Omit<SeriesRequest, "repeated"> {
  const from = BigInt(at) * nanosPerSecond;
  const to = from + BigInt(hour) * nanosPerSecond;
  return { project, tables, metric: "cost", from, to, bucketSeconds: hour, filter: {} };
}

function rowOf(
  { project, hour: at }: Stretch,
  { Rows, Version }: { readonly Rows: number; readonly Version: number },
  groups: readonly GroupRow[],
): SettledRow {
  const arrays = Object.entries({ ...settledDimensions, ...settledSums }).map(([name, column]) => [
    column,
    groups.map((group) =>
      name === "HasError" ? Number(group.HasError) : group[name as Exclude<Dimension, "HasError"> | SumName],
    ),
  ]);
  return { ProjectId: project, Hour: at, Version: Number(Version), Rows: Number(Rows), ...Object.fromEntries(arrays) };
}

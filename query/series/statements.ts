import { storedTraceId } from "../../pipeline/ids.ts";
import type { StoreTables } from "../reader.ts";
import { type Repeated, type RepeatedScope, repeatedSet } from "../repeated.ts";
import { mergedExpressions, mergedSpans, rowExpressions, type SpanExpressions } from "../spans/columns.ts";
import { type SpanFilter, spanConditions } from "../spans/filter.ts";
import { allOf, anyOf, joined, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";

export const seriesMetrics = ["spans", "errors", "latency", "tokens", "cost"] as const;
export type SeriesMetric = (typeof seriesMetrics)[number];

export const seriesGroups = [
  ...["model", "provider", "kind", "service", "name", "status", "error_code", "agent", "prompt", "tool"],
] as const;

/** What the columns of a group are, by the names of the API. Tags are asked for as `tag.<key>`. */
export const groupColumns: Readonly<Record<string, string>> = {
  model: "if(ResponseModel != '', ResponseModel, RequestModel)",
  provider: "Provider",
  service: "ServiceName",
  agent: "AgentName",
  prompt: "PromptName",
  tool: "ToolName",
};

/** Nanoseconds since the epoch. */
export interface TimeRange {
  readonly from: bigint;
  /** Not included. */
  readonly to: bigint;
}

/** Which spans, in what parts. */
export interface SeriesRequest extends TimeRange {
  /** As stored. */
  readonly project: string;
  readonly tables: StoreTables;
  readonly metric: SeriesMetric;
  /** Parts of the time that are looked at; all of it when left out. */
  readonly ranges?: readonly TimeRange[] | undefined;
  readonly bucketSeconds: number;
  /** One of `seriesGroups`, or `tag.<key>`; undefined: all spans are one group. */
  readonly groupBy?: string | undefined;
  readonly filter: SpanFilter & {
    readonly model?: string | undefined;
    readonly provider?: string | undefined;
    readonly service?: string | undefined;
  };
  /** Traces in which spans stand several times. */
  readonly repeated: Repeated;
}

/** One group in one bucket. */
export interface SeriesRow {
  /** Seconds since the epoch. */
  readonly Time: number;
  readonly Grp: string;
  readonly Count: number;
  readonly [value: string]: number | string | null | readonly number[];
}

/**
 * Sums of a metric per bucket and group. Spans that stand there several times are counted once: all rows are added up, those
 * of traces with such spans are taken away again, and their spans are added with versions put together. So nothing but these
 * traces is looked at by id. Quantiles cannot be taken away: for them, where there are such traces, all rows are looked at by id.
 *
 * A span that a sampler kept stands for `SampleWeight` spans.
 */
export function seriesStatement(request: SeriesRequest, maxPoints: number): Statement {
  const { metric, repeated } = request;
  const bucket = raw(String(request.bucketSeconds));
  const summed = {
    keys: (columns: SpanExpressions) => ({
      Time: sql`intDiv(toUnixTimestamp64Nano(Timestamp), 1000000000 * ${bucket}) * ${bucket}`,
      Grp: groupOf(request.groupBy, columns),
    }),
    values: measures[metric],
  };
  if (repeated.length === 0)
    return statementOf(sql`${part(rowsOf(request), summed, "1", rowExpressions)}\n${ordered(maxPoints)}`);
  const once = metric === "latency" ? measuredOnce : countedOnce;
  return statementOf(sql`${once(request, summed)}\n${ordered(maxPoints)}`);
}

/** What spans are grouped by, and what of them is added up, by the names of the answer. */
export interface Summed {
  readonly keys: (columns: SpanExpressions) => Readonly<Record<string, Sql>>;
  /** Weighed, and with the sign of the part. */
  readonly values: Readonly<Record<string, (columns: SpanExpressions, sign: string) => Sql>>;
}

/** Sums in which spans that stand there several times count once. */
export function countedOnce(request: SeriesRequest, summed: Summed): Sql {
  const ofRepeated = sql`TraceId IN ${repeatedSet(request.repeated, repeatedScope(request))}`;
  const all = part(rowsOf(request), summed, "1", rowExpressions);
  const parts =
    request.repeated.length === 0
      ? [all]
      : [
          all,
          part(rowsOf(request, ofRepeated), summed, "-1", rowExpressions),
          part(merged(request, ofRepeated), summed, "1", mergedExpressions),
        ];
  const keys = raw(Object.keys(summed.keys(rowExpressions)).join(", "));
  const sums = raw(["Count", ...Object.keys(summed.values)].map((name) => `sum(${name}) AS ${name}`).join(", "));
  return sql`SELECT ${keys}, ${sums}
FROM (
${joined(parts, "\nUNION ALL\n")})
GROUP BY ${keys}
HAVING Count > 0.5e-6`;
}

/** Quantiles, and sums beside them, to which spans that stand there several times add once. */
function measuredOnce(request: SeriesRequest, { keys, values }: Summed): Sql {
  const ofRepeated = sql`TraceId IN ${repeatedSet(request.repeated, repeatedScope(request))}`;
  const states = { keys, values: { ...values, Quantiles: quantiles("State") } };
  const parts = [
    part(rowsOf(request, sql`NOT ${ofRepeated}`), states, "1", rowExpressions),
    part(merged(request, ofRepeated), states, "1", mergedExpressions),
  ];
  return sql`SELECT Time, Grp, sum(Count) AS Count, ${raw(`${quantilesName}Merge${levels}`)}(Quantiles) AS Quantiles,
  sum(Measured) AS Measured, sum(Total) AS Total
FROM (
${joined(parts, "\nUNION ALL\n")})
GROUP BY Time, Grp`;
}

/** One more says that there are too many. */
function ordered(maxPoints: number): Sql {
  return raw(`ORDER BY Time, Grp\nLIMIT ${maxPoints + 1}`);
}

const quantilesName = "quantilesTDigestWeighted";
const levels = "(0.5, 0.9, 0.95, 0.99)";

/** @param combinator "State": what several parts are put together from */
function quantiles(combinator: "" | "State"): Summed["values"][string] {
  return ({ duration }) =>
    sql`${raw(quantilesName + combinator + levels)}(ifNull(${duration}, 0), toUInt64(if(isNull(${duration}), 0, greatest(1, round(SampleWeight)))))`;
}

/** What is measured, by the names of the answer. */
export const measures: Readonly<Record<SeriesMetric, Summed["values"]>> = {
  spans: {},
  errors: { Errors: ({ hasError }, sign) => sql`${raw(sign)} * sumIf(SampleWeight, ${hasError})` },
  latency: {
    Quantiles: quantiles(""),
    Measured: ({ duration }) => sql`sumIf(SampleWeight, isNotNull(${duration}))`,
    Total: ({ duration }) => sql`sum(SampleWeight * ${duration})`,
  },
  tokens: {
    Input: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * InputTokens)`,
    Output: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * OutputTokens)`,
    Total: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * TotalTokens)`,
  },
  // Not `Cost`: in conditions that would be the sum instead of the column.
  cost: { Spent: ({ cost }, sign) => sql`${raw(sign)} * sum(SampleWeight * ${cost})` },
};

/** @param source FROM and WHERE */
function part(source: Sql, { keys, values }: Summed, sign: string, columns: SpanExpressions): Sql {
  const named = Object.entries(keys(columns));
  const sums = Object.entries(values).map(([name, measure]) => sql`, ${measure(columns, sign)} AS ${raw(name)}`);
  return sql`SELECT ${joined(
    named.map(([name, key]) => sql`${key} AS ${raw(name)}`),
    ",\n  ",
  )}, ${raw(sign)} * sum(SampleWeight) AS Count${joined(sums, "")}
${source}
GROUP BY ${raw(named.map(([name]) => name).join(", "))}`;
}

function groupOf(groupBy: string | undefined, { kind, status, name, errorCode }: SpanExpressions): Sql {
  if (groupBy === undefined) return raw("''");
  if (groupBy.startsWith("tag.")) return sql`Tags[${param("String", groupBy.slice("tag.".length))}]`;
  const own: Readonly<Record<string, Sql>> = { kind, name, error_code: errorCode, status: sql`lower(${status})` };
  return own[groupBy] ?? raw(groupColumns[groupBy]!);
}

function rowsOf(request: SeriesRequest, more?: Sql): Sql {
  const { project, tables } = request;
  return sql`FROM ${raw(tables.spans)}
WHERE ${allOf([ofProject(project), inTime(request), more])}
  AND ${conditions(request, rowExpressions)}`;
}

function merged(request: SeriesRequest, ofRepeated: Sql): Sql {
  const { project, tables } = request;
  const versions = allOf([ofProject(project), inTime(request, aroundVersions), ofRepeated]);
  return sql`FROM ${mergedSpans(tables.spans, versions)}
WHERE ${inTime(request)}
  AND ${conditions(request, mergedExpressions)}`;
}

/** By how much versions of a span may lie apart. */
const aroundVersions = 3_600_000_000_000n;

/** @param around what is taken in on both sides */
function inTime(request: SeriesRequest, around = 0n): Sql {
  const ranges = request.ranges ?? [request];
  const within = ranges.map(
    ({ from, to }) => sql`Timestamp >= ${nanos(from - around)} AND Timestamp < ${nanos(to + around)}`,
  );
  return within.length === 1 ? within[0]! : anyOf(within);
}

function nanos(time: bigint): Sql {
  return sql`fromUnixTimestamp64Nano(${param("Int64", String(time))}, 'UTC')`;
}

function conditions(request: SeriesRequest, columns: SpanExpressions): Sql {
  const { filter, project, tables } = request;
  const { model, provider, service } = filter;
  const is = (column: string, value: string | undefined): Sql | undefined =>
    value === undefined ? undefined : sql`${raw(column)} = ${param("String", value)}`;
  return allOf([
    is("Provider", provider),
    is("ServiceName", service),
    is(groupColumns["model"]!, model),
    filter.trace_id === undefined ? undefined : sql`TraceId = ${param("String", storedTraceId(filter.trace_id))}`,
    spanConditions(filter, columns, { project, tables, traces: hoursOf(request) }),
  ]);
}

/** Where the traces are looked for in which spans stand several times. */
export function repeatedScope(request: Omit<SeriesRequest, "repeated">): RepeatedScope {
  const { project, tables } = request;
  const around = (request.ranges ?? [request]).map(({ from, to }) =>
    hoursOf({ from: from - aroundVersions, to: to + aroundVersions }),
  );
  return { project, tables, rows: [around.length === 1 ? around[0]! : anyOf(around)] };
}

function hoursOf({ from, to }: TimeRange): Sql {
  return sql`Hour >= toStartOfHour(${nanos(from)}) AND Hour <= ${nanos(to)}`;
}

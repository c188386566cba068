import { storedTraceId } from "../../pipeline/ids.ts";
import type { StoreTables } from "../reader.ts";
import { type Repeated, type RepeatedScope, repeatedSet } from "../repeated.ts";
import { mergedExpressions, mergedSpans, rowExpressions, type SpanExpressions } from "../spans/columns.ts";
import { type SpanFilter, spanConditions } from "../spans/filter.ts";
import { allOf, joined, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";

export const seriesMetrics = ["spans", "errors", "latency", "tokens", "cost"] as const;
export type SeriesMetric = (typeof seriesMetrics)[number];

export const seriesGroups = [
  ...["model", "provider", "kind", "service", "name", "status", "error_code", "agent", "prompt", "tool"],
] as const;

/** What the columns of a group are, by the names of the API. Tags are asked for as `tag.<key>`. */
const groupColumns: Readonly<Record<string, string>> = {
  model: "if(ResponseModel != '', ResponseModel, RequestModel)",
  provider: "Provider",
  service: "ServiceName",
  agent: "AgentName",
  prompt: "PromptName",
  tool: "ToolName",
};

/** Which spans, in what parts. Times are nanoseconds since the epoch. */
export interface SeriesRequest {
  /** As stored. */
  readonly project: string;
  readonly tables: StoreTables;
  readonly metric: SeriesMetric;
  readonly from: bigint;
  /** Not included. */
  readonly to: bigint;
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
 * traces is looked at by id. Quantiles cannot be taken away: there such a span counts as often as it was stored.
 *
 * A span that a sampler kept stands for `SampleWeight` spans.
 */
export function seriesStatement(request: SeriesRequest): Statement {
  const { metric, repeated } = request;
  const ofRepeated = sql`TraceId IN ${repeatedSet(repeated, repeatedScope(request))}`;
  const values = measures[metric];
  const isSum = metric !== "latency";
  const all = part(request, "1", rows(request), rowExpressions);
  const parts = !(repeated.length > 0 && isSum)
    ? [all]
    : [
        all,
        part(request, "-1", rows(request, ofRepeated), rowExpressions),
        part(request, "1", merged(request, ofRepeated), mergedExpressions),
      ];
  if (parts.length === 1) return statementOf(sql`${all}\n${ordered}`);
  const names = ["Count", ...Object.keys(values)];
  const sums = raw(names.map((name) => `sum(${name}) AS ${name}`).join(", "));
  return statementOf(sql`SELECT Time, Grp, ${sums}
FROM (
${joined(parts, "\nUNION ALL\n")})
GROUP BY Time, Grp
HAVING Count > 0.5e-6
${ordered}`);
}

// A bound on what a group may be made of: one more says that there are too many.
export const maxRows = 100_000;
const ordered = raw(`ORDER BY Time, Grp\nLIMIT ${maxRows + 1}`);

/** What is measured, by the names of the answer; weighed, and with the sign of the part. */
const measures: Readonly<
  Record<SeriesMetric, Readonly<Record<string, (columns: SpanExpressions, sign: string) => Sql>>>
> = {
  spans: {},
  errors: { Errors: ({ hasError }, sign) => sql`${raw(sign)} * sumIf(SampleWeight, ${hasError})` },
  latency: {
    Quantiles: ({ duration }) =>
      sql`quantilesTDigestWeighted(0.5, 0.9, 0.95, 0.99)(ifNull(${duration}, 0), toUInt64(if(isNull(${duration}), 0, greatest(1, round(SampleWeight)))))`,
    Measured: ({ duration }) => sql`sumIf(SampleWeight, isNotNull(${duration}))`,
    Total: ({ duration }) => sql`sum(SampleWeight * ${duration})`,
  },
  tokens: {
    Input: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * InputTokens)`,
    Output: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * OutputTokens)`,
    Total: (_columns, sign) => sql`${raw(sign)} * sum(SampleWeight * TotalTokens)`,
  },
  cost: { Cost: ({ cost }, sign) => sql`${raw(sign)} * sum(SampleWeight * ${cost})` },
};

function part(request: SeriesRequest, sign: string, source: Sql, columns: SpanExpressions): Sql {
  const bucket = raw(String(request.bucketSeconds));
  const values = Object.entries(measures[request.metric]).map(
    ([name, measure]) => sql`, ${measure(columns, sign)} AS ${raw(name)}`,
  );
  return sql`SELECT intDiv(toUnixTimestamp64Nano(Timestamp), 1000000000 * ${bucket}) * ${bucket} AS Time,
  ${groupOf(request.groupBy, columns)} AS Grp, ${raw(sign)} * sum(SampleWeight) AS Count${joined(values, "")}
${source}
GROUP BY Time, Grp`;
}

function groupOf(groupBy: string | undefined, { kind, status, name, errorCode }: SpanExpressions): Sql {
  if (groupBy === undefined) return raw("''");
  if (groupBy.startsWith("tag.")) return sql`Tags[${param("String", groupBy.slice("tag.".length))}]`;
  const own: Readonly<Record<string, Sql>> = { kind, name, error_code: errorCode, status: sql`lower(${status})` };
  return own[groupBy] ?? raw(groupColumns[groupBy]!);
}

function rows(request: SeriesRequest, more?: Sql): Sql {
  const { project, tables } = request;
  return sql`FROM ${raw(tables.spans)}
WHERE ${allOf([ofProject(project), inTime(request), more])}
  AND ${conditions(request, rowExpressions)}`;
}

function merged(request: SeriesRequest, ofRepeated: Sql): Sql {
  const { project, tables } = request;
  const versions = allOf([ofProject(project), inTime(request), ofRepeated]);
  return sql`FROM ${mergedSpans(tables.spans, versions)}
WHERE ${conditions(request, mergedExpressions)}`;
}

function inTime({ from, to }: SeriesRequest): Sql {
  return sql`Timestamp >= ${nanos(from)} AND Timestamp < ${nanos(to)}`;
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
    spanConditions(filter, columns, { project, tables, traces: hoursAround(request) }),
  ]);
}

/** Where the traces are looked for in which spans stand several times. */
export function repeatedScope(request: Omit<SeriesRequest, "repeated">): RepeatedScope {
  const { project, tables } = request;
  return { project, tables, rows: [hoursAround(request)] };
}

function hoursAround({ from, to }: Pick<SeriesRequest, "from" | "to">): Sql {
  return sql`Hour >= toStartOfHour(${nanos(from)}) AND Hour <= ${nanos(to)}`;
}

import { hasError, rootDigits, withoutParent, withParent } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { clientVersion } from "../../processors/cost/pricing-run.ts";
import { grouped } from "../grouped.ts";
import { comparedIntegers, greatestText, leastText } from "../order.ts";
import { byArrival } from "../spans/row.ts";
import { allOf, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import type { TraceRow } from "./read.ts";
import type { TraceScope } from "./statements.ts";

/*
 * Numbers of dirty traces that have few spans are made of the writes of these here, not by the server, which takes longer to
 * understand how than to find them (bench/README.md). They are those of `countedFromSpans`.
 */

/** What is counted from the spans of a trace. */
export type TraceCounts = Omit<
  TraceRow,
  "firstHour" | "lastHour" | "dirty" | "silentRoot" | "session" | "tags" | "said" | "attributes"
>;

/** A write of a span. */
export interface SpanWrite {
  readonly traceId: string;
  readonly spanId: string;
  readonly isChild: number | boolean;
  readonly name: string;
  /** Nanoseconds since the epoch. */
  readonly startNs: string;
  readonly durationNs: string;
  readonly hasEnded: number | boolean;
  readonly status: string;
  readonly saysError: number | boolean;
  readonly cost: number | null;
  readonly isClientCost: number | boolean;
  readonly CreatedAt: string;
}

/**
 * @param scope of traces that are named in `dirtyIds`
 * @param most rows
 */
export function spanWritesStatement(scope: TraceScope, most: number): Statement {
  const { project, tables, started = [], dirtyIds = [] } = scope;
  return statementOf(sql`SELECT TraceId AS traceId, SpanId AS spanId, ParentSpanId != '' AS isChild, SpanName AS name,
  toString(toUnixTimestamp64Nano(Timestamp)) AS startNs, toString(Duration) AS durationNs, EndState != 'open' AS hasEnded,
  StatusCode AS status, ${raw(saysError)} AS saysError, Cost AS cost, PriceVersion = '${raw(clientVersion)}' AS isClientCost, CreatedAt
FROM ${raw(tables.spans)} AS w
WHERE ${allOf([ofProject(project), ...started, sql`TraceId IN ${param("Array(String)", dirtyIds)}`])}
LIMIT ${param("UInt64", most)}`);
}

/** An error that was said once stays; a status counts when it is known which one stands. */
const saysError = hasError.replace("StatusCode = 'Error' OR ", "");

/** @param writes all writes of the spans of some traces */
export function countsOfWrites(writes: readonly SpanWrite[]): readonly TraceCounts[] {
  const traces = grouped(byArrival(writes), ({ traceId }) => traceId);
  return [...traces].map(([traceId, ofTrace]) => countsOf(traceId, ofTrace));
}

/** @param writes of one trace, by arrival */
function countsOf(traceId: string, writes: readonly SpanWrite[]): TraceCounts {
  const spans = [...grouped(writes, ({ spanId }) => spanId).values()].map(spanOf);
  const costs = spans.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  return {
    traceId,
    firstStart: leastText(
      spans.map(({ startNs }) => startNs),
      comparedIntegers,
    ),
    lastEnd: greatestText(
      spans.map(({ endNs }) => endNs),
      comparedIntegers,
    ),
    createdAt: writes[0]!.CreatedAt,
    updatedAt: writes.at(-1)!.CreatedAt,
    spanCount: spans.length,
    errorCount: spans.filter(({ isError }) => isError).length,
    okCount: spans.filter(({ status, isError }) => status === "Ok" && !isError).length,
    spanCost: costs.length === 0 ? null : costs.reduce((total, cost) => total + cost, 0),
    root: leastText(spans.map(({ root }) => root)),
  };
}

/** @param writes of one span, by arrival: the newest of what they have said stands */
function spanOf(writes: readonly SpanWrite[]) {
  const { startNs } = writes.at(-1)!;
  const ended = writes.findLast(({ hasEnded }) => Boolean(hasEnded));
  const status = writes.findLast(({ status }) => status !== "Unset")?.status ?? "Unset";
  const priced = writes.filter(({ cost }) => cost !== null);
  const isChild = writes.some((write) => Boolean(write.isChild));
  const start = BigInt.asUintN(64, BigInt(startNs)).toString(16).toUpperCase();
  return {
    startNs,
    endNs: ended === undefined ? "0" : String(BigInt(ended.startNs) + BigInt(ended.durationNs)),
    status,
    isError: status === "Error" || writes.some((write) => Boolean(write.saysError)),
    cost: (priced.findLast(({ isClientCost }) => Boolean(isClientCost)) ?? priced.at(-1))?.cost ?? null,
    root: `${isChild ? withParent : withoutParent}${start.padStart(rootDigits - 1, "0")}${writes.findLast(({ name }) => name !== "")?.name ?? ""}`,
  };
}

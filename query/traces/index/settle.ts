import {
  type IndexedColumn,
  indexedColumns,
  indexedTags,
  indexedText,
  settledTraceIndexTable,
} from "../../../exporters/clickhouse/schema/settled-trace-index.ts";
import { placeOf } from "../../../exporters/clickhouse/schema/settled-traces.ts";
import type { Reader } from "../../reader.ts";
import type { SelectedRows, Settlement, SettleOptions, Stretch } from "../../settled/settlement.ts";
import {
  type StretchCounts,
  scopeOfStretch,
  taggedMark,
  traceStretches,
  whileQuiet,
} from "../../settled/trace-stretch.ts";
import { param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { rowsOfStretch } from "../rows/settle.ts";
import { dirtyStatement, exactTraces, type MadeOf, mostNamed, unsureAggregates } from "../stretch-traces.ts";

/*
 * The row of a stretch of the index of traces: all that begin in it, and what lists ask of them. What pages show of them is made with it.
 */

/** @param maxTraces most traces of a stretch that are kept */
export function traceIndexSettlement(maxTraces: number): Settlement {
  return {
    table: settledTraceIndexTable,
    rows: ({ settledTraceIndex }) => settledTraceIndex,
    ...traceStretches,
    markOf: taggedMark,
    settle: (reader, stretch, options) => settleIndex(reader, stretch, { ...options, maxTraces }),
  };
}

interface IndexOptions extends SettleOptions {
  readonly maxTraces: number;
}

/** @returns undefined: something has come, or there are too many */
export function settleIndex(
  reader: Reader,
  stretch: Stretch,
  { maxTraces, signal }: IndexOptions,
): Promise<readonly SelectedRows[] | undefined> {
  const make = async ({ Traces, Version }: StretchCounts): Promise<readonly SelectedRows[] | undefined> => {
    if (Traces > maxTraces) return undefined;
    const scope = scopeOfStretch(reader, stretch, { index: 0, of: 1 });
    const dirty = await reader.rows<{ traceId: string }>(dirtyStatement(scope), { signal });
    const made = { scope, Version, dirtyIds: dirty.map(({ traceId }) => traceId) };
    const index = { table: settledTraceIndexTable, columns: indexColumns, select: indexStatement(stretch, made) };
    return [rowsOfStretch(stretch, made), index];
  };
  return whileQuiet(reader, stretch, make, { markOf: taggedMark, signal });
}

/** What is kept, made of `exactTraces`. */
const expressions: Readonly<Record<IndexedColumn, string>> = {
  id: "toUUIDOrZero(TraceId)",
  place: placeOf("hasErrors", "firstOffset", "lastOffset"),
  status: "status",
  spanCount: "spanCount",
  startNs: "startNs",
  durationMs: "durationMs",
  cost: "cost",
  created: "created",
  name: indexedText("ifNull(name, '')"),
  session: indexedText("sessionId"),
  tags: indexedTags("tags"),
};

const names = Object.keys(indexedColumns) as IndexedColumn[];
const indexColumns: readonly string[] = [
  ...["ProjectId", "Hour", "Version", "Mark", "Traces", "FirstCreated", "LastCreated", "IsWhole", "Unsure"],
  ...names.map((name) => indexedColumns[name].column),
];

/**
 * A row of the table. It has no traces where an id is none of OpenTelemetry's, or too many traces go on elsewhere: that does not
 * change while nothing comes.
 */
export function indexStatement(stretch: Stretch, madeOf: MadeOf): Statement {
  const columns = ["name", "status", "hasErrors", "startNs", "durationMs", "cost", "sessionId"] as const;
  const made = `created, (${names.map((name) => expressions[name]).join(", ")}) AS trace`;
  const member = (name: IndexedColumn): string => String(names.indexOf(name) + 1);
  const arrays = names.map((name) => `tupleElement(traces, ${member(name)}) AS ${indexedColumns[name].column}`);
  return statementOf(sql`SELECT ${param("String", stretch.project)} AS ProjectId, toDateTime(${param("UInt32", stretch.hour)}, 'UTC') AS Hour,
  ${param("UInt64", madeOf.Version)} AS Version, ${param("Int64", stretch.mark)} AS Mark, Traces, FirstCreated, LastCreated, isWhole AS IsWhole, if(isWhole, arrayMap(id -> toUUIDOrZero(id), Unsure), []) AS Unsure,
  ${raw(arrays.join(",\n  "))}
FROM (
  SELECT countIf(begins) AS Traces, minIf(created, begins) AS FirstCreated, maxIf(created, begins) AS LastCreated,
    ${raw(unsureAggregates)},
    Others = 0 AND Long <= ${raw(String(mostNamed))} AS isWhole,
    if(isWhole, arraySort(t -> (t.${raw(member("startNs"))}, t.${raw(member("id"))}), groupArrayIf(trace, begins)), []) AS traces
  FROM (
${exactTraces(stretch, madeOf, { columns, made })}
  )
)`);
}

import { traceColumns } from "../columns.ts";
import { addColumns } from "./ensure.ts";
import { noStart } from "./roll-up-rows.ts";
import type { Ddl, Expiring } from "./sql.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/**
 * The table of spans, and when each trace was: a table that a view fills, or nothing where the roll-up of traces knows it too
 * and makes a view of that name (`traceTimesOfRollUp`).
 *
 * @param rollsUp the roll-up of traces is kept
 */
export function tracesSchema(table: string, rollsUp = false): TableSchema {
  const times = (ddl: Ddl): readonly string[] => [createTraceTimes(ddl, table), createTraceTimesView(ddl, table)];
  return {
    table,
    columns: traceColumns,
    deduplicated: [table, `${table}_trace_id_ts`],
    expiring: [spanRows(table), { table: `${table}_trace_id_ts`, time: "Start" }],
    migrations: (ddl) => [
      {
        version: 1,
        name: "spans and trace times",
        statements: [createTraces(ddl, table, rollsUp), ...(rollsUp ? [] : times(ddl))],
      },
      // For tables made without it. Parts that were there before get it when they are merged.
      {
        version: 2,
        name: "index of span ids",
        isInFirst: true,
        statements: rollsUp
          ? []
          : [
              `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} ADD INDEX IF NOT EXISTS idx_span_id SpanId TYPE bloom_filter(0.01) GRANULARITY 1`,
            ],
      },
      // Feedback names completions by it, of any time. 1 % of an insert.
      {
        version: 3,
        name: "index of response ids",
        statements: [
          // A table of the Collector does not have it yet.
          addColumns(
            ddl,
            table,
            traceColumns.filter(({ name }) => name === "ResponseId"),
          ),
          `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} ADD ${responseIndex("IF NOT EXISTS ")}`,
        ],
        isInFirst: true,
      },
    ],
  };
}

function responseIndex(guard = ""): string {
  return `INDEX ${guard}idx_response_id ResponseId TYPE bloom_filter(0.01) GRANULARITY 1`;
}

/** A row that is looked up brings its whole granule with it. Half as many rows cost inserts a quarter more, merges an eighth. */
const granularity = 4_096;
/** So for spans with long texts, of which fewer fill a granule. The spans of the bench's mix are granules of 4,000 rows with it. */
const granularityBytes = 6 * 2 ** 20;

function spanRows(table: string): Expiring {
  return { table, time: "toDateTime(Timestamp)", hasProjects: true };
}

/**
 * The table of spans. Partitions are days of Timestamp: a part of an old day is dropped whole when its time is over.
 *
 * Sorted by the second in which spans started: those of a trace lie beside each other, where the key of the widely used schema,
 * (ServiceName, SpanName, second), has each in another place; lists are by time as well; and parts, which come in the order of
 * time, are merged almost as if put one behind the other. What a service has done is therefore looked for in all rows of its
 * time (bench/README.md). Tables that were there before keep their key: every statement is right with any.
 */
function createTraces(ddl: Ddl, table: string, rollsUp: boolean): string {
  return createTable(ddl, {
    ...spanRows(table),
    lines: [
      ...columnLines(traceColumns),
      "INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1",
      // Beside a roll-up of traces, the table of ids takes its place. Each false hit is a granule read for nothing, of another
      // part as a rule: that is why it is so sharp.
      ...(rollsUp ? [] : ["INDEX idx_span_id SpanId TYPE bloom_filter(0.001) GRANULARITY 1"]),
      "INDEX idx_duration Duration TYPE minmax GRANULARITY 1",
      responseIndex(),
    ],
    engine: "",
    partitionBy: "toDate(Timestamp)",
    orderBy: "toDateTime(Timestamp)",
    granularity,
    granularityBytes,
  });
}

/** From when to when a trace lasted: one row a trace (after merges), which finds its days without reading all spans. */
function createTraceTimes(ddl: Ddl, table: string): string {
  return createTable(ddl, {
    table: `${table}_trace_id_ts`,
    lines: [
      "TraceId String CODEC(ZSTD(1))",
      "Start SimpleAggregateFunction(min, DateTime) CODEC(Delta(4), ZSTD(1))",
      "End SimpleAggregateFunction(max, DateTime) CODEC(Delta(4), ZSTD(1))",
    ],
    engine: "Aggregating",
    partitionBy: "toStartOfWeek(Start)",
    orderBy: "TraceId",
    time: "Start",
  });
}

/** Fills the table of trace times, block by block. */
function createTraceTimesView(ddl: Ddl, table: string): string {
  return [
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${ddl.table(`${table}_trace_id_ts_mv`)}${ddl.onCluster}`,
    `TO ${ddl.table(`${table}_trace_id_ts`)} AS`,
    "SELECT TraceId, min(toDateTime(Timestamp)) AS Start, max(toDateTime(Timestamp)) AS End",
    `FROM ${ddl.table(table)}`,
    "WHERE TraceId != ''",
    "GROUP BY TraceId",
  ].join("\n");
}

/**
 * The same as a view of the roll-up of traces: one row for each block that had spans of the trace, until merges put them
 * together. Filling a table of its own for it cost an insert a tenth more. Where there is such a table it stays.
 *
 * The second statement takes the name of the view that fills such a table: the Collector's exporter, started beside this one,
 * makes what is missing and would write to a view.
 */
export function traceTimesOfRollUp(ddl: Ddl, table: string, traces: string): readonly string[] {
  const name = `${table}_trace_id_ts`;
  const select = [
    "SELECT TraceId, toDateTime(Start) AS Start, toDateTime(greatest(Start, End)) AS End",
    `FROM ${ddl.table(traces)}`,
    `WHERE Start < ${noStart}`,
  ].join("\n");
  return [name, `${name}_mv`].map(
    (view) => `CREATE VIEW IF NOT EXISTS ${ddl.table(view)}${ddl.onCluster} AS\n${select}`,
  );
}

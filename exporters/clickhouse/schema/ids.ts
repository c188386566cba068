import type { ColumnDefinition } from "../encode/column-group.ts";
import type { Migration } from "./migrations.ts";
import { type RollUpTables, signsOfLife } from "./reconcile.ts";
import { noStart } from "./roll-up-rows.ts";
import { columnLines, createTable, type TableSchema, viewOf } from "./table-schema.ts";

/*
 * Where the rows of a span or trace lie, for who knows its id alone. Spans and traces are sorted by time, and bloom filters of
 * their ids have to be asked one by one: that took the longer the more there were, and cost inserts as much as this table does
 * (bench/README.md). Here an id is found by the sorting key. Tables of former versions keep those filters: to remove them the
 * server would write most of the rows again (`ALTER TABLE otel_traces DROP INDEX idx_span_id` and, of traces, idx_trace_id).
 */

/** The name of the table. @param traces the roll-up of traces, whose rows fill it */
export function idsTableOf(traces: string): string {
  return `${traces}_ids`;
}

/** The hash of a stored id (expression of the server). Others with the same hash only make a look-up look in more places. */
export function idHash(id: string): string {
  return `toUInt32(cityHash64(${id}))`;
}

const columns: readonly ColumnDefinition[] = [
  { name: "Id", type: "UInt32", ddl: "UInt32 CODEC(Delta(4), LZ4)" },
  // UTC. Of a trace, Hour of its row; of a span, the first second in which it may have started, 0: anywhere.
  { name: "First", type: "DateTime", ddl: "DateTime CODEC(LZ4)" },
  // Seconds from First to the last in which the span may have started.
  { name: "Range", type: "UInt32", ddl: "UInt32 CODEC(T64, LZ4)" },
];

/** `First` of a span. A DateTime knows the times from 1970 to 2106, a DateTime64 more. */
function firstOf(start: string): string {
  const isKnown = `${start} >= toDateTime64('1970-01-01 01:00:00', 9, 'UTC') AND ${start} < toDateTime64('2106-01-01 00:00:00', 9, 'UTC')`;
  return `if(${isKnown}, toDateTime(${start}), toDateTime(0))`;
}

/** Few rows for each look-up. */
const granularity = 1024;

/** The table of ids, and the view that fills it from the roll-up of traces. */
export function idsSchema({ spans, traces }: RollUpTables): TableSchema {
  const table = idsTableOf(traces);
  const time = "First";
  return {
    table,
    columns,
    // A row that comes twice is one place to look in.
    deduplicated: [],
    filledFrom: traces,
    lostWithout: "until then the API finds no spans and traces by their ids (traces_rollup: false if it need not)",
    expiring: [{ table, time, keptWith: [spans, traces] }],
    migrations: (ddl) => [
      {
        version: 1,
        name: "ids of spans and traces",
        statements: [
          createTable(ddl, {
            table,
            lines: columnLines(columns),
            engine: "",
            // Each part is looked into: months have few.
            partitionBy: "toYYYYMM(First)",
            orderBy: "Id",
            time,
            keptWith: [spans, traces],
            granularity,
            remembersTokens: false,
          }),
          `CREATE MATERIALIZED VIEW IF NOT EXISTS ${ddl.table(viewOf(table))}${ddl.onCluster}\nTO ${ddl.table(table)} AS\n${idRowsOf(ddl.table(traces))}`,
        ],
      },
      { version: 2, name: "ids that were there before", statements: [], run: fillIds(table, { spans, traces }) },
    ],
  };
}

/**
 * The rows that those of the roll-up of traces make: of a trace without spans, its own alone. Repairs write rows that do not say
 * when the spans have started.
 */
function idRowsOf(traces: string): string {
  return [
    "SELECT k.1 AS Id, k.2 AS First, k.3 AS Range",
    "FROM (",
    "  SELECT arrayJoin(arrayPushBack(",
    "    arrayMap(h -> (h, first, range), SpanHashes),",
    `    (${idHash("TraceId")}, Hour, toUInt32(0)))) AS k,`,
    `    if(isRepair, Hour, ${firstOf("Start")}) AS first, if(isRepair, toUInt32(3599), StartRange) AS range,`,
    `    Start = ${noStart} AS isRepair`,
    `  FROM ${traces}`,
    ")",
  ].join("\n");
}

/** Row by row, so that it takes little memory. What comes meanwhile, and after a start that was interrupted all, is in it twice. */
function fillIds(table: string, { spans, traces }: RollUpTables): NonNullable<Migration["run"]> {
  return async (client, ddl) => {
    const sources = [
      [spans, "SpanId", firstOf("Timestamp")],
      [traces, "TraceId", "Hour"],
    ] as const;
    for (const [source, id, first] of sources) {
      await client.command({
        query: `INSERT INTO ${ddl.table(table)} (Id, First, Range)\nSELECT ${idHash(id)}, ${first}, 0 FROM ${ddl.table(source)}`,
        clickhouse_settings: { ...signsOfLife, max_partitions_per_insert_block: "0" },
      });
    }
  };
}

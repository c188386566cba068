import type { ColumnDefinition } from "../encode/column-group.ts";
import type { Migration } from "./migrations.ts";
import { type RollUpTables, signsOfLife } from "./reconcile.ts";
import { idHash, startsOf } from "./roll-up-rows.ts";
import { columnLines, createTable, type TableSchema, viewOf } from "./table-schema.ts";

/*
 * Where the rows of a span or trace lie, for who knows its id alone. Spans and traces are sorted by time, and bloom filters of
 * their ids have to be asked one by one: that took the longer the more there were, and cost large inserts as much as this table
 * does, small ones less (bench/README.md). Here an id is found by the sorting key. Tables of former versions keep those
 * filters: to remove them the server would write most of the rows again (`ALTER TABLE otel_traces DROP INDEX idx_span_id` and,
 * of traces, idx_trace_id).
 */

/** The name of the table. @param traces the roll-up of traces, whose rows fill it */
export function idsTableOf(traces: string): string {
  return `${traces}_ids`;
}

const columns: readonly ColumnDefinition[] = [
  { name: "Id", type: "UInt32", ddl: "UInt32 CODEC(Delta(4), LZ4)" },
  // As in the roll-up. Of either, few bits differ: 8.1 bytes a row in place of 10.6 with LZ4 alone.
  { name: "Hour", type: "DateTime", ddl: "DateTime CODEC(T64('bit'), LZ4)" },
  { name: "Starts", type: "UInt32", ddl: "UInt32 CODEC(T64('bit'), LZ4)" },
];

/** Few rows for each look-up. */
const granularity = 1024;

/** The table of ids, and the view that fills it from the roll-up of traces. */
export function idsSchema({ spans, traces }: RollUpTables): TableSchema {
  const table = idsTableOf(traces);
  const time = "Hour";
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
            partitionBy: "toYYYYMM(Hour)",
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

/** The rows that those of the roll-up of traces make. Nothing more than that: the server understands it anew with every insert. */
function idRowsOf(traces: string): string {
  return `SELECT arrayJoin(arrayPushBack(SpanHashes, ${idHash("TraceId")})) AS Id, Hour, Starts\nFROM ${traces}`;
}

/** Row by row, so that it takes little memory. What comes meanwhile, and after a start that was interrupted all, is in it twice. */
function fillIds(table: string, { spans, traces }: RollUpTables): NonNullable<Migration["run"]> {
  return async (client, ddl) => {
    const sources = [
      [spans, "SpanId", "toStartOfHour(Timestamp, 'UTC')", startsOf("Timestamp", "Timestamp")],
      [traces, "TraceId", "Hour", "0"],
    ] as const;
    for (const [source, id, hour, starts] of sources) {
      await client.command({
        query: `INSERT INTO ${ddl.table(table)} (Id, Hour, Starts)\nSELECT ${idHash(id)}, ${hour}, ${starts} FROM ${ddl.table(source)}`,
        clickhouse_settings: { ...signsOfLife, max_partitions_per_insert_block: "0" },
      });
    }
  };
}

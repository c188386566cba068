import type { ColumnDefinition } from "../encode/column-group.ts";
import { addColumns } from "./ensure.ts";
import { type Migration, rowsOf } from "./migrations.ts";
import { traceTimesOfRollUp } from "./otel-traces.ts";
import { reconcileDay, signsOfLife, traceDays } from "./reconcile.ts";
import { none, noStart, sessionRowsOf, tagKeys, traceRowsOf } from "./roll-up-rows.ts";
import type { Ddl } from "./sql.ts";
import { columnLines, createTable, type TableSchema, viewOf, wholePartitions } from "./table-schema.ts";

/*
 * Roll-ups: what lists of traces and sessions read in place of all spans. Views fill them from every inserted block, and
 * receivers write rows of their own for what is said of a trace or session itself. Rows of one key are put together by
 * merges, and by every reader with the same functions (`min`, `max`, `sum`, `groupUniqArrayArray`).
 *
 * What a row costs was measured (bench/README.md): tuples as values of `min` are three times as dear as texts that sort the
 * same way, hence the texts of Root, Session and the names.
 */

/** Values of a key: (key, value, version); the highest version is the one that holds. */
const versioned = "SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(String, String, UInt64)))";
/** ZSTD(1) would take two thirds of the bytes, and merges a third more CPU: rows are few and small beside spans. */
const packed = "CODEC(LZ4)";
const times = "CODEC(Delta(8), LZ4)";

function column(name: string, type: string, more = "", codec = packed): ColumnDefinition {
  return { name, type, ddl: [type, more, codec].filter((part) => part !== "").join(" ") };
}

/** The columns of `traces`. All but the first three may be left out by who inserts a row. */
export const traceRollUpColumns: readonly ColumnDefinition[] = [
  column("ProjectId", "LowCardinality(String)", "", ""),
  // UTC. The hour of the spans, or of the start that was given for the trace.
  column("Hour", "DateTime", "", "CODEC(Delta(4), LZ4)"),
  column("TraceId", "String"),
  column("Start", "SimpleAggregateFunction(min, DateTime64(9))", `DEFAULT ${noStart}`, times),
  // 1970: no span has ended.
  column("End", "SimpleAggregateFunction(max, DateTime64(9))", "", times),
  column("CreatedAt", "SimpleAggregateFunction(min, DateTime64(3))", "DEFAULT now64(3)", times),
  column("UpdatedAt", "SimpleAggregateFunction(max, DateTime64(3))", "DEFAULT now64(3)", times),
  // RowCount = length(SpanHashes): no span stands twice in the table of spans, and the sums are right. Otherwise they must be
  // made from the spans. Signed, and the same for the other counts, because corrections may be negative.
  column("RowCount", "SimpleAggregateFunction(sum, Int64)", "", "CODEC(T64, LZ4)"),
  column("SpanHashes", "SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32))"),
  column("ErrorCount", "SimpleAggregateFunction(sum, Int64)", "", "CODEC(T64, LZ4)"),
  column("OkCount", "SimpleAggregateFunction(sum, Int64)", "", "CODEC(T64, LZ4)"),
  column("Cost", "SimpleAggregateFunction(sum, Nullable(Float64))"),
  // '0' for a span without parent or '1', its start in 16 hex digits of nanoseconds, its name.
  column("Root", "SimpleAggregateFunction(min, String)", `DEFAULT '${none}'`),
  // 1: no span without parent has an input or an output, and lists need not look for them in the table of spans. Rows of spans
  // that are older than this column say 0, as if one had; those that receivers write are of no span.
  column("SilentRoot", "SimpleAggregateFunction(min, UInt8)", "DEFAULT RowCount = 0"),
  // Arrival (12 hex digits of milliseconds) and id of the first session.
  column("Session", "SimpleAggregateFunction(min, String)", `DEFAULT '${none}'`),
  // Arrival and name of the last session name.
  column("SessionName", "SimpleAggregateFunction(max, String)"),
  // When the spans of a block have started (`startsOf`): what the table of ids has to know. Of no use here.
  column("Starts", "SimpleAggregateFunction(max, UInt32)"),
  // The trace's own: of trace_tags and POST /traces.
  column("Tags", versioned),
  // What POST /traces says: name, status, started_at and ended_at (nanoseconds), duration_ms, cost.
  column("Explicit", versioned),
  // Values are JSON texts.
  column("Attributes", versioned),
];

const utcToday = "toDate(now64(3), 'UTC')";

/** The columns of `sessions`. */
export const sessionRollUpColumns: readonly ColumnDefinition[] = [
  column("ProjectId", "LowCardinality(String)", "", ""),
  column("SessionId", "String"),
  // UTC day of arrival: rows of one session on one day are one row, and old days go whole.
  column("Day", "Date", `DEFAULT ${utcToday}`, ""),
  column("Name", "SimpleAggregateFunction(max, String)"),
  column("CreatedAt", "SimpleAggregateFunction(min, DateTime64(3))", "DEFAULT now64(3)", times),
  column("UpdatedAt", "SimpleAggregateFunction(max, DateTime64(3))", "DEFAULT now64(3)", times),
  // Hour and id of each trace: the keys of `traces`.
  column("Traces", "SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(DateTime, String)))"),
  // Estimates that find candidates: of the blocks in which a trace had named its session. Exact numbers come from `traces`.
  column("Cost", "SimpleAggregateFunction(sum, Nullable(Float64))"),
  column("ErrorCount", "SimpleAggregateFunction(sum, Int64)", "", "CODEC(T64, LZ4)"),
  column("Duration", "SimpleAggregateFunction(sum, Int64)"),
  column("Tags", versioned),
  column("Attributes", versioned),
];

const lostWithout = "until then the API lists no traces and sessions (traces_rollup: false if it need not)";

/** Few rows for each look-up of a trace or session; the index is small all the same. */
const granularity = 1024;

/** The roll-up of traces, and the view that fills it from the table of spans. */
export function traceRollUpSchema(table: string, spans: string): TableSchema {
  const keys = ["ProjectId", "Hour", "TraceId"];
  return {
    table,
    columns: traceRollUpColumns,
    deduplicated: [table],
    filledFrom: spans,
    lostWithout,
    expiring: [{ table, time: "Hour", hasProjects: true }],
    migrations: (ddl) => [
      {
        version: 1,
        name: "roll-up of traces",
        statements: [
          createTable(ddl, {
            table,
            lines: [
              ...columnLines(traceRollUpColumns),
              "INDEX idx_created_at CreatedAt TYPE minmax GRANULARITY 1",
              "INDEX idx_updated_at UpdatedAt TYPE minmax GRANULARITY 1",
            ],
            engine: "Aggregating",
            partitionBy: "toDate(Hour)",
            orderBy: `(${keys.join(", ")})`,
            time: "Hour",
            hasProjects: true,
            granularity,
            widePartBytes,
            settings: wholePartitions,
          }),
          view(ddl, table, traceRowsOf(ddl.table(spans))),
          ...traceTimesOfRollUp(ddl, spans, table),
        ],
      },
      { version: 2, name: "traces of spans that were there before", statements: [], run: fillTraces(table, spans) },
      wholeDays(ddl, table, 3),
      wideParts(ddl, table, 4),
      {
        version: 5,
        name: "times that the table of ids needs, and one that does not depend on the server's time zone",
        statements: [
          `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY COLUMN Start DEFAULT ${noStart}`,
          addColumns(
            ddl,
            table,
            traceRollUpColumns.filter(({ name }) => name === "Starts"),
          ),
        ],
        isInFirst: true,
        run: modifyView(table, traceRowsOf(ddl.table(spans))),
      },
      {
        version: 6,
        name: "names that sessions were given beside ids in one block",
        statements: [],
        run: modifyView(table, traceRowsOf(ddl.table(spans))),
      },
      {
        version: 7,
        name: "roots without input and output",
        statements: [
          addColumns(
            ddl,
            table,
            traceRollUpColumns.filter(({ name }) => name === "SilentRoot"),
          ),
        ],
        isInFirst: true,
        run: modifyView(table, traceRowsOf(ddl.table(spans))),
      },
    ],
  };
}

/** The roll-up of sessions, and the view that fills it from the roll-up of traces. */
export function sessionRollUpSchema(table: string, traces: string): TableSchema {
  return {
    table,
    columns: sessionRollUpColumns,
    deduplicated: [table],
    filledFrom: traces,
    lostWithout,
    expiring: [{ table, time: "Day", hasProjects: true }],
    migrations: (ddl) => [
      {
        version: 1,
        name: "roll-up of sessions",
        statements: [
          createTable(ddl, {
            table,
            lines: [
              ...columnLines(sessionRollUpColumns),
              `INDEX idx_tag_keys ${tagKeys} TYPE bloom_filter(0.01) GRANULARITY 1`,
              sessionIndex(),
            ],
            engine: "Aggregating",
            partitionBy: "Day",
            // A part is a day, and an index says in which of them an id is; a day and an id find one place.
            orderBy: "(ProjectId, Day, SessionId)",
            time: "Day",
            hasProjects: true,
            granularity,
            widePartBytes,
            settings: wholePartitions,
          }),
          view(ddl, table, sessionRowsOf(ddl.table(traces))),
        ],
      },
      {
        version: 2,
        name: "sessions of traces that were there before",
        statements: [],
        run: fillSessions(table, traces),
      },
      wholeDays(ddl, table, 3),
      wideParts(ddl, table, 4),
      {
        version: 5,
        name: "names that sessions were given stay",
        statements: [],
        run: modifyView(table, sessionRowsOf(ddl.table(traces))),
      },
      {
        version: 6,
        // The one of this step is another since: 8.
        name: "index of session ids",
        statements: [],
        isInFirst: true,
      },
      {
        version: 7,
        name: "days that do not depend on the server's time zone",
        statements: [`ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY COLUMN Day DEFAULT ${utcToday}`],
        isInFirst: true,
      },
      {
        version: 8,
        // Without it a session is looked for in one granule of each day that is kept.
        name: "index of session ids that is right about many at once",
        statements: [
          `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} ADD ${sessionIndex("IF NOT EXISTS ")}`,
          `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} DROP INDEX IF EXISTS idx_session_id`,
          `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MATERIALIZE INDEX ${sessionIndexName}`,
        ],
        isInFirst: true,
      },
    ],
  };
}

/**
 * A day to which nothing was added for an hour becomes one part. A statement about all days costs by the part, and rows are
 * small: 2 us of CPU each, once a day, and again at most once an hour for a day to which late spans come.
 */
function wholeDays(ddl: Ddl, table: string, version: number): Migration {
  return {
    version,
    name: "days that have ended in one part",
    statements: [`ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY SETTING ${wholePartitions}`],
    isInFirst: true,
  };
}

/**
 * What merges make of a day has a file for each column: a list reads the keys of many rows and all of a few, which takes two
 * thirds of the time (bench/README.md). Inserted blocks have fewer bytes, and stay in one file each.
 */
function wideParts(ddl: Ddl, table: string, version: number): Migration {
  return {
    version,
    name: "merged parts with a file for each column",
    statements: [
      `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY SETTING min_bytes_for_wide_part = ${widePartBytes}`,
    ],
    isInFirst: true,
  };
}

const widePartBytes = 4 * 2 ** 20;

const sessionIndexName = "idx_session";

/** A page asks for dozens of ids at once: of one in a hundred that is there by mistake, half of all granules would be read. */
function sessionIndex(guard = ""): string {
  return `INDEX ${guard}${sessionIndexName} SessionId TYPE bloom_filter(0.0001) GRANULARITY 1`;
}

function view(ddl: Ddl, table: string, select: string): string {
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${ddl.table(viewOf(table))}${ddl.onCluster}\nTO ${ddl.table(table)} AS\n${select}`;
}

/**
 * Gives a view its present query, if it has another one: new tables have it from the start. Until the server starts again, the
 * blocks of a view that was altered have other ids than afterwards (seen with ClickHouse 26.7), so that a block that is tried
 * again after a crash is not known by its view.
 */
function modifyView(table: string, select: string): NonNullable<Migration["run"]> {
  return async (client, ddl) => {
    const query =
      "SELECT 1 FROM system.tables WHERE database = {database: String} AND name = {view: String} AND as_select = formatQuerySingleLine({select: String})";
    const view = viewOf(table);
    if ((await rowsOf(client, query, { database: ddl.database, view, select })).length > 0) return;
    await client.command({ query: `ALTER TABLE ${ddl.table(view)}${ddl.onCluster} MODIFY QUERY ${select}` });
  };
}

/** Fills a new roll-up from the spans that were there before its view, day by day. */
function fillTraces(traces: string, spans: string): NonNullable<Migration["run"]> {
  return async (client, ddl) => {
    for (const day of await traceDays(client, ddl, spans)) {
      await reconcileDay(client, ddl, { spans, traces }, day, "backfill");
    }
  };
}

/** What is counted twice, because it came meanwhile, makes an estimate too high and nothing else. */
function fillSessions(sessions: string, traces: string): NonNullable<Migration["run"]> {
  return async (client, ddl) => {
    const columns = "ProjectId, SessionId, Day, Name, CreatedAt, UpdatedAt, Traces, Cost, ErrorCount, Duration";
    await client.command({
      query: `INSERT INTO ${ddl.table(sessions)} (${columns})\n${sessionRowsOf(ddl.table(traces))}`,
      clickhouse_settings: { ...signsOfLife, max_partitions_per_insert_block: "0" },
    });
  };
}

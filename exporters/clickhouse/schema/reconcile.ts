import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import { rowsOf } from "./migrations.ts";
import { noStart, traceRowsOf } from "./roll-up-rows.ts";
import type { Ddl } from "./sql.ts";

/** Two tables of one database, not quoted. */
export interface RollUpTables {
  readonly spans: string;
  readonly traces: string;
}

/** A day (UTC) of spans, as `2026-11-21`, and about how many traces have spans on it. */
export interface TraceDay {
  readonly day: string;
  readonly traces: number;
}

/** Traces that are looked at in one statement: their keys and sums take some hundred bytes each on the server. */
const tracesPerStatement = 500_000;

/**
 * Adds to the roll-up of traces what it lacks of the spans of a day: everything, for spans older than the view; the change of
 * cost, where spans were given another. Rows that are inserted meanwhile may be counted twice: then RowCount says so, and
 * readers count the spans of these traces.
 *
 * @param run name of this run: within the window of remembered tokens, a second run of that name adds nothing
 */
export async function reconcileDay(
  client: ClickHouseClient,
  ddl: Ddl,
  tables: RollUpTables,
  { day, traces }: TraceDay,
  run: string = randomUUID(),
): Promise<void> {
  const buckets = Math.max(1, Math.ceil(traces / tracesPerStatement));
  for (let bucket = 0; bucket < buckets; bucket++) {
    await client.command({
      query: reconcileStatement(ddl, tables),
      query_params: { day, buckets, bucket },
      clickhouse_settings: {
        ...oneBlock,
        insert_deduplication_token: `${tables.traces} ${run} ${day} ${bucket}/${buckets}`,
      },
    });
  }
}

/** The days of which there are spans. @param condition on rows of the table of spans, with values in `params` */
export async function traceDays(
  client: ClickHouseClient,
  ddl: Ddl,
  spans: string,
  condition = "1",
  params: Readonly<Record<string, unknown>> = {},
): Promise<readonly TraceDay[]> {
  const query = `SELECT toString(toDate(Timestamp, 'UTC')) AS day, uniq(TraceId) AS traces
FROM ${ddl.table(spans)} WHERE ${condition} GROUP BY day ORDER BY day`;
  const rows = await rowsOf<{ day: string; traces: number | string }>(client, query, params);
  return rows.map(({ day, traces }) => ({ day, traces: Number(traces) }));
}

/** The server shows that it works: the client gives up on a silent one after `timeout`. */
export const signsOfLife = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: "10000",
} as const;

/** All of one statement is one block, as a token names one. */
const oneBlock = {
  ...signsOfLife,
  max_insert_threads: "1",
  max_insert_block_size: "100000000",
  min_insert_block_size_rows: "100000000",
  min_insert_block_size_bytes: "100000000000",
} as const;

const sums = ["RowCount", "ErrorCount", "OkCount"] as const;

/** INSERT of the differences between what the spans of a day say and what the roll-up has. */
export function reconcileStatement(ddl: Ddl, { spans, traces }: RollUpTables): string {
  const ofDay = (time: string): string =>
    `${time} >= toDateTime({day: String}, 'UTC') AND ${time} < toDateTime({day: String}, 'UTC') + toIntervalDay(1)` +
    " AND cityHash64(TraceId) % {buckets: UInt32} = {bucket: UInt32}";
  const isOther = [
    ...sums.map((name) => `n.${name} != o.${name}`),
    "n.Start < o.Start",
    "n.End > o.End",
    "abs(ifNull(n.Cost, 0) - ifNull(o.Cost, 0)) > 1e-9 * greatest(abs(ifNull(n.Cost, 0)), 1e-3)",
  ];
  return `INSERT INTO ${ddl.table(traces)}
  (ProjectId, Hour, TraceId, Start, End, CreatedAt, UpdatedAt, RowCount, SpanHashes, ErrorCount, OkCount, Cost, Root, SilentRoot, Session, SessionName, Starts)
SELECT n.ProjectId, n.Hour, n.TraceId,
  if(o.known = 0 OR n.Start < o.Start, n.Start, ${noStart}),
  if(n.End > o.End, n.End, toDateTime64(0, 9)),
  n.CreatedAt, n.UpdatedAt, n.RowCount - o.RowCount, n.SpanHashes, n.ErrorCount - o.ErrorCount, n.OkCount - o.OkCount,
  if(n.Cost IS NULL AND o.Cost IS NULL, NULL, ifNull(n.Cost, 0) - ifNull(o.Cost, 0)),
  n.Root, n.SilentRoot, n.Session, n.SessionName, n.Starts
FROM (
${traceRowsOf(ddl.table(spans), `TraceId != '' AND ${ofDay("Timestamp")}`)}
) AS n
LEFT JOIN (
SELECT ProjectId, Hour, TraceId, 1 AS known, min(t.Start) AS Start, max(t.End) AS End, sum(t.Cost) AS Cost,
  ${sums.map((name) => `sum(t.${name}) AS ${name}`).join(", ")}
FROM ${ddl.table(traces)} AS t
WHERE ${ofDay("Hour")}
GROUP BY ProjectId, Hour, TraceId
) AS o USING (ProjectId, Hour, TraceId)
WHERE o.known = 0 OR ${isOther.join(" OR ")}`;
}

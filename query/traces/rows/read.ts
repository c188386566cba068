import type { Reader, StoreTables } from "../../reader.ts";
import { stretchOf } from "../../settled/hours.ts";
import { traceSpan } from "../../settled/trace-stretch.ts";
import { arrayOf, ofProject, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { idOf } from "../lists/statements.ts";
import { rowsOfTraces, type TraceKey, type TraceRow } from "../read.ts";
import { traceOfText } from "./text.ts";

/** A row of a settled trace: one for each time that it was made, until they are merged. */
interface KeptRow {
  /** As stored. */
  readonly traceId: string;
  readonly Version: number;
  readonly Mark: number;
  readonly Row: string;
}

/**
 * What the roll-up says of some traces, from what was kept of them where that still holds.
 *
 * @param marks by the first hour of a stretch (seconds since the epoch), what `taggedMark` says of it now
 */
export async function rowsOfSettled(
  reader: Reader,
  project: string,
  keys: readonly TraceKey[],
  marks: ReadonlyMap<number, number>,
): Promise<readonly TraceRow[]> {
  if (keys.length === 0) return [];
  const newest = new Map<string, KeptRow>();
  for (const row of await reader.rows<KeptRow>(settledRowsStatement(project, reader.tables, keys))) {
    if (row.Version > (newest.get(row.traceId)?.Version ?? 0)) newest.set(row.traceId, row);
  }
  const rows: TraceRow[] = [];
  const others: TraceKey[] = [];
  for (const key of keys) {
    const kept = newest.get(key.traceId);
    if (kept !== undefined && kept.Mark === marks.get(stretchOfKey(key))) rows.push(traceOfText(key, kept.Row));
    else others.push(key);
  }
  return others.length === 0 ? rows : [...rows, ...(await rowsOfTraces(reader, project, others, 0))];
}

function stretchOfKey({ firstHour }: TraceKey): number {
  return stretchOf(firstHour, traceSpan);
}

/** Rows of `KeptRow`: without FINAL, for which the server would read the rows beside. */
export function settledRowsStatement(
  project: string,
  { settledTraceRows }: StoreTables,
  keys: readonly TraceKey[],
): Statement {
  const hours = arrayOf("UInt32", keys.map(stretchOfKey));
  const ids = arrayOf(
    "String",
    keys.map(({ traceId }) => traceId),
  );
  return statementOf(sql`SELECT ${raw(idOf("Id"))} AS traceId, Version, Mark, Row
FROM ${raw(settledTraceRows)}
WHERE ${ofProject(project)}
  AND (Hour, Id) IN (SELECT toDateTime(k.1), toUUIDOrZero(k.2) FROM (SELECT arrayJoin(arrayZip(${hours}, ${ids})) AS k))`);
}

import { storedTraceId } from "../../pipeline/ids.ts";
import type { Reader } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { bound, type SpanFilter } from "./filter.ts";
import type { Hours, SpanOrder } from "./list.ts";

interface HoursRow {
  /** Hours since the epoch; null: there is nothing. */
  readonly First: number | null;
  readonly Last: number | null;
}

/**
 * The hours in which spans that fit may have started; undefined: there are none. Days outside of them are not looked into.
 */
export async function hoursOf(
  reader: Reader,
  project: string,
  filter: SpanFilter,
  signal?: AbortSignal,
): Promise<Hours | undefined> {
  const [row] = await reader.rows<HoursRow>(
    hoursStatement(reader, project, filter),
    signal === undefined ? {} : { signal },
  );
  if (row?.First == null || row.Last == null) return undefined;
  // Columns of hours know no time before 1970: such spans stand in its first hour.
  return { ...(row.First <= 0 ? {} : { from: row.First }), to: row.Last + 1 };
}

export function hoursStatement({ tables }: Reader, project: string, filter: SpanFilter): Statement {
  if (filter.trace_id !== undefined) {
    return statementOf(sql`SELECT ${hour("minOrNull(Start)")} AS First, ${hour("maxOrNull(End)")} AS Last
FROM ${raw(tables.traceTimes)}
WHERE TraceId = ${param("String", storedTraceId(filter.trace_id))}`);
  }
  if (filter.session_id !== undefined) {
    return statementOf(sql`SELECT ${hour("minOrNull(tupleElement(Trace, 1))")} AS First, ${hour("maxOrNull(tupleElement(Trace, 1))")} AS Last
FROM ${raw(tables.sessions)}
ARRAY JOIN Traces AS Trace
WHERE ${ofProject(project)} AND SessionId = ${param("String", filter.session_id)}`);
  }
  const arrived = [
    filter.created_after === undefined ? undefined : sql`UpdatedAt >= ${bound(filter.created_after)}`,
    filter.created_before === undefined ? undefined : sql`CreatedAt <= ${bound(filter.created_before)}`,
  ].filter((condition) => condition !== undefined);
  if (arrived.length > 0) {
    return statementOf(sql`SELECT ${hour("minOrNull(Hour)")} AS First, ${hour("maxOrNull(Hour)")} AS Last
FROM ${raw(tables.traces)}
WHERE ${allOf([ofProject(project), ...arrived])}`);
  }
  // In the order of the sorting key, so that one row of each part is read.
  const end = (direction: string): Sql => sql`(SELECT ${hour("Hour")} FROM ${raw(tables.traces)}
  WHERE ${ofProject(project)} ORDER BY ProjectId ${raw(direction)}, Hour ${raw(direction)} LIMIT 1)`;
  return statementOf(sql`SELECT ${end("ASC")} AS First, ${end("DESC")} AS Last`);
}

function hour(time: string): Sql {
  return raw(`intDiv(toUnixTimestamp(${time}), 3600)`);
}

/** How many hours the first part of a list has; each further one has so many times as many. */
const firstHours = 2;
const growth = 4;

/**
 * Parts of `hours` in the order of a list: by time, the nearest first and each longer than the last, so that a short page
 * looks at little and a rare match is found in few steps. Otherwise all at once.
 */
export function* partsOf(hours: Hours, order: SpanOrder): Generator<Hours> {
  const { from, to } = hours;
  if (order.by !== "started_at" || from === undefined || to === undefined) {
    yield hours;
    return;
  }
  let length = firstHours;
  if (order.descending) {
    let end = to;
    for (; end - length > from; length *= growth) {
      yield { from: end - length, to: end };
      end -= length;
    }
    yield { from, to: end };
    return;
  }
  let start = from;
  for (; start + length < to; length *= growth) {
    yield { from: start, to: start + length };
    start += length;
  }
  yield { from: start, to };
}

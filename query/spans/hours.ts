import { storedSpanId, storedTraceId } from "../../pipeline/ids.ts";
import { type Hours, hourOf, mostHoursOfAll } from "../hours.ts";
import { isOfId } from "../places.ts";
import type { Reader } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { bound, type SpanFilter } from "./filter.ts";

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
  const [row] = await reader.rows<HoursRow>(hoursStatement(reader, project, filter), { signal });
  if (row?.First == null || row.Last == null) return undefined;
  // Columns of hours know no time before 1970: such spans stand in its first hour.
  return { ...(row.First <= 0 ? {} : { from: row.First }), to: row.Last + 1 };
}

export function hoursStatement({ tables }: Reader, project: string, filter: SpanFilter): Statement {
  const id =
    filter.trace_id !== undefined
      ? storedTraceId(filter.trace_id)
      : filter.id !== undefined
        ? storedSpanId(filter.id)
        : undefined;
  if (tables.ids !== undefined && id !== undefined) {
    return statementOf(sql`SELECT ${hourOf("minOrNull(Hour)")} AS First, ${hourOf("maxOrNull(Hour)")} AS Last
FROM ${raw(tables.ids)}
WHERE ${isOfId(id)}`);
  }
  if (filter.trace_id !== undefined) {
    return statementOf(sql`SELECT ${hourOf("minOrNull(Hour)")} AS First, ${hourOf("maxOrNull(Hour)")} AS Last
FROM ${raw(tables.traces)}
WHERE ${ofProject(project)} AND TraceId = ${param("String", storedTraceId(filter.trace_id))}`);
  }
  if (filter.session_id !== undefined) {
    return statementOf(sql`SELECT ${hourOf("minOrNull(tupleElement(Trace, 1))")} AS First, ${hourOf("maxOrNull(tupleElement(Trace, 1))")} AS Last
FROM ${raw(tables.sessions)}
ARRAY JOIN Traces AS Trace
WHERE ${ofProject(project)} AND SessionId = ${param("String", filter.session_id)}`);
  }
  const arrived = [
    filter.created_after === undefined ? undefined : sql`UpdatedAt >= ${bound(filter.created_after)}`,
    filter.created_before === undefined ? undefined : sql`CreatedAt <= ${bound(filter.created_before)}`,
  ].filter((condition) => condition !== undefined);
  if (isShort(filter)) {
    return statementOf(sql`SELECT ${hourOf("minOrNull(Hour)")} AS First, ${hourOf("maxOrNull(Hour)")} AS Last
FROM ${raw(tables.traces)}
WHERE ${allOf([ofProject(project), ...arrived])}`);
  }
  // In the order of the sorting key, so that of each part little is read.
  const end = (direction: string): Sql => sql`(SELECT ${hourOf("Hour")} FROM ${raw(tables.traces)}
  WHERE ${allOf([ofProject(project), ...arrived])} ORDER BY ProjectId ${raw(direction)}, Hour ${raw(direction)} LIMIT 1)`;
  return statementOf(sql`SELECT ${end("ASC")} AS First, ${end("DESC")} AS Last`);
}

function isShort({ created_after: after, created_before: before }: SpanFilter): boolean {
  const ms = (time: string): number => Date.parse(`${time.replace(" ", "T").slice(0, 23)}Z`);
  return after !== undefined && before !== undefined && ms(before) - ms(after) <= mostHoursOfAll * 3_600_000;
}

import { withoutParent } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { inHours } from "../hours.ts";
import { hoursOfTraces } from "../places.ts";
import type { Reader, StoreTables } from "../reader.ts";
import { ofHours } from "../settled/hours.ts";
import { ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { exactRows, type TraceRow } from "./read.ts";
import { isOneOf, type TraceScope } from "./statements.ts";

/*
 * Traces that lie in hours of which only some are looked at.
 */

/** Rows of traces that have some in certain hours. All of a trace are seen that goes on for an hour. @param hours in seconds since the epoch */
export function scopeOfHours({ tables }: Reader, project: string, hours: readonly number[]): TraceScope {
  const beside = [...new Set(hours.flatMap((at) => [at - hour, at, at + hour]))].filter((at) => at >= 0);
  const [first, last] = [Math.min(...beside) / hour, Math.max(...beside) / hour];
  const started = inHours("w.Timestamp", { from: first, to: last + 1 });
  return { project, tables, rows: [ofHours(beside, 1)], started };
}

/** Traces that are looked for by their ids wherever they are. No option: of more, the roll-up is gone through, with the same answer. */
export const mostUnsure = 1_000;
const mostRootless = 200;

/** Traces without a root in some hours: they may have begun elsewhere. @returns undefined: there are many, and that is the rule */
export async function rootlessTraces(
  reader: Reader,
  project: string,
  hours: readonly number[],
): Promise<readonly { readonly traceId: string }[] | undefined> {
  if (hours.length === 0) return [];
  const statement = rootlessTracesStatement(project, reader.tables, hours, mostRootless + 1);
  const found = await reader.rows<{ traceId: string }>(statement);
  return found.length > mostRootless ? undefined : found;
}

export function rootlessTracesStatement(
  project: string,
  { traces }: StoreTables,
  hours: readonly number[],
  most: number,
): Statement {
  return statementOf(sql`SELECT TraceId AS traceId
FROM ${raw(traces)}
WHERE ${ofProject(project)} AND ${ofHours(hours, 1)}
GROUP BY TraceId
HAVING NOT startsWith(min(Root), '${raw(withoutParent)}')
LIMIT ${param("UInt64", most)}`);
}

/** Traces wherever their rows lie. @param ids as stored */
export async function wholeTraces(
  reader: Reader,
  project: string,
  ids: readonly string[],
): Promise<readonly TraceRow[]> {
  if (ids.length === 0) return [];
  const { tables } = reader;
  return exactRows(reader, { project, tables, rows: [...hoursOfTraces(tables, ids), isOneOf(ids)] });
}

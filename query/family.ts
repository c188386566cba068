import { stampDigits } from "../exporters/clickhouse/schema/roll-up-rows.ts";
import { ofProject, param, raw, type Sql, sql } from "./sql.ts";
import type { SpanTagScope } from "./tags.ts";

/*
 * A span that names no session belongs to that of its trace, also where the trace learns it later. The first session that a
 * trace has named stays.
 */

/** The first session of a group of rows of `traces`; "" for none. */
export const firstSession = `substring(min(Session), ${stampDigits + 1})`;

/** Whether a row of spans belongs to a session. @param session its UUID */
export function sessionCondition(session: string, scope: SpanTagScope): Sql {
  const id = param("String", session);
  return sql`(SessionId = ${id} OR (SessionId = '' AND TraceId IN ${tracesOf(session, scope)}))`;
}

/** The ids of the traces whose first session this is. The roll-up of sessions knows which traces have named it. */
export function tracesOf(session: string, { project, tables }: SpanTagScope): Sql {
  const id = param("String", session);
  return sql`(SELECT TraceId FROM ${raw(tables.traces)}
    WHERE ${ofProject(project)} AND (Hour, TraceId) IN (
      SELECT k.1, k.2 FROM (
        SELECT arrayJoin(Traces) AS k FROM ${raw(tables.sessions)} WHERE ${ofProject(project)} AND SessionId = ${id}))
    GROUP BY TraceId HAVING ${raw(firstSession)} = ${id})`;
}

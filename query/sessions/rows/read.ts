import { keyOfSession } from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import type { Reader, StoreTables } from "../../reader.ts";
import { type FromServer, fromServer } from "../../settled/parts.ts";
import { arrayOf, ofProject, param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { type RowWithHours, rowsWithHours } from "../read.ts";
import { keysOf, sessionRows, sessionRowsStatement } from "../statements.ts";
import { dayOf, type SettledDays } from "./days.ts";
import { sessionOfText } from "./text.ts";

/** What is kept of a session and a day: one for each time that it was made, until they are merged. */
interface KeptRow extends FromServer {
  readonly key: string;
  readonly day: string;
  readonly Version: number;
  readonly Row: string;
}

/** What the roll-up says of some sessions, of settled days from what was kept of them. */
export async function rowsOfSettledSessions(
  reader: Reader,
  project: string,
  ids: readonly string[],
  settled: SettledDays,
): Promise<readonly RowWithHours[]> {
  const keys = keysOf(ids);
  if (ids.length === 0) return [];
  if (settled.days.length === 0) return rowsWithHours(reader, project, keys);
  const { tables } = reader;
  const scope = { project, tables, rows: [sessionRows(keys), notOfDays(settled)] };
  const [kept, others] = await Promise.all([
    reader.rows<KeptRow>(settledSessionRowsStatement(project, tables, ids)),
    reader.rows<RowWithHours>(sessionRowsStatement(scope, "hours")),
  ]);
  const rows = rowsOfTexts(kept, settled);
  if (rows === undefined) return rowsWithHours(reader, project, keys);
  const all = [...rows, ...others];
  const found = new Set(all.map(({ sessionId }) => sessionId));
  const missing = keys.filter(({ sessionId }) => !found.has(sessionId));
  return missing.length === 0 ? all : [...all, ...(await rowsWithHours(reader, project, missing))];
}

/** @returns undefined: one of them is not kept, or they are of another server, of which the days may be others */
function rowsOfTexts(kept: readonly KeptRow[], { days, server }: SettledDays): readonly RowWithHours[] | undefined {
  const isSettled = new Set(days);
  const newest = new Map<string, KeptRow>();
  for (const row of kept) {
    if (row.Server !== server) return undefined;
    const key = `${row.day} ${row.key}`;
    if (isSettled.has(row.day) && row.Version > (newest.get(key)?.Version ?? 0)) newest.set(key, row);
  }
  const texts = [...newest.values()].map(({ Row }) => Row);
  return texts.includes("") ? undefined : texts.map(sessionOfText);
}

/** The condition on rows of the roll-up. */
function notOfDays({ days }: SettledDays) {
  const dates = days.map((day) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`);
  return sql`Day NOT IN ${param("Array(Date)", dates)}`;
}

/** Rows of `KeptRow`: without FINAL, for which the server would read the rows beside. */
export function settledSessionRowsStatement(
  project: string,
  { settledSessionRows }: StoreTables,
  ids: readonly string[],
): Statement {
  return statementOf(sql`SELECT toString(Id) AS key, ${raw(dayOf)} AS day, Version, Row, ${fromServer}
FROM ${raw(settledSessionRows)}
WHERE ${ofProject(project)} AND Id IN (SELECT ${raw(keyOfSession("id").key)} FROM (SELECT arrayJoin(${arrayOf("String", ids)}) AS id))`);
}

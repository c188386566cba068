import { waitingMark } from "../../../exporters/clickhouse/schema/roll-up-rows.ts";
import {
  settledSessionDaysSchema,
  settledSessionDaysTable,
  settledSessionRowsSchema,
  settledSessionRowsTable,
} from "../../../exporters/clickhouse/schema/settled-session-rows.ts";
import { keyOfSession } from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import type { TableSchema } from "../../../exporters/clickhouse/schema/table-schema.ts";
import type { Reader, StoreTables } from "../../reader.ts";
import { partsOf } from "../../settled/parts.ts";
import type { DaySettlement, DueDay, DueOptions, SelectedRows } from "../../settled/settlement.ts";
import { param, raw, type Sql, type Statement, sql, statementOf } from "../../sql.ts";
import { dayOf, dayParts } from "./days.ts";
import { sessionText } from "./text.ts";

/*
 * What is kept of days on which sessions came, of all projects.
 */

/** Bytes of a text that is kept. No option: what is said of sessions with longer ones is read from the roll-up. */
const mostBytes = 16_384;

export const sessionDaySettlement: DaySettlement = {
  table: settledSessionDaysTable,
  due: dueDays,
  settle: ({ tables }, day) => rowsOfDay(tables, day),
};

interface KeptDay {
  readonly Day: string;
  readonly Mark: string;
}

async function dueDays(reader: Reader, { from, quietMs, signal }: DueOptions): Promise<readonly DueDay[]> {
  const { tables } = reader;
  const [clock] = await reader.rows<{ now: number }>(clockStatement, { signal });
  const first = new Date(from * 1_000).toISOString().slice(0, 10).replaceAll("-", "");
  const days = dayParts(await partsOf(reader, { signal }), tables);
  const quiet = days.filter(({ Partition, Age }) => Partition >= first && Age * 1_000 >= quietMs);
  if (quiet.length === 0) return [];
  const kept = await reader.rows<KeptDay>(keptDaysStatement(tables), { signal });
  const markOf = new Map(kept.map(({ Day, Mark }) => [Day, Mark]));
  return quiet
    .filter(({ Partition, Blocks }) => markOf.get(Partition) !== Blocks)
    .map(({ Partition, Blocks }) => ({ day: Partition, mark: Blocks, version: clock!.now }))
    .toSorted((one, other) => (one.day > other.day ? -1 : 1));
}

/** Asked before parts are: whoever sees more of a day has a greater one. */
const clockStatement: Statement = { query: "SELECT toUnixTimestamp64Milli(now64(3)) AS now", params: {} };

export function keptDaysStatement({ settledSessionDays }: StoreTables): Statement {
  return statementOf(sql`SELECT ${raw(dayOf)} AS Day, argMax(Mark, Version) AS Mark
FROM ${raw(settledSessionDays)}
GROUP BY Day`);
}

/**
 * The rows of all sessions of a day, and then what says that they are all. What comes in between makes the mark another one than that
 * of the day, which then is due again.
 */
export function rowsOfDay(tables: StoreTables, due: DueDay): readonly SelectedRows[] {
  const columnsOf = ({ columns }: TableSchema): readonly string[] => columns.map(({ name }) => name);
  return [
    {
      table: settledSessionRowsTable,
      columns: columnsOf(settledSessionRowsSchema),
      select: rowsStatement(tables, due),
    },
    { table: settledSessionDaysTable, columns: columnsOf(settledSessionDaysSchema), select: dayStatement(tables, due) },
  ];
}

function ofDay({ day }: DueDay): Sql {
  return sql`_partition_id = ${param("String", day)}`;
}

function keyColumns({ version }: DueDay): Sql {
  return sql`ProjectId, toDateTime(Day, 'UTC') AS Hour, ${param("UInt64", version)} AS Version`;
}

function rowsStatement({ sessions }: StoreTables, due: DueDay): Statement {
  return statementOf(sql`SELECT ${keyColumns(due)}, ${raw(keyOfSession("SessionId").key)} AS Id, if(length(text) <= ${raw(String(mostBytes))}, text, '') AS Row
FROM (SELECT ProjectId, Day, SessionId, ${raw(sessionText)} AS text FROM ${raw(sessions)} FINAL WHERE ${ofDay(due)} AND SessionId != '${raw(waitingMark)}')`);
}

function dayStatement({ sessions }: StoreTables, due: DueDay): Statement {
  return statementOf(sql`SELECT DISTINCT ${keyColumns(due)}, ${param("String", due.mark)} AS Mark
FROM ${raw(sessions)}
WHERE ${ofDay(due)}`);
}

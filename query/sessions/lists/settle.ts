import {
  listBounds,
  type listedSession,
  listedSessions,
  type SessionList,
  sessionLists,
  settledSessionListsTable,
} from "../../../exporters/clickhouse/schema/settled-session-lists.ts";
import { idOfSession, sessionSums, sessionTexts } from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import type { StoreTables } from "../../reader.ts";
import type { SettledRow, Settlement, Stretch } from "../../settled/settlement.ts";
import { traceMarkColumn, traceStretches, whileQuiet } from "../../settled/trace-stretch.ts";
import { ofProject, param, raw, type Statement, sql, statementOf } from "../../sql.ts";

/*
 * The row of a stretch of settled lists of sessions: the first of those that have traces in it, in each order.
 *
 * Their sums are read from the table of sums once those of the stretch stand there. So of two processes that make the rows of two
 * stretches of one session at the same time, the one that begins last sees the sums of both.
 */

/** Sessions of each list: as many as the longest page has. No option: of more, the sums are read. */
const keptSessions = 500;

/** Of stretches of which the sums of sessions are there already. @param kept given by tests only */
export function sessionListSettlement(kept = keptSessions): Settlement {
  return {
    table: settledSessionListsTable,
    rows: ({ settledSessionLists }) => settledSessionLists,
    ...traceStretches,
    isOfOthers: true,
    settle: (reader, stretch, { signal }) =>
      whileQuiet(
        reader,
        stretch,
        async ({ Version }): Promise<SettledRow | undefined> => {
          const statement = firstSessionsStatement(reader.tables, stretch, kept);
          const [row] = await reader.rows<FirstSessionsRow>(statement, { signal, settings: exactTuples });
          if (row === undefined || Number(row.IsThere) === 0) return undefined;
          const { IsThere, ...lists } = row;
          const of = { ProjectId: stretch.project, Hour: stretch.hour, Version: Number(Version), Mark: stretch.mark };
          return { ...of, ...lists };
        },
        { signal },
      ),
  };
}

/** Older servers may have another default for tuples than newer ones; and nanoseconds are no numbers of JavaScript. */
const exactTuples = {
  output_format_json_named_tuples_as_objects: 1,
  output_format_json_quote_64bit_integers: 1,
} as const;

/** The columns of the row. */
type FirstSessionsRow = Readonly<Record<string, unknown>> & {
  /** 0: the sums of the stretch are not those of its mark. */
  readonly IsThere: number | string;
};

/** What is added up of a session, over the rows that name it; `id` is what equals are put in order by. */
const sums = {
  Key: "Key AS key",
  Text: "max(OwnText) AS text",
  TraceCount: "sum(TraceCount) AS traceCount",
  ErrorCount: "sum(ErrorCount) AS errorCount",
  Cost: "sum(Cost) AS cost",
  Duration: "sum(Duration) AS duration",
  Start: "min(Start) AS start",
  End: "max(End) AS end",
  Unsure: "max(Unsure) AS unsure",
} as const satisfies Record<keyof typeof listedSession, string>;

const ownMembers = Object.keys(sums);

/** A member of the tuple of such a session, by which the server names it. */
function memberOf(session: string, name: keyof typeof sums): string {
  return `${session}.${ownMembers.indexOf(name) + 1}`;
}

const idOf = (session: string): string => `${session}.${ownMembers.length + 1}`;

/** The first sessions of each order, of those that have traces in a stretch. */
export function firstSessionsStatement(
  { settledSessions }: StoreTables,
  { project, hour: at, mark }: Stretch,
  kept: number,
): Statement {
  const { Id: keys, ...others } = sessionSums;
  const isHere = sql`Hour = toDateTime(${param("UInt32", at)}, 'UTC')`;
  const rows = sql`${raw(settledSessions)} FINAL WHERE ${ofProject(project)}`;
  const joins = Object.entries(others).map(([name, column]) => `${column} AS ${name}`);
  const names = Object.values(sums).map((sum) => sum.slice(sum.lastIndexOf(" ") + 1));
  return statementOf(sql`SELECT (SELECT count() FROM ${rows} AND ${isHere} AND ${raw(traceMarkColumn)} = ${param("Int64", mark)}) AS IsThere,
  CAST([${raw(sessionLists.map((list) => boundsOf(list, kept)).join(", "))}] AS ${raw(listBounds)}) AS Bounds,
  ${raw(sessionLists.map(({ column }) => `${listedOf(column, kept)} AS ${column}`).join(",\n  "))}
FROM (
  SELECT ${raw(sessionLists.map((list) => `${firstOf(list, kept + 1)} AS first${list.column}`).join(",\n    "))}
  FROM (
    SELECT groupArray((${raw(names.join(", "))}, id)) AS sessions
    FROM (
      SELECT ${raw(Object.values(sums).join(", "))}, ${raw(idOfSession("key", "text"))} AS id
      FROM (SELECT ${raw(Object.values(sessionSums).join(", "))}, arrayResize(if(${isHere}, ${raw(sessionTexts)}, []), length(${raw(keys)})) AS ownTexts FROM ${rows})
      ARRAY JOIN ${raw(keys)} AS Key, ownTexts AS OwnText, ${raw(joins.join(", "))}
      WHERE Key IN (SELECT arrayJoin(${raw(keys)}) FROM ${rows} AND ${isHere})
      GROUP BY Key
    )
  )
)`);
}

/** The first of an array of such tuples that have what a list is sorted by; of equals those with lesser ids. */
function firstOf({ sortOrder, value }: SessionList, most: number): string {
  const own = memberOf("s", value);
  const key = `${sortOrder === "asc" ? "" : "-"}toFloat64(assumeNotNull(${own}))`;
  const present = `arrayFilter(s -> isNotNull(${own}), sessions)`;
  return `arraySlice(arrayPartialSort(s -> (${key}, ${idOf("s")}), ${most}, ${present}), 1, ${most})`;
}

function listedOf(column: string, kept: number): string {
  const own = ownMembers.map((_, index) => `s.${index + 1}`).join(", ");
  return `CAST(arrayMap(s -> (${own}), arraySlice(first${column}, 1, ${kept})) AS ${listedSessions})`;
}

/** Where what is kept of a list begins and ends. */
function boundsOf({ column, value }: SessionList, kept: number): string {
  const first = `first${column}`;
  const last = `${first}[least(length(${first}), ${kept})]`;
  const key = (session: string): string => `if(empty(${first}), NULL, toFloat64(${memberOf(session, value)}))`;
  return `(${key(`${first}[1]`)}, ${key(last)}, ${idOf(last)}, length(${first}) > ${kept})`;
}

import {
  anyTag,
  type IndexedColumn,
  indexedColumns,
  indexedTag,
  indexedText,
} from "../../../exporters/clickhouse/schema/settled-trace-index.ts";
import { partsOfPlace } from "../../../exporters/clickhouse/schema/settled-traces.ts";
import { orderBy } from "../../page.ts";
import { standsBehind } from "../../position.ts";
import type { StoreTables } from "../../reader.ts";
import { ofHours } from "../../settled/hours.ts";
import { fromServer } from "../../settled/parts.ts";
import { traceMarkColumn, traceSpan } from "../../settled/trace-stretch.ts";
import { allOf, anyOf, arrayOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../sql.ts";
import { sessionsWithTag, type TagFilter } from "../../tags.ts";
import { countedConditions, type TraceConditions, type TraceFilter, traceSortKeys } from "../filter.ts";
import { hoursAfter, idOf, type StretchEnd } from "../lists/statements.ts";

/*
 * The statements of lists that look at what is kept of all traces (exporters/clickhouse/schema/settled-trace-index.ts).
 */

/** A list in an order by what is kept of a trace. */
export type IndexedFilter = TraceFilter & { readonly sortBy: Exclude<TraceFilter["sortBy"], "name"> };

export function isIndexed(filter: TraceFilter): filter is IndexedFilter {
  const { sortBy, id, sessionId }: TraceConditions & Pick<TraceFilter, "sortBy"> = filter;
  return sortBy !== "name" && id === undefined && sessionId === undefined;
}

/** A stretch of which all traces are kept, or none. */
export interface IndexedStretch extends StretchEnd {
  readonly firstCreated: number;
  readonly lastCreated: number;
}

/** All stretches of a project. Rows of `IndexedStretch`. @param withStarts for lists by start, which begin with a few of them */
export function indexedStretchesStatement(
  project: string,
  { settledTraceIndex }: StoreTables,
  withStarts = false,
): Statement {
  const { column } = indexedColumns.startNs;
  const start = (extreme: string): string => `toString(arrayReduce('${extreme}OrNull', ${column}))`;
  const starts = withStarts ? `, ${start("min")} AS firstStart, ${start("max")} AS lastStart` : "";
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(traceMarkColumn)} AS Mark, Traces AS traces,
  if(IsWhole, Traces, 0) AS kept, NULL AS sortKey, '' AS traceId, length(Unsure) AS unsure,
  toUnixTimestamp64Milli(FirstCreated) AS firstCreated, toUnixTimestamp64Milli(LastCreated) AS lastCreated${raw(starts)}, ${fromServer}
FROM ${raw(settledTraceIndex)} FINAL
WHERE ${ofProject(project)}`);
}

/** The first traces of some stretches that fulfil the conditions, in order; among them some may be that have other names and tags. */
export function indexedTracesStatement(
  project: string,
  tables: StoreTables,
  filter: IndexedFilter,
  { settled, need }: { readonly settled: readonly number[]; readonly need: number },
): Statement {
  const { names, ...others } = filter;
  const { sortBy, sortOrder, after, tags = [] } = filter;
  const key = traceSortKeys[sortBy];
  const conditions = [
    ...countedConditions(others),
    ...(names === undefined ? [] : [isNamed(names)]),
    ...tags.map((tag) => mayHaveTag(tag, project, tables)),
    ...(after === undefined ? [] : [standsBehind(after, key, sortOrder, raw("traceId"))]),
  ];
  const wanted = columnsOf(filter);
  const columns = wanted.map((name) => indexedColumns[name].column).join(", ");
  const members = wanted.map((name) => `${indexedColumns[name].column} AS ${name}`).join(", ");
  const { hasErrors, first, last } = partsOfPlace("place");
  return statementOf(sql`WITH ${raw(hasErrors)} AS hasErrors
SELECT ${raw(idOf("id"))} AS traceId, ${raw(hoursAfter(first))} AS firstHour, ${raw(hoursAfter(last))} AS lastHour,
  toString(${raw(key.column)}) AS sortKey
FROM (SELECT Hour, ${raw(columns)} FROM ${raw(tables.settledTraceIndex)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN ${raw(members)}
WHERE ${allOf(conditions)}
ORDER BY ${orderBy(raw(key.column), sortOrder, raw("UUIDToNum(id)"))}
LIMIT ${param("UInt64", need)}`);
}

/** How many traces of some stretches fulfil conditions on what is kept as it is. @param unsure whether traces are to be left out that stretches name as unsure */
export function indexedCountStatement(
  project: string,
  { settledTraceIndex }: StoreTables,
  conditions: TraceConditions,
  { settled, unsure }: { readonly settled: readonly number[]; readonly unsure: boolean },
): Statement {
  const own: readonly IndexedColumn[] = unsure ? ["id"] : [];
  const wanted = [...new Set<IndexedColumn>([...own, ...columnsOfConditions(conditions)])];
  const columns = [...(unsure ? ["Unsure"] : []), ...wanted.map((name) => indexedColumns[name].column)];
  const members = wanted.map((name) => `${indexedColumns[name].column} AS ${name}`).join(", ");
  const where = [...countedConditions(conditions), unsure ? raw("NOT has(Unsure, id)") : undefined];
  return statementOf(sql`WITH ${raw(partsOfPlace("place").hasErrors)} AS hasErrors
SELECT count() AS found
FROM (SELECT ${raw(columns.join(", "))} FROM ${raw(settledTraceIndex)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN ${raw(members)}
WHERE ${allOf(where)}`);
}

/** A row has thousands of traces: of more rows at a time, a statement would take memory for all that it looks at. */
export const indexSettings = { max_block_size: "1" } as const;

/** What is read of each trace of a list. */
function columnsOf(filter: IndexedFilter): readonly IndexedColumn[] {
  return [
    ...new Set<IndexedColumn>(["id", "place", traceSortKeys[filter.sortBy].column, ...columnsOfConditions(filter)]),
  ];
}

/** What conditions look at. */
function columnsOfConditions(conditions: TraceConditions): readonly IndexedColumn[] {
  const { status, hasError, createdAfter, createdBefore, names, durationMin, durationMax } = conditions;
  const { costMin, costMax, tags = [] } = conditions;
  const isBySession = tags.some(({ sessions }) => sessions?.length !== 0);
  const columns: readonly (readonly [IndexedColumn, boolean])[] = [
    ["place", hasError !== undefined],
    ["status", status !== undefined],
    ["created", createdAfter !== undefined || createdBefore !== undefined],
    ["name", names !== undefined],
    ["durationMs", durationMin !== undefined || durationMax !== undefined],
    ["cost", costMin !== undefined || costMax !== undefined],
    ["tags", tags.length > 0],
    ["session", isBySession],
  ];
  return columns.flatMap(([column, isAsked]) => (isAsked ? [column] : []));
}

function isNamed(names: readonly string[]): Sql {
  return sql`name IN (SELECT ${raw(indexedText("arrayJoin(names)"))} FROM (SELECT ${arrayOf("String", names)} AS names))`;
}

/** Whether a trace has ever said a tag, or is of a session that has it. */
function mayHaveTag(filter: TagFilter, project: string, tables: StoreTables): Sql {
  const { key, values, sessions } = filter;
  const list = param("Array(String)", values);
  const keys = sql`arrayWithConstant(length(${list}), ${param("String", key)})`;
  const hashes = sql`arrayMap((key, value) -> ${raw(indexedTag("key", "value"))}, ${keys}, ${list})`;
  const said = sql`hasAny(tags, arrayPushBack(${hashes}, toUInt32(${raw(String(anyTag))})))`;
  if (sessions?.length === 0) return said;
  const named =
    sessions === undefined
      ? sessionsWithTag(filter, project, tables)
      : sql`(SELECT arrayJoin(${arrayOf("String", sessions)}) AS SessionId)`;
  return anyOf([said, sql`session IN (SELECT ${raw(indexedText("SessionId"))} FROM ${named})`]);
}

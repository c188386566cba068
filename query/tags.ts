import {
  none,
  sessionTagPrefix,
  stampDigits,
  tagKeys,
  waitingMark,
  waitingTags,
} from "../exporters/clickhouse/schema/roll-up-rows.ts";
import type { Reader, StoreTables } from "./reader.ts";
import { allOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "./sql.ts";

/*
 * Tags of a span, its trace and its session are kept where they were set. Effective tags are put together when they are
 * read, so that a tag set later holds for spans stored before: the session's, overlaid by the trace's, overlaid by the
 * span's own.
 */

export type Tags = Readonly<Record<string, string>>;

/** A tag must have one of some values. Several filters hold at once. */
export interface TagFilter {
  readonly key: string;
  /** At least one. */
  readonly values: readonly string[];
  /**
   * Ids of all sessions of which it fits, where they have been looked up (`withSessions`). Left out, statements look for
   * them, which the server takes long to understand.
   */
  readonly sessions?: readonly string[];
}

/** A tag as the roll-ups keep it: key, value, and the version by which the newest wins. */
export type VersionedTag = readonly [key: string, value: string, version: number | string];

/** The newest value of each key; of equal versions the greater value, as the server decides too. */
export function newestTags(tags: readonly VersionedTag[]): Tags {
  const newest = new Map<string, VersionedTag>();
  for (const tag of tags) {
    const known = newest.get(tag[0]);
    const order = known === undefined ? 1 : Number(tag[2]) - Number(known[2]);
    if (known === undefined || order > 0 || (order === 0 && tag[1] > known[1])) newest.set(tag[0], tag);
  }
  return Object.fromEntries([...newest.values()].map(([key, value]) => [key, value]));
}

/** Layers put over each other, the later over the earlier. */
export function effectiveTags(session: Tags, trace: Tags, span: Tags = {}): Tags {
  return { ...session, ...trace, ...span };
}

/** What a filter on spans looks at. */
export interface SpanTagScope {
  readonly project: string;
  readonly tables: StoreTables;
  /**
   * A condition on rows of the roll-up of traces, such as a range of `Hour`: no other traces are looked through for tags.
   * Must hold for all rows of the traces whose spans are asked for.
   */
  readonly traces?: Sql;
}

/**
 * Whether the effective tags of a row of the table of spans fit all filters. Looks at the row's own Tags, SessionId and
 * TraceId.
 */
export function spanTagCondition(filters: readonly TagFilter[], scope: SpanTagScope): Sql | undefined {
  if (filters.length === 0) return undefined;
  return allOf(filters.map((filter) => spanTag(filter, scope)));
}

function spanTag(filter: TagFilter, scope: SpanTagScope): Sql {
  const { key, values } = filter;
  const name = param("String", key);
  const traces = (condition: Sql): Sql => sql`(SELECT TraceId FROM ${raw(scope.tables.traces)}
    WHERE ${ofProject(scope.project)}${scope.traces === undefined ? nothing : sql` AND ${scope.traces}`} AND ${condition}`;
  const withTag = (condition: Sql): Sql => sql`${traces(hasKey(key))} GROUP BY TraceId HAVING ${condition})`;
  const own = sql`mapContains(Tags, ${name}), has(${param("Array(String)", values)}, Tags[${name}]),
    TraceId IN ${withTag(raw("1"))}, TraceId IN ${withTag(matches(filter, raw("groupArrayArray(Tags)")))}`;
  if (isOfNoSession(filter)) return sql`multiIf(\n    ${own}, 0)`;
  const sessions = sessionsWithTag(filter, scope.project, scope.tables);
  return sql`multiIf(
    ${own},
    SessionId != '', SessionId IN ${sessions},
    TraceId IN ${traces(raw(`Session != '${none}'`))} GROUP BY TraceId HAVING ${sessionOf(raw("min(Session)"))} IN ${sessions}))`;
}

/** Whether the effective tags of a trace fit: its own, else those of its session. Looks at \`tags\` and \`sessionId\`. */
export function traceTagCondition(filter: TagFilter, project: string, tables: StoreTables): Sql {
  const tags = raw("tags");
  if (isOfNoSession(filter)) return matches(filter, tags);
  return sql`if(${newestTag(filter.key, tags)}.1 > 0, ${matches(filter, tags)},
    sessionId IN ${sessionsWithTag(filter, project, tables)})`;
}

/** Whether a row of the roll-up of traces says the tag, or names a session that has it: else `traceTagCondition` never holds. */
export function traceTagOfRow(filter: TagFilter, project: string, tables: StoreTables): Sql {
  const { key, values } = filter;
  const said = sql`arrayExists(t -> t.1 = ${param("String", key)} AND has(${param("Array(String)", values)}, t.2), Tags)`;
  if (isOfNoSession(filter)) return said;
  return sql`(${said} OR ${sessionOf(raw("Session"))} IN ${sessionsWithTag(filter, project, tables)})`;
}

/**
 * Sessions of one filter that statements name, and letters of their ids together: they travel in the address of the request.
 * More are looked for by each statement. No option: the answer is the same.
 */
const mostSessions = 100;
const mostLetters = 8_192;

/** Filters with the sessions of which they fit, where these are few: most tags are of spans and traces alone. */
export async function withSessions<Filter extends { readonly tags?: readonly TagFilter[] | undefined }>(
  reader: Reader,
  project: string,
  filter: Filter,
  signal?: AbortSignal,
): Promise<Filter> {
  const { tags = [] } = filter;
  if (tags.length === 0) return filter;
  const { tables } = reader;
  const sessionsOf = (tag: TagFilter, isWaiting: boolean): Promise<{ SessionId: string }[]> =>
    reader.rows(sessionsOfTagStatement(tag, project, tables, { most: mostSessions + 1, isWaiting }), { signal });
  const waiting = reader.rows(waitingStatement(project, tables), { signal });
  const known = tags.map(async (tag) => {
    const [first, { length }] = await Promise.all([sessionsOf(tag, false), waiting]);
    const found = length === 0 ? first : await sessionsOf(tag, true);
    const sessions = found.map(({ SessionId }) => SessionId);
    const isLong = sessions.length > mostSessions || sessions.join("").length > mostLetters;
    return isLong ? tag : { ...tag, sessions };
  });
  return { ...filter, tags: await Promise.all(known) };
}

/** Ids of sessions of which a tag fits. @param options whether tags that wait for their session are looked for, too */
export function sessionsOfTagStatement(
  filter: TagFilter,
  project: string,
  tables: StoreTables,
  { most, isWaiting }: { readonly most: number; readonly isWaiting: boolean },
): Statement {
  const from = isWaiting
    ? sessionsWithTag(filter, project, tables)
    : sessionsFitting(filter, sessionsOfKey(filter.key, project, tables));
  return statementOf(sql`SELECT SessionId FROM ${from} LIMIT ${param("UInt64", most)}`);
}

/** A row where a project has tags that wait for their session (`waitingMark`). */
export function waitingStatement(project: string, tables: StoreTables): Statement {
  return statementOf(sql`SELECT SessionId FROM ${waitingMarks(project, tables)} LIMIT 1`);
}

function waitingMarks(project: string, { sessions }: StoreTables): Sql {
  return sql`${raw(sessions)} WHERE ${ofProject(project)} AND SessionId = '${raw(waitingMark)}'`;
}

function isOfNoSession({ sessions }: TagFilter): boolean {
  return sessions?.length === 0;
}

/** The ids of sessions of which a tag fits, in brackets. Only rows that have the key can say so. */
export function sessionsWithTag(filter: TagFilter, project: string, tables: StoreTables): Sql {
  if (filter.sessions !== undefined) return sql`${param("Array(String)", filter.sessions)}`;
  const waiting = sql`arrayExists(t -> t.1 = ${param("String", sessionTagPrefix + filter.key)}, Explicit)`;
  const areThere = sql`(SELECT count() FROM ${waitingMarks(project, tables)}) > 0`;
  const said = sql`${areThere} AND TraceId IN (SELECT TraceId FROM ${raw(tables.traces)} WHERE ${ofProject(project)} AND ${waiting})`;
  return sessionsFitting(
    filter,
    sql`${sessionsOfKey(filter.key, project, tables)}
    UNION ALL
    ${tagsThroughTraces(project, tables, said)}`,
  );
}

/** @param rows ids and tags of sessions */
function sessionsFitting(filter: TagFilter, rows: Sql): Sql {
  return sql`(SELECT SessionId FROM (
    ${rows})
    GROUP BY SessionId HAVING ${matches(filter, raw("groupArrayArray(Tags)"))})`;
}

function sessionsOfKey(key: string, project: string, { sessions }: StoreTables): Sql {
  return sql`SELECT SessionId, Tags FROM ${raw(sessions)}
    WHERE ${ofProject(project)} AND has(${raw(tagKeys)}, ${param("String", key)})`;
}

/**
 * Tags of sessions that spans have said before their traces knew these: rows of the session of each trace.
 *
 * @param rows condition on rows of the roll-up of traces
 */
export function tagsThroughTraces(project: string, tables: StoreTables, rows: Sql): Sql {
  return sql`SELECT ${sessionOf(raw("min(Session)"))} AS SessionId, groupArrayArray(${raw(waitingTags)}) AS Tags
    FROM ${raw(tables.traces)}
    WHERE ${ofProject(project)} AND ${rows}
    GROUP BY TraceId HAVING SessionId != ''`;
}

/** Whether tags fit a filter. @param tags array of (key, value, version) */
function matches({ key, values }: TagFilter, tags: Sql): Sql {
  const newest = newestTag(key, tags);
  return sql`(${newest}.1 > 0 AND has(${param("Array(String)", values)}, ${newest}.2))`;
}

function hasKey(key: string): Sql {
  return sql`arrayExists(t -> t.1 = ${param("String", key)}, Tags)`;
}

/** The id in column Session of the roll-up of traces. */
function sessionOf(session: Sql): Sql {
  return sql`substring(${session}, ${raw(String(stampDigits + 1))})`;
}

/**
 * The newest value of a tag in an array of (key, value, version) of the roll-ups, as a tuple of version and value; the
 * version is 0 where the tag was never set.
 */
export function newestTag(key: string, tags: Sql): Sql {
  const name = param("String", key);
  return sql`arrayMax(arrayMap(t -> if(t.1 = ${name}, (t.3, t.2), (toUInt64(0), '')), ${tags}))`;
}

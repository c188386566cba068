import { firstSession } from "./family.ts";
import type { StoreTables } from "./reader.ts";
import { allOf, nothing, ofProject, param, raw, type Sql, sql } from "./sql.ts";

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

function spanTag({ key, values }: TagFilter, scope: SpanTagScope): Sql {
  const name = param("String", key);
  const wanted = param("Array(String)", values);
  const tag = newestTag(key, raw("groupArrayArray(Tags)"));
  const matches = sql`${tag}.1 > 0 AND has(${wanted}, ${tag}.2)`;
  const traces = (condition: Sql): Sql => sql`(SELECT TraceId FROM ${raw(scope.tables.traces)}
    WHERE ${ofProject(scope.project)}${scope.traces === undefined ? nothing : sql` AND ${scope.traces}`}
    GROUP BY TraceId HAVING ${condition})`;
  const sessions = sql`(SELECT SessionId FROM ${raw(scope.tables.sessions)}
    WHERE ${ofProject(scope.project)} GROUP BY SessionId HAVING ${matches})`;
  return sql`multiIf(
    mapContains(Tags, ${name}), has(${wanted}, Tags[${name}]),
    TraceId IN ${traces(sql`${tag}.1 > 0`)}, TraceId IN ${traces(matches)},
    SessionId != '', SessionId IN ${sessions},
    TraceId IN ${traces(sql`${raw(firstSession)} IN ${sessions}`)})`;
}

/**
 * The newest value of a tag in an array of (key, value, version) of the roll-ups, as a tuple of version and value; the
 * version is 0 where the tag was never set.
 */
export function newestTag(key: string, tags: Sql): Sql {
  const name = param("String", key);
  return sql`arrayMax(arrayMap(t -> if(t.1 = ${name}, (t.3, t.2), (toUInt64(0), '')), ${tags}))`;
}

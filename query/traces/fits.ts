import { newestTags, type TagFilter } from "../tags.ts";
import { msFrom, msUntil } from "../time.ts";
import type { TraceConditions, TraceSortField } from "./filter.ts";
import { saidOf, sessionOf, type TraceRow } from "./read.ts";

/*
 * Conditions on traces and what they are sorted by, of rows whose numbers were made here. In SQL they are `countedConditions`
 * and `traceSortKeys`: the server takes longer to understand these than to find the spans of a few traces.
 */

/** Whether a trace fulfils the conditions on what is made of its spans. */
export function fits(filter: TraceConditions, row: TraceRow): boolean {
  const { createdAfter, createdBefore, names, status: wanted, hasError, durationMin, durationMax } = filter;
  const { name, status, durationMs, cost } = saidOf(row);
  const created = Date.parse(row.createdAt);
  return (
    (createdAfter === undefined || created >= msFrom(createdAfter)) &&
    (createdBefore === undefined || created <= msUntil(createdBefore)) &&
    (names === undefined || (name !== null && names.includes(name))) &&
    (wanted === undefined || status === wanted) &&
    (hasError === undefined || hasError === (row.errorCount > 0 || status === "error")) &&
    isWithin(durationMs, durationMin, durationMax) &&
    isWithin(cost, filter.costMin, filter.costMax)
  );
}

/** A condition on a tag, with all sessions of which it fits. */
type KnownTag = TagFilter & { readonly sessions: readonly string[] };

export function areSessionsKnown(tag: TagFilter): tag is KnownTag {
  return tag.sessions !== undefined;
}

/** Whether the effective tags of a trace fit: `traceTagCondition`. */
export function fitsTags(tags: readonly KnownTag[], row: TraceRow): boolean {
  const own = newestTags(row.tags);
  const session = sessionOf(row);
  return tags.every(({ key, values, sessions }) =>
    Object.hasOwn(own, key) ? values.includes(own[key]!) : session !== null && sessions.includes(session),
  );
}

function isWithin(value: number | null, min: number | undefined, max: number | undefined): boolean {
  if (min === undefined && max === undefined) return true;
  return value !== null && (min === undefined || value >= min) && (max === undefined || value <= max);
}

/** What a trace is sorted by, as the server writes it: null where it has nothing. */
export function sortKeyOf(sortBy: TraceSortField, row: TraceRow): string | null {
  const { name, status, startNs, durationMs, cost } = saidOf(row);
  const keys = { started_at: startNs, name, status, span_count: row.spanCount, duration_ms: durationMs, cost };
  const key = keys[sortBy];
  return key === null ? null : String(key);
}

import { grouped } from "../../grouped.ts";
import type { Reader } from "../../reader.ts";
import { stretchOf } from "../../settled/hours.ts";
import { type SplitHours, traceSpan } from "../../settled/trace-stretch.ts";
import { hour } from "../../time.ts";
import { inParts, putTogether, readSessions, type SessionRead } from "../read.ts";
import type { SettledDays } from "../rows/days.ts";
import { rowsOfSettledSessions } from "../rows/read.ts";
import { keysOf } from "../statements.ts";
import { settledTotalsStatement, type TotalsRow } from "../sums/statements.ts";
import type { SessionTotals } from "../totals.ts";
import type { ListedSums, StretchBounds } from "./statements.ts";

/*
 * Sessions of kept lists with numbers that hold.
 */

/** What is known of the hours of a project. */
export interface SettledLists {
  readonly reader: Reader;
  readonly project: string;
  readonly hours: SplitHours;
  /** Those that have settled. */
  readonly stretches: readonly StretchBounds[];
  readonly days: SettledDays;
  /** Of all rows of traces, in seconds since the epoch. */
  readonly firstHour: number;
}

/** How the sums of a session are come by. */
interface Sources {
  readonly kept: ListedSums[];
  /** Sums that stretches have changed since. */
  readonly changed: ListedSums[];
  /** Stretches in which traces of changed ones may begin. */
  readonly stretches: Set<number>;
  /** Ids of those that have traces elsewhere, or more is to be said of. */
  readonly anew: string[];
}

/**
 * The sums of a session hold where no stretch in which it has traces was added up after them; otherwise those of its stretches
 * are added up again. Where it has traces in live hours, or its sums are unsure, the traces are.
 *
 * @param live ids of others
 */
export async function exactSessions(
  lists: SettledLists,
  listed: readonly ListedSums[],
  live: readonly string[],
): Promise<readonly SessionRead[]> {
  const { reader, project, days } = lists;
  const known = new Map(listed.map((sums) => [sums.sessionId, sums]));
  const ids = [...new Set([...known.keys(), ...live])];
  const rows = await inParts(ids, (part) => rowsOfSettledSessions(reader, project, part, days));
  const rowsOf = grouped(rows, ({ sessionId }) => sessionId);
  const hoursOf = (id: string): readonly number[] => (rowsOf.get(id) ?? []).flatMap(({ hours }) => hours);
  const sources = sourcesOf(lists, ids, { known, hoursOf, isLive: new Set(live) });
  const totals = new Map<string, SessionTotals>(sources.kept.map((sums) => [sums.sessionId, { ...sums, tags: [] }]));
  const anew = [...sources.anew];
  for (const { sessionId, unsure, ...sums } of await addedUp(lists, sources)) {
    if (unsure === 0) totals.set(sessionId, { ...sums, sessionId, tags: [] });
    else anew.push(sessionId);
  }
  const sure = putTogether(project, keysOf([...totals.keys()]), rows, totals);
  return [...sure, ...(await inParts(keysOf(anew), (part) => readSessions(reader, project, part)))];
}

function versionsOf(stretches: readonly StretchBounds[]): ReadonlyMap<number, number> {
  return new Map(stretches.map(({ At, version }) => [At, version]));
}

function sourcesOf(
  { hours, stretches, firstHour }: SettledLists,
  ids: readonly string[],
  {
    known,
    hoursOf,
    isLive,
  }: {
    readonly known: ReadonlyMap<string, ListedSums>;
    readonly hoursOf: (id: string) => readonly number[];
    readonly isLive: ReadonlySet<string>;
  },
): Sources {
  const versions = versionsOf(stretches);
  const isLiveHour = new Set(hours.live);
  const sources: Sources = { kept: [], changed: [], stretches: new Set(), anew: [] };
  for (const id of ids) {
    const sums = known.get(id);
    const beginnings = hoursOf(id).flatMap(beginningsOf);
    if (sums === undefined || isLive.has(id) || sums.unsure === 1 || beginnings.some((at) => isLiveHour.has(at))) {
      sources.anew.push(id);
      continue;
    }
    const own = beginnings.map((at) => stretchOf(at, traceSpan)).filter((at) => versions.has(at));
    const made = versions.get(sums.at)!;
    if (own.every((at) => versions.get(at)! <= made) && !beginsBefore(sums, firstHour)) {
      sources.kept.push(sums);
      continue;
    }
    sources.changed.push(sums);
    for (const at of own) sources.stretches.add(at);
  }
  return sources;
}

/** Hours in which a trace may begin that names its session in one: where it does in the first of a stretch, in the one before. */
function beginningsOf(at: number): readonly number[] {
  return at === stretchOf(at, traceSpan) ? [at, at - hour] : [at];
}

/** Whether sums are of hours, too, of which nothing is stored any more. */
function beginsBefore({ startNs }: ListedSums, firstHour: number): boolean {
  return startNs !== null && BigInt(startNs) < BigInt(firstHour) * 1_000_000_000n;
}

async function addedUp(
  { reader, project }: SettledLists,
  { changed, stretches }: Sources,
): Promise<readonly TotalsRow[]> {
  if (changed.length === 0) return [];
  const keys = changed.map(({ key }) => key);
  const idOf = new Map(changed.map(({ key, sessionId }) => [key, sessionId]));
  const statement = settledTotalsStatement(project, reader.tables, [...stretches], keys);
  const rows = await reader.rows<TotalsRow>(statement);
  return rows.map((row) => ({ ...row, sessionId: idOf.get(row.sessionId)! }));
}

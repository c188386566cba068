import { stampDigits, waitingMark } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { uuidOfSpan } from "../../pipeline/ids.ts";
import { grouped } from "../grouped.ts";
import { greatestText, leastText } from "../order.ts";
import { hoursOfTraces } from "../places.ts";
import type { Reader } from "../reader.ts";
import type { SignalValues } from "../signals/model.ts";
import { currentSignalsOf, type SignalRow, valuesByEntity } from "../signals/rows.ts";
import { allOf, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { newestTags, type Tags, tagsThroughTraces, type VersionedTag } from "../tags.ts";
import { rowsOfSessions } from "../traces/statements.ts";
import type { SpanRow } from "./row.ts";

/** What is said of spans elsewhere: tags of their traces and sessions, and signals. */
export interface Surroundings {
  /** "" where the trace has no session. */
  sessionOf(row: SpanRow): string;
  sessionName(session: string): string | null;
  traceTags(traceId: string): Tags;
  sessionTags(session: string): Tags;
  signals(row: SpanRow): SignalValues;
}

interface Source {
  readonly project: string;
  readonly reader: Reader;
}

/** What the roll-up of traces says for the spans of a trace. */
export interface SurroundingTrace {
  readonly TraceId: string;
  readonly Tags: readonly VersionedTag[];
  /** "" for none. */
  readonly SessionId: string;
}

/** What the roll-up of sessions says for the spans of a session. */
export interface SurroundingSession {
  readonly SessionId: string;
  readonly Tags: readonly VersionedTag[];
  readonly Name: string;
}

/** What has been read already. */
export interface KnownSurroundings {
  /** All traces of the spans. */
  readonly traces?: readonly SurroundingTrace[] | undefined;
  /** Those of some sessions that were asked for. */
  readonly sessions?: ReadonlyMap<string, SurroundingSession | undefined> | undefined;
  readonly signals?: KnownSignals | undefined;
}

/** Signals of some spans and completions. */
export interface KnownSignals {
  readonly spans: readonly string[];
  readonly completions: readonly string[];
  readonly rows: readonly SignalRow[];
}

const noTags: Tags = {};

/**
 * @param rows whole spans, versions put together
 * @param known what has been read already
 */
export async function surroundingsOf(
  source: Source,
  rows: readonly SpanRow[],
  signal?: AbortSignal,
  known?: KnownSurroundings,
): Promise<Surroundings> {
  const sessionsOf = (ids: readonly string[]) => readSessions(source, ids, signal);
  // Most spans name their session themselves: then its tags need not wait for the trace.
  const own = unique(rows.map(({ SessionId }) => SessionId)).filter((id) => known?.sessions?.has(id) !== true);
  const throughTraces = async () => {
    const ids = unique(rows.map(({ TraceId }) => TraceId));
    const traces = known?.traces ?? (await readTraces(source, ids, signal));
    const byTrace = new Map(traces.map((trace) => [trace.TraceId, trace]));
    const named = rows.map((row) => (row.SessionId === "" ? (byTrace.get(row.TraceId)?.SessionId ?? "") : ""));
    const others = unique(named).filter((id) => !own.includes(id) && known?.sessions?.has(id) !== true);
    return { byTrace, sessions: await sessionsOf(others) };
  };
  const [{ byTrace, sessions }, ownSessions, signals] = await Promise.all([
    throughTraces(),
    sessionsOf(own),
    signalsOfRows(source, rows, known?.signals, signal),
  ]);
  const bySession = new Map([...(known?.sessions ?? []), ...ownSessions, ...sessions]);
  const sessionOf = (row: SpanRow): string => row.SessionId || (byTrace.get(row.TraceId)?.SessionId ?? "");
  const signalsOf = (type: SignalRow["EntityType"]) =>
    valuesByEntity(signals.filter(({ EntityType }) => EntityType === type));
  const [spanSignals, completionSignals] = [signalsOf("span"), signalsOf("completion")];
  return {
    sessionOf,
    sessionName: (session) => bySession.get(session)?.Name || null,
    traceTags: (traceId) => tagsOf(byTrace.get(traceId)),
    sessionTags: (session) => tagsOf(bySession.get(session)),
    signals: (row) => {
      const said = [...completionIdsOf(row).map((id) => completionSignals.get(id)), spanSignals.get(row.SpanId)];
      // Not by assignment, which does not take every name: __proto__.
      return Object.fromEntries(said.flatMap((signals) => Object.entries(signals ?? {})));
    },
  };
}

/**
 * Tags and sessions of traces, put together here: it takes the server longer to understand how than to find the rows.
 *
 * @param ids as stored
 */
export async function readTraces(
  source: Source,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<readonly SurroundingTrace[]> {
  if (ids.length === 0) return [];
  const rows = await source.reader.rows<TraceTags>(tracesStatement(source, ids), { signal });
  return [...grouped(rows, ({ TraceId }) => TraceId)].map(([TraceId, ofTrace]) => ({
    TraceId,
    Tags: ofTrace.flatMap(({ Tags }) => Tags),
    SessionId: unstamped(leastText(ofTrace.map(({ Session }) => Session))),
  }));
}

/** What can be read while the spans are, where their traces are known. @param ids of these, as stored */
export async function knownOfTraces(
  source: Source,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<KnownSurroundings> {
  const traces = await readTraces(source, ids, signal);
  const sessions = unique(traces.map(({ SessionId }) => SessionId));
  return { traces, sessions: await readSessions(source, sessions, signal) };
}

/** Tags and names of sessions; undefined for those of which nothing is known. */
export async function readSessions(
  source: Source,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, SurroundingSession | undefined>> {
  if (ids.length === 0) return new Map();
  const rows = await source.reader.rows<SurroundingSession>(sessionsStatement(source, ids), { signal });
  const found = new Map(
    [...grouped(rows, ({ SessionId }) => SessionId)].map(([SessionId, ofSession]) => [
      SessionId,
      {
        SessionId,
        Tags: ofSession.flatMap(({ Tags }) => Tags),
        Name: unstamped(greatestText(ofSession.map(({ Name }) => Name))),
      },
    ]),
  );
  if (found.has(waitingMark)) {
    const waiting = waitingTagsStatement(source, ids);
    for (const { SessionId, Tags } of await source.reader.rows<SurroundingSession>(waiting, { signal })) {
      const known = found.get(SessionId);
      if (known !== undefined) found.set(SessionId, { ...known, Tags: [...known.Tags, ...Tags] });
    }
  }
  return new Map(ids.map((id) => [id, found.get(id)]));
}

/** What came with a time of arrival; "" for nothing. */
function unstamped(text: string): string {
  return text.slice(stampDigits);
}

async function signalsOfRows(
  source: Source,
  rows: readonly SpanRow[],
  known: KnownSignals | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly SignalRow[]> {
  const isKnown = { spans: new Set(known?.spans), completions: new Set(known?.completions) };
  const spans = unique(rows.map(({ SpanId }) => SpanId)).filter((id) => !isKnown.spans.has(id));
  const completions = unique(rows.flatMap(completionIdsOf)).filter((id) => !isKnown.completions.has(id));
  return [...(known?.rows ?? []), ...(await readSignals(source, { spans, completions }, signal))];
}

/** What is said of a span by its id, whatever it turns out to have. @param spanId as stored */
export async function knownOfSpan(source: Source, spanId: string, signal?: AbortSignal): Promise<KnownSignals> {
  const ids = { spans: [spanId], completions: [uuidOfSpan(spanId)] };
  return { ...ids, rows: await readSignals(source, ids, signal) };
}

async function readSignals(
  { project, reader }: Source,
  { spans, completions }: Omit<KnownSignals, "rows">,
  signal: AbortSignal | undefined,
): Promise<readonly SignalRow[]> {
  if (spans.length === 0 && completions.length === 0) return [];
  const statement = currentSignalsOf({ project, tables: reader.tables }, [
    ["span", spans],
    ["completion", completions],
  ]);
  return reader.rows<SignalRow>(statement, { signal });
}

function tagsOf(row: { readonly Tags: readonly VersionedTag[] } | undefined): Tags {
  return row === undefined || row.Tags.length === 0 ? noTags : newestTags(row.Tags);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => value !== "");
}

/** Attributes in which senders put the id that a provider gave a completion. */
export const completionAttributes = ["openai_id", "llm.response_id", "response_id", "gen_ai.response.id"] as const;

/** Names under which signals may have been sent for a completion: those the provider gave it, and the id of its span. */
export function completionIdsOf(row: SpanRow): readonly string[] {
  const ids = completionAttributes.flatMap((name) => {
    const index = row.SpanAttributeKeys.indexOf(name);
    return index < 0 ? [] : [row.SpanAttributeValues[index]!];
  });
  return unique([row.ResponseId, ...ids, uuidOfSpan(row.SpanId)]);
}

/** A row of the roll-up of traces. */
interface TraceTags {
  readonly TraceId: string;
  readonly Tags: readonly VersionedTag[];
  readonly Session: string;
}

/** Rows with tags and sessions of traces. */
export function tracesStatement({ project, reader }: Source, ids: readonly string[]): Statement {
  const { tables } = reader;
  return statementOf(sql`SELECT TraceId, Tags, Session
FROM ${raw(tables.traces)}
WHERE ${allOf([ofProject(project), ...hoursOfTraces(tables, ids), sql`TraceId IN ${param("Array(String)", ids)}`])}`);
}

/** Rows with tags and names of sessions, and one that says whether tags of sessions wait with traces. */
export function sessionsStatement({ project, reader }: Source, ids: readonly string[]): Statement {
  return statementOf(sql`SELECT SessionId, Tags, Name
FROM ${raw(reader.tables.sessions)}
WHERE ${ofProject(project)} AND SessionId IN ${param("Array(String)", [...ids, waitingMark])}`);
}

/** Tags that spans have said before their traces knew these sessions. */
export function waitingTagsStatement({ project, reader }: Source, ids: readonly string[]): Statement {
  const { tables } = reader;
  const isAsked = sql`SessionId IN ${param("Array(String)", ids)}`;
  return statementOf(sql`SELECT SessionId, groupArrayArray(Tags) AS Tags
FROM (
${tagsThroughTraces(project, tables, rowsOfSessions(project, tables, isAsked))})
WHERE ${isAsked}
GROUP BY SessionId`);
}

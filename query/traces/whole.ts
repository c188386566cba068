import { storedTraceId } from "../../pipeline/ids.ts";
import { type Hours, inHours } from "../hours.ts";
import { compared } from "../order.ts";
import type { Reader } from "../reader.ts";
import { withSignals } from "../signals/with-signals.ts";
import { spanCursor } from "../spans/cursor.ts";
import type { SpanRead } from "../spans/model.ts";
import { SpanPages } from "../spans/pages.ts";
import { mergedById, readKeys } from "../spans/read.ts";
import { readRows, rowsOfTrace, type SpanRow } from "../spans/row.ts";
import { spanReadOf } from "../spans/span-read.ts";
import { type KnownSurroundings, readSessions, surroundingsOf } from "../spans/surroundings.ts";
import { hour } from "../time.ts";
import type { TreeNode } from "./model.ts";
import { hoursOfTraceId, rowsOfTraceId, sessionOf, type TraceRow, traceReadOf } from "./read.ts";
import { type RootTexts, rootInRows, rootsOf } from "./roots.ts";
import { type NodeRow, nodeOfSpan, nodesOfTrace, treeOf } from "./tree.ts";

/** What is asked of a trace. */
interface Wanted {
  readonly reader: Reader;
  /** As stored. */
  readonly project: string;
  /** UUID. */
  readonly id: string;
  /** Most spans that are read whole. */
  readonly limit: number;
}

/** A trace with its spans. */
export interface WholeTrace {
  readonly trace: object;
  /** By start. */
  readonly spans: readonly SpanRead[];
  readonly tree: readonly TreeNode[];
  /** The cursor of a list of spans that goes on where there are more. */
  readonly next: string | undefined;
}

/**
 * A trace with its spans and their tree; undefined where there is none.
 *
 * Its hours come first: they are found in a third of the time that all of its row takes, and then its row, its session and its
 * spans are read at the same time.
 */
export async function readWholeTrace(wanted: Wanted): Promise<WholeTrace | undefined> {
  const { reader, project, id } = wanted;
  const traceId = storedTraceId(id);
  const [hours, [signals]] = await Promise.all([
    hoursOfTraceId(reader, project, traceId),
    withSignals(reader, project, "trace", [{ id }], storedTraceId),
  ]);
  if (hours.length === 0) return undefined;
  const row = rowAndSession(wanted, hours);
  // Far apart, some of the hours may be another's, whose id has the same hash: the trace's own say where its spans are.
  const [from, to] = [hours[0]!, hours.at(-1)!];
  const own = to - from <= mostHours * hour ? { from, to } : hoursOfRow((await row)?.row);
  if (own === undefined) return undefined;
  const [known, found] = await Promise.all([row, spansOf(wanted, hoursOfSpans(own))]);
  if (known === undefined) return undefined;
  const { root, ...shown } =
    "rows" in found
      ? await fewSpans(wanted, known, found.rows)
      : { ...found, root: (await rootsOf(reader, project, [known.row])).get(traceId) };
  return { ...shown, trace: { ...traceReadOf(project, known.row, root), ...signals } };
}

/** Hours that are looked through before it is known whether they are the trace's. No option: the answer is the same. */
const mostHours = 2;

function hoursOfRow(row: TraceRow | undefined): RowHours | undefined {
  return row === undefined ? undefined : { from: row.firstHour, to: row.lastHour };
}

/** Hours of rows of the roll-up, in seconds since the epoch. */
interface RowHours {
  readonly from: number;
  readonly to: number;
}

/** What is said of the trace, and what is said of its session. */
interface Known {
  readonly row: TraceRow;
  readonly sessions: KnownSurroundings["sessions"];
}

async function rowAndSession({ reader, project, id }: Wanted, hours: readonly number[]): Promise<Known | undefined> {
  const [row] = await rowsOfTraceId(reader, project, storedTraceId(id), hours);
  if (row === undefined) return undefined;
  const session = sessionOf(row);
  return { row, sessions: await readSessions({ project, reader }, session === null ? [] : [session]) };
}

/** Rows that are read whole before it is known how many there are. No option: with more, the same is read in two steps. */
const mostRows = 1_000;

type Shown = Omit<WholeTrace, "trace">;
type Found = { readonly rows: readonly SpanRow[] } | Shown;

/** All rows of the trace where they are few: then nothing else has to be read of its spans. */
async function spansOf(wanted: Wanted, hours: Hours): Promise<Found> {
  const { reader, project, id } = wanted;
  const most = Math.min(wanted.limit, mostRows);
  if (most === 0) return manySpans(wanted, hours);
  const source = { project, table: reader.tables.spans };
  const statement = rowsOfTrace(source, storedTraceId(id), inHours("Timestamp", hours), most + 1);
  const rows = await readRows(reader, statement);
  return rows.length > most ? manySpans(wanted, hours) : { rows };
}

/** Where its spans have started. Columns of hours know no time before 1970: such spans stand in its first hour. */
function hoursOfSpans({ from, to }: RowHours): Hours {
  return { ...(from < hour ? {} : { from: from / hour }), to: to / hour + 1 };
}

function byStart(one: SpanRow, other: SpanRow): number {
  return compared(one.StartedAt, other.StartedAt) || compared(one.SpanId, other.SpanId);
}

/** What is shown of a trace, and what its root span took and gave. @param rows all rows of the trace, by arrival */
async function fewSpans(
  { reader, project }: Wanted,
  { row: trace, sessions }: Known,
  rows: readonly SpanRow[],
): Promise<Shown & { readonly root: RootTexts | undefined }> {
  const merged = [...mergedById(rows).values()].toSorted(byStart);
  const known = { TraceId: trace.traceId, Tags: trace.tags, SessionId: sessionOf(trace) ?? "" };
  const [around, whole] = await Promise.all([
    surroundingsOf({ project, reader }, merged, undefined, { traces: [known], sessions }),
    reader.loggedMessages.of(reader, project, merged),
  ]);
  const spans = whole.map((row) => spanReadOf(row, around, project));
  const root = rootInRows(trace, rows) ?? rootInRows(trace, whole);
  return { root, spans, tree: treeOf(merged.map(nodeOfSpan)), next: undefined };
}

/** The first spans, and what the tree shows of all of them. */
async function manySpans({ reader, project, id, limit }: Wanted, hours: Hours): Promise<Shown> {
  const order = { by: "started_at", descending: false } as const;
  const query = { project, filter: { trace_id: id }, order, limit: limit + 1, offset: 0 };
  const { tables, bounds } = reader;
  const nodes = nodesOfTrace({ project, tables }, id, inHours("Timestamp", hours), bounds.max_tree_spans);
  const [rows, keys] = await Promise.all([
    reader.rows<NodeRow>(nodes),
    limit === 0 ? [] : new SpanPages(reader).page(query),
  ]);
  const shown = keys.slice(0, limit);
  const last = keys.length > limit ? shown.at(-1) : undefined;
  const spans = await readKeys(reader, project, shown);
  return { spans, tree: treeOf(rows), next: last === undefined ? undefined : spanCursor(order, last) };
}

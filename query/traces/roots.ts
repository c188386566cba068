import { TupleParam } from "@clickhouse/client";
import { rootDigits, withoutParent } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { grouped } from "../grouped.ts";
import type { Reader } from "../reader.ts";
import { byArrival, type SpanRow } from "../spans/row.ts";
import { nothing, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { nanosOf, storeTimeOf } from "../time.ts";
import type { TraceRow } from "./read.ts";

/*
 * Input and output of the root spans of traces. They are picked here and not by the server, which takes longer to understand
 * how than to find the rows.
 */

/** Input and output of a root span. */
export interface RootTexts {
  readonly input: string;
  readonly output: string;
}

/** What is looked at of a write of a span. */
type WriteRow = Pick<SpanRow, "TraceId" | "ParentSpanId" | "Input" | "Output" | "CreatedAt">;

/** A span as column Root names it. */
export interface Root {
  readonly traceId: string;
  /** Nanoseconds since the epoch. */
  readonly startNs: bigint;
  readonly name: string;
}

function rootOf({ traceId, root }: Pick<TraceRow, "traceId" | "root">): Root {
  const startNs = BigInt.asIntN(64, BigInt(`0x${root.slice(1, rootDigits)}`));
  return { traceId, startNs, name: root.slice(rootDigits) };
}

/**
 * Rows that come for a root, on average of a page: its writes, and children that started with it. Of more, the server picks,
 * so that texts of a span that was written a thousand times do not all travel. No option: the answer is the same.
 */
const mostRows = 4;

/**
 * Bytes of names that are looked for. ClickHouse takes no parameter of more than 128 KiB, and each byte may become four; names
 * are as long as their senders like. No option: without names the answer is that of roots that were written twice.
 */
const mostNameBytes = 32_768;

/**
 * Input and output of the root spans of traces.
 *
 * @param isSure no span of these traces was written more than once: the only row of a root has the name that it is known by
 */
export async function rootsOf(
  reader: Reader,
  project: string,
  rows: readonly Pick<TraceRow, "traceId" | "root" | "silentRoot" | "spanCount">[],
  isSure = false,
): Promise<ReadonlyMap<string, RootTexts>> {
  const roots = rows.flatMap((row) => (row.spanCount === 0 || isSilent(row) ? [] : [rootOf(row)]));
  if (roots.length === 0) return new Map();
  const { spans } = reader.tables;
  const most = mostRows * roots.length;
  const first = await reader.rows<WriteRow>(rootsStatement(spans, project, roots, { isSure, most: most + 1 }));
  const found =
    first.length > most ? await reader.rows<WriteRow>(rootsStatement(spans, project, roots, { isSure })) : first;
  const byId = grouped(byArrival(found), ({ TraceId }) => TraceId);
  return new Map([...byId].map(([traceId, writes]) => [traceId, newestTexts(writes)]));
}

/** Whether the texts of a root are known to be empty. Of a trace without one, those of its first span count. */
function isSilent({ root, silentRoot }: Pick<TraceRow, "root" | "silentRoot">): boolean {
  return Boolean(silentRoot) && root.startsWith(withoutParent);
}

/** The same where all rows of the trace are at hand; undefined: they say nothing. @param rows by arrival */
export function rootInRows(trace: TraceRow, rows: readonly SpanRow[]): RootTexts | undefined {
  if (rows.length === 0) return undefined;
  const { startNs } = rootOf(trace);
  const texts = newestTexts(rows.filter(({ StartedAt }) => nanosOf(StartedAt) === startNs));
  return texts.input === "" && texts.output === "" ? undefined : texts;
}

/**
 * The newest that was said of the root. Children that started with it say nothing of it, unless the trace has none without a
 * parent.
 *
 * @param writes of spans of one trace that started when its root did, by arrival
 */
function newestTexts(writes: readonly WriteRow[]): RootTexts {
  const roots = writes.filter(isRoot);
  const ofRoot = roots.length === 0 ? writes : roots;
  const newest = (column: "Input" | "Output"): string => ofRoot.findLast((row) => row[column] !== "")?.[column] ?? "";
  return { input: newest("Input"), output: newest("Output") };
}

const isRoot = ({ ParentSpanId }: WriteRow): boolean => ParentSpanId === "";

/** Which writes of roots are asked for. */
interface Writes {
  /** All rows have the names of the roots, by which the sorting key of older tables leaves out most of the table. */
  readonly isSure: boolean;
  /** Any so many. Undefined: of each root, the rows that `newestTexts` would pick, which are four at most. */
  readonly most?: number;
}

/**
 * Writes of spans with the trace's id and start of each root: the set of starts leaves few granules of the sorting key, and
 * of these the index of ids.
 */
export function rootsStatement(
  spans: string,
  project: string,
  roots: readonly Root[],
  { isSure, most }: Writes,
): Statement {
  const names = [...new Set(roots.map(({ name }) => name))];
  const byName = isSure && names.reduce((bytes, name) => bytes + Buffer.byteLength(name), 0) <= mostNameBytes;
  const pairs = roots.map(({ traceId, startNs }) => new TupleParam([traceId, storeTimeOf(startNs)]));
  return statementOf(sql`SELECT TraceId, ParentSpanId, Input, Output, CreatedAt
FROM ${raw(spans)}
WHERE ${ofProject(project)}
  AND (TraceId, Timestamp) IN ${param("Array(Tuple(String, DateTime64(9, 'UTC')))", pairs)}
  ${byName ? sql`AND SpanName IN ${param("Array(String)", names)}` : nothing}
${most === undefined ? newestOfEach : sql`LIMIT ${param("UInt64", most)}`}`);
}

/**
 * Of rows with both texts, with an input alone, with an output alone and with none the first: the newest of each text is among
 * them, and the root where it is silent.
 */
const newestOfEach = raw(`ORDER BY ParentSpanId != '', CreatedAt DESC
LIMIT 1 BY TraceId, Input = '', Output = ''`);

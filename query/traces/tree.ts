import { storedTraceId, uuidOfSpan } from "../../pipeline/ids.ts";
import type { StoreTables } from "../reader.ts";
import { mergedExpressions, mergedSpans } from "../spans/columns.ts";
import type { SpanRow } from "../spans/row.ts";
import { hasErrorOf, kindOf } from "../spans/span-read.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { isoMicros } from "../time.ts";
import type { TreeNode } from "./model.ts";

/** A span of a tree, before it has its place. */
export interface NodeRow {
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly Name: string;
  readonly Kind: string;
  readonly HasError: boolean | number;
  readonly Timestamp: string;
  readonly DurationMs: number | null;
  readonly Cost: number | null;
}

/**
 * What a tree shows of the spans of a trace, by start.
 *
 * @param started conditions on Timestamp that all of them fulfil
 * @param most how many; of more those that started first
 */
export function nodesOfTrace(
  { project, tables }: { readonly project: string; readonly tables: StoreTables },
  traceId: string,
  started: readonly Sql[],
  most: number,
): Statement {
  const ofTrace = sql`TraceId = ${param("String", storedTraceId(traceId))}`;
  const { name, kind, hasError } = mergedExpressions;
  return statementOf(sql`SELECT SpanId, ParentSpanId, ${name} AS Name, ${kind} AS Kind, ${hasError} AS HasError, Timestamp, DurationMs, Cost
FROM ${mergedSpans(tables.spans, allOf([ofProject(project), ofTrace, ...started]))}
ORDER BY Timestamp, SpanId
LIMIT ${raw(String(most))}`);
}

/** The same of a span that has been read whole. */
export function nodeOfSpan(row: SpanRow): NodeRow {
  const { SpanId, ParentSpanId, SpanName, StartedAt, DurationMs, Cost } = row;
  const [Kind, HasError] = [kindOf(row), hasErrorOf(row)];
  return { SpanId, ParentSpanId, Name: SpanName, Kind, HasError, Timestamp: StartedAt, DurationMs, Cost };
}

/**
 * The spans of a trace in the order of its tree, without nesting: traces may be as deep as they are long. Spans whose parents
 * are each other's children stand at the top, the first of them.
 */
export function treeOf(rows: readonly NodeRow[]): readonly TreeNode[] {
  const ids = new Set(rows.map(({ SpanId }) => SpanId));
  const children = new Map<string, NodeRow[]>();
  const tops: NodeRow[] = [];
  for (const row of rows) {
    if (row.ParentSpanId === row.SpanId || !ids.has(row.ParentSpanId)) tops.push(row);
    else {
      const siblings = children.get(row.ParentSpanId);
      if (siblings === undefined) children.set(row.ParentSpanId, [row]);
      else siblings.push(row);
    }
  }
  const placed = new Set<string>();
  const tree: TreeNode[] = [];
  for (const top of [...tops, ...rows]) place(top, children, placed, tree);
  return tree;
}

function place(
  top: NodeRow,
  children: ReadonlyMap<string, readonly NodeRow[]>,
  placed: Set<string>,
  tree: TreeNode[],
): void {
  const waiting: (readonly [NodeRow, number])[] = [[top, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [row, depth] = next;
    if (placed.has(row.SpanId)) continue;
    placed.add(row.SpanId);
    tree.push(nodeOf(row, depth));
    for (const child of children.get(row.SpanId)?.toReversed() ?? []) waiting.push([child, depth + 1]);
  }
}

function nodeOf(row: NodeRow, depth: number): TreeNode {
  return {
    id: uuidOfSpan(row.SpanId),
    parent_span_id: row.ParentSpanId === "" ? null : uuidOfSpan(row.ParentSpanId),
    depth,
    name: row.Name,
    kind: row.Kind,
    has_error: Boolean(row.HasError),
    started_at: isoMicros(row.Timestamp),
    duration_ms: row.DurationMs,
    cost: row.Cost,
  };
}

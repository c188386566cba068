import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { SpanIndex } from "./span-index.ts";

/**
 * Finds calls that two instrumentations report side by side, such as an SDK with spans of its own and a wrapper around it
 * that does not make its span the current one: spans of different scopes with the same parent and the same response id.
 *
 * One scope alone may say an id many times, as servers for tests do.
 *
 * @param rows spans with usage
 * @returns of each such pair the one that started first: the other one is closer to the call
 */
export function outerTwins(batch: SpanBatch, index: SpanIndex, rows: readonly number[]): readonly number[] {
  const ids = batch.derivedColumn("ResponseId");
  if (ids === undefined || !haveSiblings(batch, index, rows)) return [];
  const { spans } = index.parents;
  const calls = new Map<string, number>();
  const outer: number[] = [];
  for (const row of rows) {
    const id = index.hasParent(row) ? ids.get(row) : undefined;
    if (id === undefined) continue;
    const call = `${spans[2 * row]}/${spans[2 * row + 1]}/${id}`;
    const other = calls.get(call);
    if (other === undefined) calls.set(call, row);
    else if (areTwins(batch, index, row, other)) {
      const isOuter = startsBefore(batch, row, other);
      outer.push(isOuter ? row : other);
      if (!isOuter) calls.set(call, row);
    }
  }
  return outer;
}

/** Whether two of the rows may have the same parent and different scopes: hardly ever, so that ids need not be made texts. */
function haveSiblings({ scopeIndex, scopes }: SpanBatch, index: SpanIndex, rows: readonly number[]): boolean {
  if (scopes.length < 2) return false;
  const scopeOf = new Map<number, number>();
  for (const row of rows) {
    if (!index.hasParent(row)) continue;
    const parent = index.parents.spans[2 * row]!;
    const scope = scopeIndex[row]!;
    const known = scopeOf.get(parent);
    if (known === undefined) scopeOf.set(parent, scope);
    else if (known !== scope) return true;
  }
  return false;
}

function areTwins(batch: SpanBatch, { ids }: SpanIndex, row: number, other: number): boolean {
  if (batch.scopeIndex[row] === batch.scopeIndex[other]) return false;
  for (let word = 0; word < 4; word++) {
    if (ids.traces[4 * row + word] !== ids.traces[4 * other + word]) return false;
  }
  return true;
}

function startsBefore({ startTimeUnixNano: times }: SpanBatch, row: number, other: number): boolean {
  const [high, otherHigh] = [times[2 * row + 1]!, times[2 * other + 1]!];
  return high === otherHigh ? times[2 * row]! < times[2 * other]! : high < otherHigh;
}

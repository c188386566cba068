import { type DerivedColumn, TextColumn, TokenColumn } from "../../pipeline/span-batch/derived.ts";
import { MapColumn } from "../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type Target, targets } from "./dialect.ts";

const none: ReadonlySet<Target> = new Set();

/**
 * Columns that a receiver has filled, because its protocol has fields for them: what a sender says in so many words is not
 * looked for in attributes.
 */
export class GivenColumns {
  #columns: readonly (readonly [Target, DerivedColumn])[] = [];
  readonly #ofRow = new Set<Target>();
  readonly #rowsWithCost = new Set<number>();

  /** Call before anything else is written to the batch. */
  begin(batch: SpanBatch): void {
    this.#rowsWithCost.clear();
    this.#columns = targets.flatMap((target) => {
      const column = batch.derivedColumn(target);
      return column === undefined ? [] : [[target, column] as const];
    });
  }

  /** Those of span `row`; valid until the next call. */
  of(row: number): ReadonlySet<Target> {
    if (this.#columns.length === 0) return none;
    this.#ofRow.clear();
    for (const [target, column] of this.#columns) if (isSet(column, row)) this.#ofRow.add(target);
    if (this.#ofRow.has("Cost")) this.#rowsWithCost.add(row);
    return this.#ofRow;
  }

  /** Whether the cost of span `row`, which was asked for with `of`, is its sender's. */
  hasCost(row: number): boolean {
    return this.#rowsWithCost.has(row);
  }
}

function isSet(column: DerivedColumn, row: number): boolean {
  if (column instanceof TextColumn) return column.lengthAt(row) >= 0;
  if (column instanceof TokenColumn) return column.indexAt(row) >= 0;
  if (column instanceof MapColumn) return column.has(row);
  return column.get(row) !== undefined;
}

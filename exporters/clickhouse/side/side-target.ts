import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { blockOf } from "../block.ts";
import type { InsertBlock, Sized, TableBuilder, TableTarget } from "../table.ts";
import type { SideColumn } from "./side-column.ts";

/** Things that belong to spans of one batch: rows of one table. */
export class SideRows<Item> implements Sized {
  readonly batch: SpanBatch;
  readonly items: readonly Item[];
  readonly byteLength: number;

  /** @param bytesOf how much an item will take, about */
  constructor(batch: SpanBatch, items: readonly Item[], bytesOf: (item: Item) => number) {
    this.batch = batch;
    this.items = items;
    this.byteLength = items.reduce((sum, item) => sum + bytesOf(item), 0);
  }

  get itemCount(): number {
    return this.items.length;
  }
}

/** Builds blocks in Native format, item by item: for what few spans have. */
class SideBlockBuilder<Item> implements TableBuilder<SideRows<Item>> {
  rows = 0;
  readonly #columns: readonly SideColumn<Item>[];
  readonly #writers: readonly ReturnType<SideColumn<Item>["create"]>[];

  constructor(columns: readonly SideColumn<Item>[]) {
    this.#columns = columns;
    this.#writers = columns.map((column) => column.create());
  }

  get bytes(): number {
    return this.#writers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  append({ batch, items }: SideRows<Item>, rows?: Uint32Array): void {
    const chosen = rows === undefined ? items : Array.from(rows, (row) => items[row]!);
    for (const writer of this.#writers) for (const item of chosen) writer.write(item, batch);
    this.rows += chosen.length;
  }

  finish(): InsertBlock {
    const { rows } = this;
    this.rows = 0;
    return blockOf(
      rows,
      this.#columns.map(({ name, type }, i) => ({ name, type, data: this.#writers[i]!.take() })),
    );
  }
}

/** A table whose rows come along with spans. @param name quoted, with its database */
export function sideTarget<Item>(
  name: string,
  columns: readonly SideColumn<Item>[],
  isBinary = false,
): TableTarget<SideRows<Item>> {
  // Partitioned by CreatedAt, which all rows of a batch have in common.
  const dayOf = ({ batch }: SideRows<Item>): number => Math.floor(batch.receivedTimeMs / 86_400_000);
  return {
    name,
    signal: "traces",
    itemsPerRow: 0,
    isBinary,
    createBuilder: () => new SideBlockBuilder(columns),
    daysOf: (rows) => new Set([dayOf(rows)]),
    rowsByDay: (rows) => new Map([[dayOf(rows), [...rows.items.keys()]]]),
    keptRows: ({ items }) => Uint32Array.from(items.keys()),
  };
}

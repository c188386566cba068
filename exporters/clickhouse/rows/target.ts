import type { Signal } from "../../../pipeline/batch.ts";
import type { InsertBlock, TableBuilder, TableTarget } from "../table.ts";
import type { RowBatch } from "./row-batch.ts";

/** Builds blocks of JSON lines. */
class RowBlockBuilder implements TableBuilder<RowBatch> {
  rows = 0;
  bytes = 0;
  readonly #columns: readonly string[];
  #chunks: Buffer[] = [];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  append({ lines }: RowBatch, rows?: Uint32Array): void {
    const chosen = rows === undefined ? lines : Array.from(rows, (row) => lines[row]!);
    // One piece a batch: a piece a row would be posted as slowly as it sounds.
    const chunk = Buffer.concat(chosen);
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.rows += chosen.length;
  }

  finish(): InsertBlock {
    const { rows, bytes } = this;
    const chunks = this.#chunks;
    this.rows = 0;
    this.bytes = 0;
    this.#chunks = [];
    return { rows, bytes, format: "JSONEachRow", columns: this.#columns, chunks, recycle: () => undefined };
  }
}

/** A table that takes rows as JSON. @param name quoted, with its database */
export function rowTarget(name: string, signal: Signal, columns: readonly string[]): TableTarget<RowBatch> {
  return {
    name,
    signal,
    itemsPerRow: 1,
    createBuilder: () => new RowBlockBuilder(columns),
    daysOf: ({ days }) => new Set(days),
    rowsByDay: ({ days }) => {
      const rows = new Map<number, number[]>();
      days.forEach((day, row) => {
        const ofDay = rows.get(day);
        if (ofDay === undefined) rows.set(day, [row]);
        else ofDay.push(row);
      });
      return rows;
    },
    keptRows: ({ lines }) => Uint32Array.from(lines.keys()),
  };
}

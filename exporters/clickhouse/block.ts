import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type ColumnDefinition, traceColumnGroups } from "./columns.ts";
import type { ColumnEncoder } from "./encode/column-group.ts";
import { recyclePieces } from "./encode/output.ts";
import { varintLength, writeVarint } from "./encode/varint.ts";
import type { InsertBlock, TableBuilder } from "./table.ts";

/**
 * Builds blocks of spans in ClickHouse's Native format. Each batch is written to the columns as it comes, so that its memory
 * can go; `finish` puts the columns together without copying them.
 *
 * Layout: varint number of columns, varint number of rows; per column its name and type as Strings and its data.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 */
export class BlockBuilder implements TableBuilder<SpanBatch> {
  rows = 0;
  readonly #groups: readonly { columns: readonly ColumnDefinition[]; encoder: ColumnEncoder }[] = traceColumnGroups.map(
    (group) => ({ columns: group.columns, encoder: group.create() }),
  );

  get bytes(): number {
    let bytes = 0;
    for (const { encoder } of this.#groups) bytes += encoder.byteLength;
    return bytes;
  }

  append(batch: SpanBatch, rows: Uint32Array = keptRows(batch)): void {
    const count = rows.length;
    if (count === 0) return;
    for (const { encoder } of this.#groups) encoder.append(batch, rows, count);
    this.rows += count;
  }

  finish(): InsertBlock {
    const { rows } = this;
    this.rows = 0;
    const columns: BlockColumn[] = [];
    for (const { columns: definitions, encoder } of this.#groups) {
      encoder.take(rows).forEach((data, i) => {
        if (data !== undefined) columns.push({ ...definitions[i]!, data });
      });
    }
    return blockOf(rows, columns);
  }
}

interface BlockColumn {
  readonly name: string;
  readonly type: string;
  readonly data: readonly Buffer[];
}

/** Puts the columns of a block together. */
export function blockOf(rows: number, columns: readonly BlockColumn[]): InsertBlock {
  const chunks = [varintBytes(columns.length), varintBytes(rows)];
  for (const { name, type, data } of columns) chunks.push(stringBytes(name), stringBytes(type), ...data);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const names = columns.map(({ name }) => name);
  return { rows, bytes, format: "Native", columns: names, chunks, recycle: () => recyclePieces(chunks) };
}

let identity = new Uint32Array(0);

/** Numbers of the rows that are not dropped. Valid until the next call. */
export function keptRows(batch: SpanBatch): Uint32Array {
  if (batch.itemCount === batch.length) {
    if (identity.length < batch.length) identity = Uint32Array.from({ length: batch.length * 2 }, (_, i) => i);
    return identity.subarray(0, batch.length);
  }
  const rows = new Uint32Array(batch.itemCount);
  let count = 0;
  for (let row = 0; row < batch.length; row++) if (!batch.isDropped(row)) rows[count++] = row;
  return rows;
}

function varintBytes(value: number): Buffer {
  const bytes = Buffer.alloc(varintLength(value));
  writeVarint(bytes, 0, value);
  return bytes;
}

function stringBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varintBytes(bytes.length), bytes]);
}

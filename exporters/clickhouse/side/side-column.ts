import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { ColumnDefinition } from "../encode/column-group.ts";
import { LowCardinality, lowCardinalityPrefix } from "../encode/low-cardinality.ts";
import { Output } from "../encode/output.ts";
import { writeHexId } from "../encode/plain-columns.ts";
import { Words } from "../encode/words.ts";

/** Writes the values of one column, item by item. */
interface SideWriter<Item> {
  readonly byteLength: number;
  write(item: Item, batch: SpanBatch): void;
  take(): Buffer[];
}

/** A column of a table whose rows belong to spans. */
export interface SideColumn<Item> extends ColumnDefinition {
  create(): SideWriter<Item>;
}

/** The value of an item, which is of a span of the batch. */
type ValueOf<Item, Value> = (item: Item, batch: SpanBatch) => Value;

const compressed = "CODEC(ZSTD(1))";

/** LowCardinality(String). */
export function tokenColumn<Item>(name: string, value: ValueOf<Item, string>): SideColumn<Item> {
  const type = "LowCardinality(String)";
  const create = (): SideWriter<Item> => {
    const values = new LowCardinality();
    return {
      get byteLength() {
        return values.byteLength;
      },
      write: (item, batch) => values.indexes.push(values.indexOfText(value(item, batch))),
      take: () => [lowCardinalityPrefix, ...values.take()],
    };
  };
  return { name, type, ddl: `${type} ${compressed}`, create };
}

/** String, of text or bytes. */
export function textColumn<Item>(name: string, value: ValueOf<Item, string | Uint8Array>): SideColumn<Item> {
  return outputColumn(name, "String", (output, item, batch) => {
    const found = value(item, batch);
    if (typeof found === "string") output.text(found);
    else output.bytes(found, 0, found.length);
  });
}

/** An id in bytes. */
interface IdBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly width: number;
  /** Where the second half stands in the arena of the batch; left out: there is none. */
  readonly tailStart?: number | undefined;
}

/** String of lowercase hex digits. */
export function hexColumn<Item>(name: string, value: ValueOf<Item, IdBytes>): SideColumn<Item> {
  return outputColumn(name, "String", (output, item, batch) => {
    const { bytes, start, width, tailStart } = value(item, batch);
    if (tailStart === undefined) writeHexId(output, bytes, start, width);
    else writeHexId(output, bytes, start, width, batch.arena.bytes, tailStart);
  });
}

const number = Buffer.alloc(8);

/** A number of fixed width. */
export function numberColumn<Item>(
  name: string,
  type: "Bool" | "UInt32" | "Float64",
  value: ValueOf<Item, number>,
): SideColumn<Item> {
  return outputColumn(name, type, (output, item, batch) => {
    const found = value(item, batch);
    if (type === "Float64") number.writeDoubleLE(found);
    else number.writeUInt32LE(Math.min(found, 0xffffffff));
    output.raw(number.subarray(0, widths[type]));
  });
}

const widths = { Bool: 1, UInt32: 4, Float64: 8 } as const;

function outputColumn<Item>(
  name: string,
  type: string,
  write: (output: Output, item: Item, batch: SpanBatch) => void,
): SideColumn<Item> {
  const create = (): SideWriter<Item> => {
    const output = new Output();
    return {
      get byteLength() {
        return output.length;
      },
      write: (item, batch) => write(output, item, batch),
      take: () => output.take(),
    };
  };
  return { name, type, ddl: `${type} ${compressed}`, create };
}

/** DateTime64: 64 bits in two words. */
export function timeColumn<Item>(
  name: string,
  type: "DateTime64(3)" | "DateTime64(9)",
  value: ValueOf<Item, { readonly low: number; readonly high: number }>,
): SideColumn<Item> {
  const create = (): SideWriter<Item> => {
    const words = new Words();
    return {
      get byteLength() {
        return words.length * 4;
      },
      write: (item, batch) => {
        const { low, high } = value(item, batch);
        words.push(low);
        words.push(high);
      },
      take: () => [words.take()],
    };
  };
  return { name, type, ddl: `${type} CODEC(Delta(8), ZSTD(1))`, create };
}

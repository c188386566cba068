import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { type AttributeTable, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { copyShort } from "../../../pipeline/span-batch/bytes.ts";
import { LowCardinality } from "./low-cardinality.ts";
import { Output, recyclePieces } from "./output.ts";
import { repeat } from "./repeat.ts";
import { TypePatterns } from "./type-pattern.ts";
import { writeValueText } from "./value-text.ts";
import { Words } from "./words.ts";

/** Longest text that is one byte of length and a short copy. */
const maxShort = 0x7f;

/**
 * Data of a Map(LowCardinality(String), String), and of the LowCardinality(String) with its types beside it. Rows are
 * added owner by owner.
 *
 * Layout of the map: prefix of the keys; per row the end of its entries as UInt64; keys; values as Strings.
 */
export class AttributeMap {
  readonly #keys = new LowCardinality();
  readonly #values = new Output();
  readonly #ends = new Words();
  readonly #types = new LowCardinality();
  readonly #patterns = new TypePatterns((text) => this.#types.indexOfText(text));
  #keyInBlock = new Uint32Array(0);

  get byteLength(): number {
    return this.#keys.byteLength + this.#values.length + this.#ends.length * 4;
  }

  /** Must be called before the rows of another batch's table. */
  begin(table: AttributeTable, arena: ByteArena): void {
    this.#keyInBlock = this.#keys.translate(table.keys, arena);
  }

  /** Adds a row with the entries `[start, end)`. */
  append(table: AttributeTable, arena: ByteArena, start: number, end: number): void {
    const { types, words, keyIndexes } = table;
    const { indexes } = this.#keys;
    indexes.reserve(end - start);
    const keys = indexes.values;
    const keyInBlock = this.#keyInBlock;
    const values = this.#values;
    const patterns = this.#patterns;
    const source = arena.view;
    let keyAt = indexes.length;
    let pattern = TypePatterns.start;
    for (let entry = start; entry < end; entry++) {
      const type = types[entry]!;
      if (type === ValueType.DELETED) continue;
      pattern = patterns.after(pattern, type);
      keys[keyAt++] = keyInBlock[keyIndexes[entry]!]!;
      const length = words[2 * entry + 1]!;
      if (type !== ValueType.STRING) writeValueText(values, arena, type, words[2 * entry]!, length);
      else if (length > maxShort) values.string(arena, words[2 * entry]!, length);
      else {
        // Most values by far are short texts, so what `string` does is written out here for them, without a call for each.
        values.reserve(length + 1);
        values.piece[values.position] = length;
        copyShort(values.view, values.position + 1, source, words[2 * entry]!, length);
        values.position += length + 1;
      }
    }
    indexes.length = keyAt;
    this.#endRow(patterns.indexOf(pattern, types, start, end));
  }

  /** Makes a row that many spans will share: the attributes of their resource, say. */
  prepare(table: AttributeTable, arena: ByteArena, start: number, end: number): PreparedRow {
    const keys: number[] = [];
    const values = new Output();
    for (let entry = start; entry < end; entry++) {
      const type = table.types[entry]!;
      if (type === ValueType.DELETED) continue;
      keys.push(this.#keyInBlock[table.keyIndexes[entry]!]!);
      writeValueText(values, arena, type, table.words[2 * entry]!, table.words[2 * entry + 1]!);
    }
    const pieces = values.take();
    const row = { keys, values: Buffer.concat(pieces), pattern: this.#patternOf(table.types, start, end) };
    recyclePieces([...pieces, values.piece]);
    return row;
  }

  /** Adds a prepared row `count` times. */
  appendPrepared({ keys, values, pattern }: PreparedRow, count: number): void {
    const { indexes } = this.#keys;
    const width = keys.length;
    indexes.reserve(width * count);
    const end = indexes.length + width * count;
    indexes.values.set(keys, indexes.length);
    repeat(indexes.values, indexes.length, width, end);
    this.#values.rawTimes(values, count);
    this.#ends.reserve(2 * count);
    for (let i = 0; i < count; i++) {
      indexes.length += width;
      this.#ends.push64(indexes.length);
    }
    this.#types.indexes.pushTimes(pattern, count);
  }

  /** What was added; empty afterwards. `types` is undefined when all values are strings. */
  take(): { readonly body: readonly Buffer[]; readonly types: readonly Buffer[] | undefined } {
    const onlyStrings = this.#types.keyCount <= 1 && this.#types.indexOfText("") === 0;
    const { body, types } = this.takeNested();
    return { body, types: onlyStrings ? undefined : types };
  }

  /** What was added, for columns of arrays of maps; empty afterwards. */
  takeNested(): AttributeMapData {
    const body = [this.#ends.take(), ...this.#keys.take(), ...this.#values.take()];
    const types = this.#types.take();
    this.#patterns.restart();
    return { body, types };
  }

  #patternOf(types: Uint8Array, start: number, end: number): number {
    let pattern = TypePatterns.start;
    for (let entry = start; entry < end; entry++) {
      if (types[entry] !== ValueType.DELETED) pattern = this.#patterns.after(pattern, types[entry]!);
    }
    return this.#patterns.indexOf(pattern, types, start, end);
  }

  #endRow(pattern: number): void {
    this.#ends.push(this.#keys.indexes.length);
    this.#ends.push(0);
    this.#types.indexes.push(pattern);
  }
}

/** A row of the map as it stands in the block. */
export interface PreparedRow {
  readonly keys: readonly number[];
  readonly values: Buffer;
  readonly pattern: number;
}

export interface AttributeMapData {
  /** Everything after the map's prefix. */
  readonly body: readonly Buffer[];
  /** Everything after the prefix of the column of types. */
  readonly types: readonly Buffer[];
}

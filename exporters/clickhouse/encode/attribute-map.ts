import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { type AttributeTable, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { LowCardinality } from "./low-cardinality.ts";
import { Output, recyclePieces } from "./output.ts";
import { TypePatterns } from "./type-pattern.ts";
import { writeValueText } from "./value-text.ts";
import { Words } from "./words.ts";

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
    this.#keyInBlock = this.#keys.translate(table.keys, arena.bytes);
  }

  /** Adds a row with the entries `[start, end)`. */
  append(table: AttributeTable, arena: ByteArena, start: number, end: number): void {
    const { types, words, keyIndexes } = table;
    const { indexes } = this.#keys;
    indexes.reserve(end - start);
    for (let entry = start; entry < end; entry++) {
      const type = types[entry]!;
      if (type === ValueType.DELETED) continue;
      indexes.values[indexes.length++] = this.#keyInBlock[keyIndexes[entry]!]!;
      if (type === ValueType.STRING) this.#values.string(arena, words[2 * entry]!, words[2 * entry + 1]!);
      else writeValueText(this.#values, arena, type, words[2 * entry]!, words[2 * entry + 1]!);
    }
    this.#endRow(this.#patterns.indexOf(types, start, end));
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
    const row = { keys, values: Buffer.concat(pieces), pattern: this.#patterns.indexOf(table.types, start, end) };
    recyclePieces([...pieces, values.piece]);
    return row;
  }

  appendPrepared(row: PreparedRow): void {
    const { indexes } = this.#keys;
    const { keys } = row;
    indexes.reserve(keys.length);
    for (let i = 0; i < keys.length; i++) indexes.values[indexes.length++] = keys[i]!;
    this.#values.raw(row.values);
    this.#endRow(row.pattern);
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

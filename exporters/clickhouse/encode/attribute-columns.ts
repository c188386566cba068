import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { AttributeMap, type PreparedRow } from "./attribute-map.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { lowCardinalityPrefix } from "./low-cardinality.ts";

// The map is sent even when it is empty in every row: see `emptyIsSent` in column-group.ts.
function columnsOf(map: AttributeMap): ColumnData[] {
  const { body, types } = map.take();
  return [[lowCardinalityPrefix, ...body], types === undefined ? undefined : [lowCardinalityPrefix, ...types]];
}

/** SpanAttributes and SpanAttributeTypes. */
export class SpanAttributesEncoder implements ColumnEncoder {
  readonly #map = new AttributeMap();

  get byteLength(): number {
    return this.#map.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const { attributes, arena, attributeStart, attributeEnd } = batch;
    this.#map.begin(attributes, arena);
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      this.#map.append(attributes, arena, attributeStart[row]!, attributeEnd[row]!);
    }
  }

  take(): ColumnData[] {
    return columnsOf(this.#map);
  }
}

/** Attributes of each span's resource or scope, encoded once per owner. */
export class OwnerAttributesEncoder implements ColumnEncoder {
  readonly #map = new AttributeMap();
  readonly #owners: (batch: SpanBatch) => readonly { attributeStart: number; attributeEnd: number }[];
  readonly #indexes: (batch: SpanBatch) => Uint32Array;

  constructor(
    owners: (batch: SpanBatch) => readonly { attributeStart: number; attributeEnd: number }[],
    indexes: (batch: SpanBatch) => Uint32Array,
  ) {
    this.#owners = owners;
    this.#indexes = indexes;
  }

  get byteLength(): number {
    return this.#map.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const { resourceAttributes, arena } = batch;
    this.#map.begin(resourceAttributes, arena);
    const owners = this.#owners(batch);
    const ownerOf = this.#indexes(batch);
    const prepared: (PreparedRow | undefined)[] = new Array(owners.length);
    for (let k = 0, next = 0; k < count; k = next) {
      const index = ownerOf[rows[k]!]!;
      // Spans of a resource come one after the other.
      for (next = k + 1; next < count && ownerOf[rows[next]!] === index; ) next++;
      let row = prepared[index];
      if (row === undefined) {
        const owner = owners[index]!;
        row = this.#map.prepare(resourceAttributes, arena, owner.attributeStart, owner.attributeEnd);
        prepared[index] = row;
      }
      this.#map.appendPrepared(row, next - k);
    }
  }

  take(): ColumnData[] {
    return columnsOf(this.#map);
  }
}

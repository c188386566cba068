import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { DerivedName, TextColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";

/** A text of each span of a batch, as a range of its arena. */
export interface TextSource {
  /** Whether any span of the batch can have one. */
  bind(batch: SpanBatch): boolean;
  /** Whether the span has a text, which then stands at `start` and has `length` bytes. */
  find(row: number): boolean;
  readonly start: number;
  readonly length: number;
}

export class DerivedText implements TextSource {
  readonly #name: DerivedName;
  #column: TextColumn | undefined;
  start = 0;
  length = 0;

  constructor(name: DerivedName) {
    this.#name = name;
  }

  bind(batch: SpanBatch): boolean {
    this.#column = batch.derivedColumn(this.#name) as TextColumn | undefined;
    return this.#column !== undefined;
  }

  find(row: number): boolean {
    const length = this.#column?.lengthAt(row) ?? -1;
    if (length < 0) return false;
    this.start = this.#column!.startAt(row);
    this.length = length;
    return true;
  }
}

/** The message of the status; none where it is empty. */
export class StatusMessageText implements TextSource {
  #ranges: Uint32Array = new Uint32Array(0);
  start = 0;
  length = 0;

  bind(batch: SpanBatch): boolean {
    this.#ranges = batch.statusMessage;
    return true;
  }

  find(row: number): boolean {
    this.start = this.#ranges[2 * row]!;
    this.length = this.#ranges[2 * row + 1]!;
    return this.length > 0;
  }
}

/** An attribute of the span that is a string; `value` reads one of any type. */
export class AttributeText implements TextSource {
  readonly #key: string;
  #batch: SpanBatch | undefined;
  #keyIndex = -1;
  start = 0;
  length = 0;

  constructor(key: string) {
    this.#key = key;
  }

  bind(batch: SpanBatch): boolean {
    this.#batch = batch;
    this.#keyIndex = batch.attributes.keys.find(this.#key);
    return this.#keyIndex >= 0;
  }

  find(row: number): boolean {
    const entry = this.#entryOf(row);
    if (entry < 0) return false;
    const { types, words } = this.#batch!.attributes;
    if (types[entry] !== ValueType.STRING) return false;
    this.start = words[2 * entry]!;
    this.length = words[2 * entry + 1]!;
    return true;
  }

  /** The attribute of a type other than string; undefined where there is none, or nothing in it. */
  valueAt(row: number): AttributeValue | undefined {
    const entry = this.#entryOf(row);
    if (entry < 0) return undefined;
    const { arena, attributes } = this.#batch!;
    const { types, words } = attributes;
    if (types[entry] === ValueType.STRING) return undefined;
    return readValue(arena, types[entry]!, words[2 * entry]!, words[2 * entry + 1]!) ?? undefined;
  }

  #entryOf(row: number): number {
    if (this.#keyIndex < 0) return -1;
    const { attributes, attributeStart, attributeEnd } = this.#batch!;
    return attributes.find(attributeStart[row]!, attributeEnd[row]!, this.#keyIndex);
  }
}

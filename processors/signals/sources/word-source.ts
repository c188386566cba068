import type { DerivedName, TokenColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import type { SpanField } from "../fields.ts";

/** A value of each span that few spans of a batch do not share, so that it is judged once per distinct one. */
export interface WordSource {
  /** Whether any span of the batch can have one. */
  bind(batch: SpanBatch): boolean;
  /** Number of the span's value, or -1. */
  indexAt(row: number): number;
  /** The value of a number that `indexAt` gave; undefined where it stands for no value. */
  valueOf(index: number): AttributeValue | undefined;
}

export class DerivedWord implements WordSource {
  readonly #name: DerivedName;
  #batch: SpanBatch | undefined;
  #column: TokenColumn | undefined;

  constructor(name: DerivedName) {
    this.#name = name;
  }

  bind(batch: SpanBatch): boolean {
    this.#batch = batch;
    this.#column = batch.derivedColumn(this.#name) as TokenColumn | undefined;
    return this.#column !== undefined;
  }

  indexAt(row: number): number {
    return this.#column?.indexAt(row) ?? -1;
  }

  valueOf(index: number): string {
    return this.#batch!.tokens.text(index);
  }
}

/** An attribute of the resource. */
export class ResourceWord implements WordSource {
  readonly #key: string;
  #batch: SpanBatch | undefined;
  #keyIndex = -1;

  constructor(key: string) {
    this.#key = key;
  }

  bind(batch: SpanBatch): boolean {
    this.#batch = batch;
    this.#keyIndex = batch.resourceAttributes.keys.find(this.#key);
    return this.#keyIndex >= 0;
  }

  indexAt(row: number): number {
    return this.#batch!.resourceIndex[row]!;
  }

  valueOf(index: number): AttributeValue | undefined {
    const { arena, resourceAttributes: table, resources } = this.#batch!;
    const { attributeStart, attributeEnd } = resources[index]!;
    const entry = this.#keyIndex < 0 ? -1 : table.find(attributeStart, attributeEnd, this.#keyIndex);
    if (entry < 0) return undefined;
    return readValue(arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!);
  }
}

const spanKinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const statusCodes = ["unset", "ok", "error"];

type SpanWordField = Extract<SpanField, "SpanName" | "SpanKind" | "StatusCode" | "ScopeName">;

interface SpanWordReader {
  indexAt(batch: SpanBatch, row: number): number;
  valueOf(batch: SpanBatch, index: number): string | undefined;
}

const readers: Readonly<Record<SpanWordField, SpanWordReader>> = {
  SpanName: { indexAt: (batch, row) => batch.nameIndex[row]!, valueOf: (batch, index) => batch.names.text(index) },
  SpanKind: { indexAt: (batch, row) => batch.kind[row]!, valueOf: (_, index) => spanKinds[index] },
  StatusCode: { indexAt: (batch, row) => batch.statusCode[row]!, valueOf: (_, index) => statusCodes[index] },
  ScopeName: {
    indexAt: (batch, row) => batch.scopeIndex[row]!,
    valueOf: (batch, index) => batch.arena.text(batch.scopes[index]!.nameStart, batch.scopes[index]!.nameLength),
  },
};

/** What every span has. */
export class SpanWord implements WordSource {
  readonly #reader: SpanWordReader;
  #batch: SpanBatch | undefined;

  constructor(field: SpanWordField) {
    this.#reader = readers[field];
  }

  bind(batch: SpanBatch): boolean {
    this.#batch = batch;
    return true;
  }

  indexAt(row: number): number {
    return this.#reader.indexAt(this.#batch!, row);
  }

  valueOf(index: number): string | undefined {
    return this.#reader.valueOf(this.#batch!, index);
  }
}

import { DictionaryCopier, type RangeCopier } from "./copy-ranges.ts";
import { type DerivedColumn, NumberColumn, TextColumn, TokenColumn, type ValueColumn } from "./derived.ts";
import { MapColumn } from "./map-column.ts";
import type { SpanBatch } from "./span-batch.ts";

/** Items of the side tables by the row they belong to. */
export function byRow<Item extends { readonly row: number }>(items: readonly Item[]): ReadonlyMap<number, Item[]> {
  const rows = new Map<number, Item[]>();
  for (const item of items) {
    const ofRow = rows.get(item.row);
    if (ofRow === undefined) rows.set(item.row, [item]);
    else ofRow.push(item);
  }
  return rows;
}

/** Pairs `[first, end)` of `from`, which begin at `now` in the copy. */
interface CopiedPairs {
  readonly from: MapColumn;
  readonly first: number;
  readonly end: number;
  readonly now: number;
}

/** Copies what processors have computed of single spans: derived columns, signals and attachments. */
export class DerivedCopier {
  readonly #into: SpanBatch;
  readonly #bytes: RangeCopier;
  readonly #tokens: DictionaryCopier;
  readonly #columns: readonly { readonly from: DerivedColumn; readonly to: DerivedColumn }[];
  /** The pairs that were copied last, and the first of them in the copy. */
  #lastPairs: CopiedPairs | undefined;
  readonly #signals: ReadonlyMap<number, SpanBatch["signals"]>;
  readonly #attachments: ReadonlyMap<number, SpanBatch["attachments"]>;

  constructor(from: SpanBatch, into: SpanBatch, bytes: RangeCopier) {
    this.#into = into;
    this.#bytes = bytes;
    this.#tokens = new DictionaryCopier(from.tokens, into.tokens, bytes);
    this.#columns = [...from.derivedNames()].map((name) => ({
      from: from.derivedColumn(name)!,
      to: into.deriveColumn(name),
    }));
    this.#signals = byRow(from.signals);
    this.#attachments = byRow(from.attachments);
  }

  /** Copies what belongs to span `row` of the source, which is span `at` of the target. */
  copy(row: number, at: number): void {
    for (const { from, to } of this.#columns) this.#copyValue(from, row, to, at);
    if (this.#signals.size > 0) {
      for (const signal of this.#signals.get(row) ?? []) this.#into.signals.push({ ...signal, row: at });
    }
    if (this.#attachments.size === 0) return;
    for (const attachment of this.#attachments.get(row) ?? []) {
      const dataStart = this.#bytes.copy(attachment.dataStart, attachment.dataLength);
      this.#into.attachments.push({ ...attachment, row: at, dataStart });
    }
  }

  /** Rows that follow each other and share their pairs do so in the copy. */
  #copyPairs(from: MapColumn, row: number, to: MapColumn, at: number): void {
    const first = from.firstAt(row);
    const end = from.endAt(row);
    const last = this.#lastPairs;
    if (last?.from !== from || last.first !== first || last.end !== end) {
      this.#lastPairs = { from, first, end, now: to.pairCount };
      for (let pair = first; pair < end; pair++) {
        const length = from.lengthOf(pair);
        const start = this.#bytes.copy(from.startOf(pair), length);
        to.addPair(this.#tokens.indexOf(from.tokenOf(pair)), start, length);
      }
    }
    const { now } = this.#lastPairs!;
    to.setPairs(at, now, now + end - first);
  }

  #copyValue(from: DerivedColumn, row: number, to: DerivedColumn, at: number): void {
    if (from instanceof TokenColumn) {
      const index = from.indexAt(row);
      if (index >= 0) (to as TokenColumn).setIndex(at, this.#tokens.indexOf(index));
    } else if (from instanceof TextColumn) {
      const length = from.lengthAt(row);
      if (length >= 0) (to as TextColumn).setRange(at, this.#bytes.copy(from.startAt(row), length), length);
    } else if (from instanceof NumberColumn) {
      const value = from.get(row);
      if (value !== undefined) (to as NumberColumn).set(at, value);
    } else if (from instanceof MapColumn) {
      if (from.has(row)) this.#copyPairs(from, row, to as MapColumn, at);
    } else {
      const value = from.get(row);
      if (value !== undefined) (to as ValueColumn<unknown>).set(at, value);
    }
  }
}

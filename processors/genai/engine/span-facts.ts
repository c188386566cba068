import { type AttributeTable, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { ByteDictionary } from "../../../pipeline/span-batch/dictionary.ts";
import { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { doubleOf, doubleWords } from "../../../pipeline/span-batch/value.ts";

/** Values up to this many bytes are looked up in a dictionary, longer ones are seldom the same twice. */
const maxSharedBytes = 256;

let lastSerial = 0;

/**
 * The span that is being mapped, and the value that was found last. One object is reused for all spans of all batches, so
 * that mapping a span allocates nothing.
 */
export class SpanFacts {
  batch = new SpanBatch();
  row = 0;
  /** Another one for every batch: what is remembered of a batch carries it. */
  batchSerial = 0;
  /** Distinct short values of the batch. */
  readonly values = new ByteDictionary(this.batch.arena);

  /** Per symbol, the number of the span's first entry of that symbol, where `stamps` says that there is one. */
  entryOf = new Int32Array(0);
  stamps = new Uint32Array(0);
  stamp = 0;

  /**
   * The value found: type and words as in an `AttributeTable`, the words signed. Half a double as an unsigned number would not
   * fit into what V8 keeps as an integer, and every read of the fields would be one of a double then.
   */
  type = 0;
  word0 = 0;
  word1 = 0;
  /** Why a value was refused. */
  problem = "";

  begin(batch: SpanBatch, symbols: number): void {
    this.batch = batch;
    this.batchSerial = ++lastSerial;
    this.values.restart(batch.arena);
    if (this.entryOf.length >= symbols) return;
    this.entryOf = new Int32Array(symbols * 2);
    this.stamps = new Uint32Array(symbols * 2);
    this.stamp = 0;
  }

  /** Forgets the batch, so that its memory can be used for another. */
  end(): void {
    this.batch = emptyBatch;
    this.values.restart(emptyBatch.arena);
  }

  beginSpan(row: number): void {
    this.row = row;
    if (this.stamp === 0xffffffff) {
      this.stamps.fill(0);
      this.stamp = 0;
    }
    this.stamp++;
  }

  /** The span's entry of `symbol`, or -1. */
  entry(symbol: number): number {
    return this.stamps[symbol] === this.stamp ? this.entryOf[symbol]! : -1;
  }

  /** Takes the value of the span's attribute `symbol`, which it has. */
  loadSymbol(symbol: number): boolean {
    this.loadEntry(this.batch.attributes, this.entryOf[symbol]!);
    return true;
  }

  /** Takes the value of an entry of `table`. */
  loadEntry({ types, words }: AttributeTable, entry: number): void {
    this.type = types[entry]!;
    this.word0 = words[2 * entry]! | 0;
    this.word1 = words[2 * entry + 1]! | 0;
  }

  /** Takes the value of `key` among the entries `[start, end)` of `table`; says whether it is there. */
  loadKey(table: AttributeTable, start: number, end: number, key: string): boolean {
    const entry = entryOfKey(table, start, end, key);
    if (entry >= 0) this.loadEntry(table, entry);
    return entry >= 0;
  }

  /** Takes the value of an attribute of the span's resource; says whether it has it. */
  loadResource(key: string): boolean {
    const entry = this.resourceEntry(key);
    if (entry >= 0) this.loadEntry(this.batch.resourceAttributes, entry);
    return entry >= 0;
  }

  /** The entry of an attribute of the span's resource, or -1. */
  resourceEntry(key: string): number {
    const { resources, resourceIndex, resourceAttributes } = this.batch;
    const { attributeStart, attributeEnd } = resources[resourceIndex[this.row]!]!;
    return entryOfKey(resourceAttributes, attributeStart, attributeEnd, key);
  }

  setText(text: string): void {
    const { arena } = this.batch;
    this.word0 = arena.appendText(text);
    this.word1 = arena.length - this.word0;
    this.type = ValueType.STRING;
  }

  setRange(start: number, length: number): void {
    this.type = ValueType.STRING;
    this.word0 = start;
    this.word1 = length;
  }

  setNumber(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.type = ValueType.INT;
      this.word0 = value | 0;
      this.word1 = Math.floor(value / 2 ** 32) | 0;
      return;
    }
    this.type = ValueType.DOUBLE;
    const [low, high] = doubleWords(value);
    this.word0 = low | 0;
    this.word1 = high | 0;
  }

  /** The value found as a number, where it is an INT or a DOUBLE. */
  get number(): number {
    const { word0, word1 } = this;
    return this.type === ValueType.INT ? word1 * 2 ** 32 + (word0 >>> 0) : doubleOf(word0, word1);
  }

  /** The text found, which is a STRING. */
  get text(): string {
    return this.batch.arena.text(this.word0, this.word1);
  }

  /** The number of the found STRING among the batch's short values, or -1 when it is too long for that. */
  sharedIndex(): number {
    return this.word1 > maxSharedBytes ? -1 : this.values.intern(this.word0, this.word1);
  }
}

/** The entry of `key` with a value among the entries `[start, end)` of `table`, or -1. */
function entryOfKey(table: AttributeTable, start: number, end: number, key: string): number {
  const keyIndex = table.keys.find(key);
  const entry = keyIndex < 0 ? -1 : table.find(start, end, keyIndex);
  return entry < 0 || table.types[entry] === ValueType.EMPTY ? -1 : entry;
}

const emptyBatch = new SpanBatch();

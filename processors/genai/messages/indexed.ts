import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { IndexedShape } from "../dialect.ts";
import { Field, type IndexedKey, IndexedKeys } from "./indexed-key.ts";
import { type FoundAttribute, IndexedMessage } from "./indexed-message.ts";
import type { ArenaRange, JsonWriter } from "./json-writer.ts";
import type { MessageLimits } from "./limits.ts";
import { MessageList } from "./message-list.ts";
import type { OutputOutline } from "./output-outline.ts";

/** Makes documents of messages that are spread over numbered attributes. */
export class IndexedMessages {
  readonly #list: MessageList;
  readonly #message: IndexedMessage;
  /** One of each prefix; there are as many as dialects have. */
  readonly #keys: IndexedKeys[] = [];
  /** Keys and entries that are understood, ordered by message; used anew by every call. */
  readonly #found: FoundAttribute[] = [];
  /** Range of the document that was written last, of which all is known; a length of -1: there is none. */
  #start = -1;
  #length = -1;

  constructor(writer: JsonWriter, limits: MessageLimits) {
    this.#list = new MessageList(writer, limits);
    this.#message = new IndexedMessage(writer, limits.maxMessages);
  }

  write(
    batch: SpanBatch,
    entries: readonly number[],
    prefixLength: number,
    shape: IndexedShape,
  ): ArenaRange | undefined {
    const count = this.#find(batch, entries, this.#keysOf(shape, prefixLength));
    if (!this.#saysMore(count)) return undefined;
    this.#list.begin(batch.arena);
    this.#message.beginOutline();
    this.#writeMessages(batch, count);
    const isOutlined = this.#message.isPlain && this.#list.isWhole;
    const written = this.#list.end();
    this.#start = written?.start ?? -1;
    this.#length = isOutlined && written !== undefined ? written.length : -1;
    return written;
  }

  /** What the document that was written last has in it, if that is known and it stands at this range. */
  outlineOf(start: number, length: number): OutputOutline | undefined {
    return start === this.#start && length === this.#length ? this.#message.outline : undefined;
  }

  /** Forgets the document that was written last. */
  forget(): void {
    this.#length = -1;
  }

  #keysOf(shape: IndexedShape, prefixLength: number): IndexedKeys {
    for (const keys of this.#keys) if (keys.prefixLength === prefixLength && keys.shape === shape) return keys;
    const keys = new IndexedKeys(shape, prefixLength);
    this.#keys.push(keys);
    return keys;
  }

  /** Fills `#found` and returns how many there are. */
  #find(batch: SpanBatch, entries: readonly number[], keys: IndexedKeys): number {
    const { keyIndexes, types, keys: texts } = batch.attributes;
    const found = this.#found;
    let count = 0;
    let sorted = true;
    for (const entry of entries) {
      const type = types[entry]!;
      if (type === ValueType.DELETED || type === ValueType.EMPTY) continue;
      const number = keyIndexes[entry]!;
      const key = keys.get(number, texts.text(number));
      if (key === null) continue;
      if (count > 0 && sorted) sorted = compareKeys(found[count - 1]!.key, key) <= 0;
      const slot = found[count];
      if (slot === undefined) found.push({ key, entry });
      else {
        slot.key = key;
        slot.entry = entry;
      }
      count++;
    }
    if (sorted) return count;
    // Array.sort keeps the order of equal ones, so that of a repeated key the first stays in front.
    const ordered = found.slice(0, count).sort((a, b) => compareKeys(a.key, b.key));
    for (let i = 0; i < count; i++) found[i] = ordered[i]!;
    return count;
  }

  /** Whether there is more than roles: some instrumentations leave content out that is no text, and have it elsewhere. */
  #saysMore(count: number): boolean {
    for (let i = 0; i < count; i++) {
      const { field } = this.#found[i]!.key;
      if (field !== Field.ROLE && field !== Field.NAME) return true;
    }
    return false;
  }

  #writeMessages(batch: SpanBatch, count: number): void {
    const found = this.#found;
    for (let from = 0, to = 0; from < count; from = to) {
      const { index } = found[from]!.key;
      while (to < count && found[to]!.key.index === index) to++;
      if (!this.#list.open()) continue;
      this.#message.write(batch, found, from, to);
      this.#list.close();
    }
  }
}

/** By message; the parts and tool calls of a message in their order, behind what it says of itself. */
function compareKeys(a: IndexedKey, b: IndexedKey): number {
  return a.index - b.index || groupOf(a.field) - groupOf(b.field) || a.subIndex - b.subIndex;
}

function groupOf(field: Field): number {
  return field < Field.PART_TYPE ? 0 : field < Field.CALL_ID ? 1 : 2;
}

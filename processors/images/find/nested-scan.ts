import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { WireReader } from "../../../pipeline/span-batch/wire.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { reference } from "../outcome.ts";
import { isDeclaredImage, type ListKind, nowhere, type Place, type Siblings, siblingKeys } from "./context.ts";
import { applyEdits } from "./edits.ts";
import { itemEntry } from "./json-scan.ts";
import type { TextScan } from "./text-scan.ts";

/** Field tags of `AnyValue`, `ArrayValue.values`, `KeyValueList.values`, `KeyValue.key` and `.value`. */
const tags = { STRING: 0x0a, ARRAY: 0x2a, KVLIST: 0x32, BYTES: 0x3a, ELEMENT: 0x0a, KEY: 0x0a, VALUE: 0x12 } as const;
const maxSiblingBytes = 4096;

/** A value that was changed: the bytes of its `AnyValue` message, and what its key became. */
interface Changed {
  readonly value: Buffer;
  readonly key?: string;
}

/** A member of a KeyValueList; ranges of the arena. */
interface Entry {
  readonly key: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Edits images in values that are arrays or maps, as OTLP encodes them. */
export class NestedScan {
  readonly #scan: TextScan;

  constructor(scan: TextScan) {
    this.#scan = scan;
  }

  /** The encoded `ArrayValue` or `KeyValueList` between two positions without its images; undefined: it has none. */
  edited(bytes: Buffer, type: number, start: number, end: number, list: ListKind): Buffer | undefined {
    const itemDepth = list === "none" ? -1 : type === ValueType.ARRAY ? 1 : list === "attachments" ? 0 : -1;
    return type === ValueType.ARRAY
      ? this.#array(bytes, start, end, itemDepth)
      : this.#map(bytes, start, end, itemDepth);
  }

  #array(bytes: Buffer, start: number, end: number, itemDepth: number): Buffer | undefined {
    const reader = readerAt(bytes, start);
    const pieces: Uint8Array[] = [];
    let copied = start;
    while (reader.position < end) {
      const from = reader.position;
      const tag = reader.varint32(end);
      if (tag !== tags.ELEMENT) {
        reader.skip(tag, end);
        continue;
      }
      const valueEnd = reader.fieldEnd(end);
      const changed = this.#value(bytes, reader.position, valueEnd, nowhere, itemDepth - 1);
      reader.position = valueEnd;
      if (changed === undefined) continue;
      pieces.push(bytes.subarray(copied, from), field(tags.ELEMENT, changed.value));
      copied = valueEnd;
    }
    return pieces.length === 0 ? undefined : Buffer.concat([...pieces, bytes.subarray(copied, end)]);
  }

  #map(bytes: Buffer, start: number, end: number, itemDepth: number): Buffer | undefined {
    const entries = readEntries(bytes, start, end);
    const siblings = siblingsOf(bytes, entries);
    const isItem = itemDepth === 0;
    const change = ({ key, valueStart, valueEnd }: Entry): Changed | undefined => {
      const place: Place = { key, siblings, isItem, isCut: false };
      return this.#value(bytes, valueStart, valueEnd, place, itemDepth - 1);
    };
    // First, for metadata with an image in it would bring the image back.
    const metadata = isItem ? entries.findLast(({ key }) => key === "metadata") : undefined;
    const changedMetadata = metadata && change(metadata);
    if (metadata !== undefined && changedMetadata === undefined) siblings.metadata = jsonObjectOf(bytes, metadata);
    const changes = entries.map((entry) => (entry === metadata ? changedMetadata : change(entry)));
    if (isItem && siblings.url.startsWith("http") && !entries.some(({ key }) => key === "base64")) {
      this.#scan.collector.notice("attachment_url_not_allowed", "the url of an attachment is kept and not fetched");
    }
    if (changes.every((change) => change === undefined)) return undefined;
    const pieces = entries.map(({ key, valueStart, valueEnd }, i) => {
      const value = changes[i]?.value ?? bytes.subarray(valueStart, valueEnd);
      const name = Buffer.from(changes[i]?.key ?? key);
      return field(tags.ELEMENT, Buffer.concat([field(tags.KEY, name), field(tags.VALUE, value)]));
    });
    return Buffer.concat(pieces);
  }

  /** Edits one `AnyValue`. */
  #value(bytes: Buffer, start: number, end: number, place: Place, itemDepth: number): Changed | undefined {
    const reader = readerAt(bytes, start);
    if (reader.position >= end) return undefined;
    const tag = reader.varint32(end);
    if ((tag & 7) !== 2) return undefined;
    const valueEnd = reader.fieldEnd(end);
    const valueStart = reader.position;
    switch (tag) {
      case tags.STRING:
        return this.#string(bytes, valueStart, valueEnd, place);
      case tags.BYTES: {
        const outcome = this.#scan.collector.takeBytes(
          bytes.subarray(valueStart, valueEnd),
          isDeclaredImage(place),
          place,
        );
        return outcome && this.#changed(reference(outcome), place);
      }
      case tags.ARRAY:
      case tags.KVLIST: {
        const edited =
          tag === tags.ARRAY
            ? this.#array(bytes, valueStart, valueEnd, itemDepth)
            : this.#map(bytes, valueStart, valueEnd, itemDepth);
        return edited && { value: field(tag, edited) };
      }
      default:
        return undefined;
    }
  }

  #string(bytes: Buffer, start: number, end: number, place: Place): Changed | undefined {
    const edits = this.#scan.edits(bytes, start, end, place);
    if (edits.length === 0) return undefined;
    if (place.isItem && place.key === "base64") return this.#changed(String(edits[0]!.text), place);
    return { value: field(tags.STRING, applyEdits(bytes, start, end, edits)) };
  }

  #changed(text: string, place: Place): Changed {
    if (!place.isItem || place.key !== "base64") return { value: field(tags.STRING, Buffer.from(text)) };
    const [key, value] = itemEntry(text);
    return { key, value: field(tags.STRING, Buffer.from(value)) };
  }
}

function readerAt(bytes: Buffer, position: number): WireReader {
  const reader = new WireReader(bytes);
  reader.position = position;
  return reader;
}

function readEntries(bytes: Buffer, start: number, end: number): Entry[] {
  const entries: Entry[] = [];
  const reader = readerAt(bytes, start);
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag !== tags.ELEMENT) {
      reader.skip(tag, end);
      continue;
    }
    const entryEnd = reader.fieldEnd(end);
    entries.push(readEntry(bytes, reader, entryEnd));
    reader.position = entryEnd;
  }
  return entries;
}

function readEntry(bytes: Buffer, reader: WireReader, end: number): Entry {
  let key = "";
  let valueStart = end;
  let valueEnd = end;
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag !== tags.KEY && tag !== tags.VALUE) {
      reader.skip(tag, end);
      continue;
    }
    const fieldEnd = reader.fieldEnd(end);
    if (tag === tags.KEY) key = bytes.toString("utf8", reader.position, fieldEnd);
    else [valueStart, valueEnd] = [reader.position, fieldEnd];
    reader.position = fieldEnd;
  }
  return { key, valueStart, valueEnd };
}

/** All but `metadata`. */
function siblingsOf(bytes: Buffer, entries: readonly Entry[]): { -readonly [Key in keyof Siblings]: Siblings[Key] } {
  const siblings = { ...nowhere.siblings };
  for (const { key, valueStart, valueEnd } of entries) {
    const sibling = siblingKeys.get(key);
    if (sibling === undefined || sibling === "metadata") continue;
    if (valueEnd - valueStart > maxSiblingBytes || bytes[valueStart] !== tags.STRING) continue;
    const reader = readerAt(bytes, valueStart + 1);
    const end = reader.fieldEnd(valueEnd);
    const text = bytes.toString("utf8", reader.position, end);
    siblings[sibling] = sibling === "mediaType" || sibling === "modality" ? text.toLowerCase() : text;
  }
  return siblings;
}

/** A value that is a map, as JSON; "" for others and for what is too long to describe anything. */
function jsonObjectOf(bytes: Buffer, { valueStart, valueEnd }: Entry): string {
  if (valueEnd - valueStart > maxSiblingBytes || bytes[valueStart] !== tags.KVLIST) return "";
  const reader = readerAt(bytes, valueStart + 1);
  const end = reader.fieldEnd(valueEnd);
  const { position } = reader;
  return attributeText(readValue(ByteArena.adopt(bytes), ValueType.KVLIST, position, end - position));
}

/** A field of wire type 2. */
function field(tag: number, bytes: Uint8Array): Buffer {
  const head: number[] = [tag];
  let length = bytes.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80)) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}

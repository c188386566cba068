import { ByteArena } from "../../pipeline/span-batch/arena.ts";
import { giveBuffer } from "../../pipeline/span-batch/buffer-pool.ts";
import { type DerivedName, derivedColumns } from "../../pipeline/span-batch/derived.ts";
import type { SpanAttachment, SpanSignal } from "../../pipeline/span-batch/side-tables.ts";

/**
 * A packed span is one run of bytes that can be moved as a whole: fields of four bytes (least significant first), behind
 * them its texts. A range in a field is relative to where the texts begin; names, keys, tokens, resources and scopes are
 * numbers of a `Lexicon`.
 *
 * Fields at fixed places come first. Behind them stand lists, each after its length: attributes, events, links, values of
 * derived columns. Resources and scopes are packed in the same way.
 */
export const field = {
  /** Bytes of all fields: where the texts begin. */
  fieldBytes: 0,
  /** 16, 8 and 8 bytes. */
  traceId: 4,
  spanId: 20,
  parentSpanId: 28,
  /** Two words each, low half first. */
  startTime: 36,
  endTime: 44,
  name: 52,
  /** Low byte: kind; the next one: status. */
  kindAndStatus: 56,
  flags: 60,
  droppedAttributes: 64,
  droppedEvents: 68,
  droppedLinks: 72,
  resource: 76,
  scope: 80,
  /** Start and length. */
  statusMessage: 84,
  traceState: 92,
  /** Key of `Extras`; 0: none. */
  extras: 100,
  lists: 104,
} as const;

/** Bytes of an attribute: its type and key, and two words as in `AttributeTable`. */
export const entryBytes = 12;
/** The key is the low part of the first word, the type the eight bits above it. */
export const typeShift = 24;
export const keyMask = 0xffffff;

/** Derived columns have their position here as their number. */
export const derivedNames = Object.keys(derivedColumns) as DerivedName[];

/** What a packed span has of things that are no bytes. */
export interface Extras {
  /** Lists and maps of derived columns. */
  readonly values: readonly { readonly name: DerivedName; readonly value: unknown }[];
  readonly signals: readonly SpanSignal[];
  /** `dataStart` is relative as in the fields. */
  readonly attachments: readonly SpanAttachment[];
}

const firstBytes = 4096;
const maxKeptBytes = 256 * 1024;

/** Where a span is packed before it is known how large it is. */
export class PackBuffer {
  readonly fields = new ByteArena(firstBytes);
  readonly texts = new ByteArena(firstBytes);

  /** Bytes of what is packed. */
  get length(): number {
    return this.fields.length + this.texts.length;
  }

  /** Gives back the room that an uncommonly large span has left. */
  shrink(): void {
    for (const arena of [this.fields, this.texts]) {
      if (arena.bytes.length <= maxKeptBytes) continue;
      giveBuffer(arena.bytes);
      arena.adopt(new Uint8Array(firstBytes));
    }
  }

  /** Begins anew, with `bytes` of fields. */
  restart(bytes: number): void {
    this.fields.length = this.texts.length = 0;
    this.fields.reserve(bytes);
  }
}

import { randomBytes } from "node:crypto";
import type { ByteArena } from "./arena.ts";
import { copyShort, sameBytes, type ViewedBytes } from "./bytes.ts";

/*
 * Texts that come with batch after batch: keys, names, models. What a batch of ten spans costs is mostly what is done once
 * for each of them, so their texts, bytes and hashes are kept for the whole process (bench/README.md).
 */

const encoder = new TextEncoder();

// A secret seed: senders choose keys and names, and must not be able to choose collisions with them.
const seed = randomBytes(4).readUInt32LE();

/** Signed: half of all unsigned ones would not fit into what V8 keeps as an integer. */
export function hashRange(view: DataView, start: number, length: number): number {
  let hash = seed ^ length;
  const end = start + length;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  return hash ^ (hash >>> 16);
}

/** A text as UTF-8. */
export interface EncodedText extends ViewedBytes {
  /** As `hashRange` makes it. */
  readonly hash: number;
}

/** Longer texts are seldom the same twice. No option: nothing but time depends on it, nor on the next. */
const mostBytes = 128;
/** Texts kept in each direction, 0.5 MB; a power of two. */
const mostTexts = 4096;

const encoded = new Map<string, EncodedText>();

/** The bytes of `text`, which nobody may write to. */
export function encodedText(text: string): EncodedText {
  const known = encoded.get(text);
  if (known !== undefined) return known;
  const bytes = encoder.encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const made = { bytes, view, hash: hashRange(view, 0, bytes.length) };
  if (bytes.length > mostBytes) return made;
  if (encoded.size >= mostTexts) encoded.clear();
  encoded.set(text, made);
  return made;
}

/** By the last bits of their hashes; of two that share a slot, the last one is known. */
const decoded = {
  texts: new Array<string>(mostTexts).fill(""),
  hashes: new Int32Array(mostTexts),
  lengths: new Uint8Array(mostTexts),
  view: new DataView(new ArrayBuffer(mostTexts * mostBytes)),
};

/**
 * The text of a range that other batches have as well: the same string each time, which maps find without reading it.
 *
 * @param hash of the range
 */
export function repeatedText(
  arena: ByteArena,
  start: number,
  length: number,
  hash = hashRange(arena.view, start, length),
): string {
  if (length > mostBytes || length === 0) return arena.text(start, length);
  const slot = hash & (mostTexts - 1);
  const at = slot * mostBytes;
  const { texts, hashes, lengths, view } = decoded;
  if (hashes[slot] === hash && lengths[slot] === length && sameBytes(view, at, arena.view, start, length)) {
    return texts[slot]!;
  }
  const text = arena.text(start, length);
  copyShort(view, at, arena.view, start, length);
  hashes[slot] = hash;
  lengths[slot] = length;
  texts[slot] = text;
  return text;
}

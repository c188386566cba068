import { hash } from "node:crypto";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { ImagesConfig } from "./config.ts";
import {
  decodeBase64,
  decodedLength,
  decodePlainBase64,
  headBytes,
  isBase64,
  sniffBase64,
  trimmedEnd,
} from "./find/base64.ts";
import type { Place } from "./find/context.ts";
import type { ImageInstruments } from "./instruments.ts";
import { readDimensions } from "./media/dimensions.ts";
import { type Media, sniff } from "./media/sniff.ts";
import type { FailureCode, NoticeCode, Outcome } from "./outcome.ts";
import { SeenPayloads } from "./seen-payloads.ts";

/** An image of the batch, wherever in it. */
export interface CollectedImage {
  /** SHA-256, 64 lowercase hex digits. */
  readonly id: string;
  readonly media: Media;
  readonly width: number;
  readonly height: number;
  readonly length: number;
  /** Where the bytes are in the batch's arena; -1: in `bytes`. */
  readonly dataStart: number;
  readonly bytes: Buffer | undefined;
}

/** Base64 between two positions of a text. */
export interface Base64Payload {
  readonly text: Buffer;
  readonly start: number;
  /** Where `findEnd` has been asked: what that said. */
  end: number;
  /** Looks for the true end, when it cannot be all of it; slow. */
  findEnd?: () => number;
}

/** Things of one span that are judged, at most: a text can be made of nothing but tiny bad images. */
const maxCandidates = 10_000;

/** Warnings of one span, at most: what else fails is counted in the metrics alone. */
const maxWarnings = 20;

/**
 * Takes the images of a batch, span by span: judges them, decodes them, gives them their ids, and writes down whose they
 * are. Nothing of an image is in any message.
 */
export class ImageCollector {
  /** Distinct images of the batch. */
  readonly images = new Map<string, CollectedImage>();
  readonly #config: ImagesConfig;
  readonly #batch: SpanBatch;
  readonly #instruments: ImageInstruments;
  readonly #storage: { urlOf(id: string, media: Media): string } | undefined;
  readonly #storesInArena: boolean;
  readonly #seen = new SeenPayloads();
  #row = 0;
  /** Ids of the span, and what tells its rows apart. */
  #ids: string[] = [];
  #rowKeys = new Set<string>();
  #warnings: string[] = [];
  /** Things of the span that may be images, those that failed included. */
  #candidates = 0;

  /** @param storage where images go; undefined: they go on with the batch, in its arena */
  constructor(
    config: ImagesConfig,
    batch: SpanBatch,
    instruments: ImageInstruments,
    storage: { urlOf(id: string, media: Media): string } | undefined,
  ) {
    this.#config = config;
    this.#batch = batch;
    this.#instruments = instruments;
    this.#storage = storage;
    this.#storesInArena = storage === undefined;
  }

  /** Takes what follows as part of span `row`. */
  beginSpan(row: number): void {
    this.#row = row;
    this.#ids = [];
    this.#rowKeys = new Set();
    this.#warnings = [];
    this.#candidates = 0;
  }

  /** Sets the columns of the span. */
  endSpan(): void {
    if (this.#ids.length > 0) this.#batch.setDerived("AttachmentIds", this.#row, this.#ids);
    if (this.#warnings.length === 0) return;
    const before = this.#batch.getDerived("Warnings", this.#row) ?? [];
    this.#batch.setDerived("Warnings", this.#row, [...before, ...this.#warnings]);
  }

  /**
   * Judges base64. `isDeclared`: something says that it is an image.
   *
   * @returns undefined when it is none and stays where it is
   */
  takeBase64(payload: Base64Payload, isDeclared: boolean, place: Place): Outcome {
    const { text, start } = payload;
    const media = sniffBase64(text, start, payload.end) ?? sniff(headBytes(text, start, payload.end));
    if (!this.#isWanted(media, isDeclared)) return undefined;
    const index = this.#candidates++;
    const seen = this.#seen.find(text, start, payload.end);
    if (seen !== undefined && !place.isCut) return this.#keep(this.images.get(seen)!, index, place);
    const isKept = media !== undefined && this.#isEnabled(media) && !place.isCut && !this.#isFull;
    if (isKept && this.#encodedLength(payload) <= this.#config.max_image_bytes) {
      const outcome = this.#decode(payload, media, index, place, true);
      if (outcome !== undefined) return outcome;
    }
    if (payload.findEnd !== undefined) payload.end = payload.findEnd();
    if (place.isCut && payload.end === trimmedEnd(text, start, payload.end)) return this.#failCut(index);
    // It may be wrapped and escaped: not worth decoding when it is twice as long as it may be.
    if (this.#encodedLength(payload) > 2 * this.#config.max_image_bytes) {
      return this.#failSize(index, this.#encodedLength(payload));
    }
    if (media === undefined || !this.#isEnabled(media)) {
      return isBase64(text, start, payload.end) ? this.#failType(index, media) : this.#failBase64(index);
    }
    if (this.#isFull) return this.#failLimit(index);
    return this.#decode(payload, media, index, place, false) ?? this.#failBase64(index);
  }

  /** @returns undefined when it is not base64; with `isPlain`, also when it is wrapped or escaped */
  #decode(payload: Base64Payload, media: Media, index: number, place: Place, isPlain: boolean): Outcome {
    const { text, start, end } = payload;
    const before = this.#batch.arena.length;
    const decode = isPlain ? decodePlainBase64 : decodeBase64;
    const decoded = decode(text, start, end, (count) => this.#room(before, count));
    if (decoded === undefined) {
      this.#discard(before);
      return undefined;
    }
    const outcome = this.#store(decoded, media, before, index, place);
    if (outcome !== undefined && "id" in outcome) this.#seen.add(text, start, end, outcome.id);
    return outcome;
  }

  #encodedLength({ text, start, end }: Base64Payload): number {
    return Math.max(0, decodedLength(trimmedEnd(text, start, end) - start));
  }

  /** Judges bytes that were written in another way than base64. */
  takeBytes(bytes: Buffer, isDeclared: boolean, place: Place): Outcome {
    const media = sniff(bytes);
    if (!this.#isWanted(media, isDeclared)) return undefined;
    const index = this.#candidates++;
    if (place.isCut) return this.#failCut(index);
    if (bytes.length > this.#config.max_image_bytes) return this.#failSize(index, bytes.length);
    if (media === undefined || !this.#isEnabled(media)) return this.#failType(index, media);
    const before = this.#batch.arena.length;
    const room = this.#room(before, bytes.length);
    bytes.copy(room);
    return this.#store(room, media, before, index, place);
  }

  /** Says something of the span that is no failure. */
  notice(code: NoticeCode, message: string): void {
    this.#warn(code, message);
  }

  #isWanted(media: Media | undefined, isDeclared: boolean): boolean {
    if (!isDeclared && (media === undefined || !this.#isEnabled(media))) return false;
    if (this.#candidates < maxCandidates) return true;
    if (this.#candidates++ === maxCandidates) {
      this.notice("attachment_not_scanned", `only the first ${maxCandidates} images of a span are looked at`);
    }
    return false;
  }

  #isEnabled(media: Media): boolean {
    return this.#config.media_types.includes(media.kind);
  }

  get #isFull(): boolean {
    return this.#rowKeys.size >= this.#config.max_images_per_span;
  }

  #room(before: number, count: number): Buffer {
    if (!this.#storesInArena) return Buffer.allocUnsafeSlow(count);
    const { arena } = this.#batch;
    // What an earlier attempt has taken.
    arena.length = before;
    const at = arena.reserve(count);
    return Buffer.from(arena.bytes.buffer, arena.bytes.byteOffset + at, count);
  }

  #discard(before: number): void {
    this.#batch.arena.length = before;
  }

  #store(bytes: Buffer, media: Media, before: number, index: number, place: Place): Outcome {
    const problem = this.#problemOf(bytes, media, index);
    if (problem !== undefined) {
      this.#discard(before);
      return problem;
    }
    const id = hash("sha256", bytes);
    const known = this.images.get(id);
    if (known !== undefined) {
      this.#discard(before);
      return this.#keep(known, index, place);
    }
    if (this.#isFull) {
      this.#discard(before);
      return this.#failLimit(index);
    }
    const image: CollectedImage = {
      id,
      media,
      ...readDimensions(bytes, media),
      length: bytes.length,
      dataStart: this.#storesInArena ? before : -1,
      bytes: this.#storesInArena ? undefined : bytes,
    };
    this.images.set(id, image);
    return this.#keep(image, index, place);
  }

  #problemOf(bytes: Buffer, media: Media, index: number): Outcome {
    if (bytes.length > this.#config.max_image_bytes) return this.#failSize(index, bytes.length);
    const { width, height } = readDimensions(bytes, media);
    if (width * height <= this.#config.max_pixels) return undefined;
    const message = `${width} x ${height} pixels, max_pixels is ${this.#config.max_pixels}`;
    return this.#fail("attachment_too_large", index, message);
  }

  #keep(image: CollectedImage, index: number, place: Place): Outcome {
    const { type, label, viewport, metadata } = place.isItem ? place.siblings : noDescription;
    const rowKey = [image.id, label, viewport].join("\0");
    if (this.#rowKeys.has(rowKey)) {
      this.#instruments.repeated();
      return { id: image.id };
    }
    if (this.#isFull) return this.#failLimit(index);
    const ordinal = this.#rowKeys.size;
    this.#rowKeys.add(rowKey);
    if (!this.#ids.includes(image.id)) this.#ids.push(image.id);
    this.#batch.attachments.push({
      row: this.#row,
      ordinal,
      id: image.id,
      type: type || (viewport === "" ? image.media.kind : "screenshot"),
      mediaType: image.media.type,
      width: image.width,
      height: image.height,
      bytes: image.length,
      label,
      viewport,
      metadata,
      dataStart: Math.max(0, image.dataStart),
      dataLength: image.dataStart < 0 ? 0 : image.length,
      url: this.#storage?.urlOf(image.id, image.media) ?? "",
    });
    this.#instruments.extracted(image.media.type, image.length);
    return { id: image.id };
  }

  #failCut(index: number): Outcome {
    return this.#fail("attachment_truncated", index, "the text ends within it");
  }

  #failSize(index: number, bytes: number): Outcome {
    const message = `${bytes} bytes, max_image_bytes is ${this.#config.max_image_bytes}`;
    return this.#fail("attachment_too_large", index, message);
  }

  #failType(index: number, media: Media | undefined): Outcome {
    const accepted = this.#config.media_types.join(", ");
    const found = media === undefined ? "none of the known types" : media.type;
    return this.#fail(
      "attachment_unsupported_type",
      index,
      `its first bytes are those of ${found}, accepted: ${accepted}`,
    );
  }

  #failBase64(index: number): Outcome {
    return this.#fail("attachment_invalid_base64", index, "it is declared to be an image and is not base64");
  }

  #failLimit(index: number): Outcome {
    const message = `max_images_per_span is ${this.#config.max_images_per_span}`;
    return this.#fail("attachment_limit_exceeded", index, message);
  }

  #fail(failure: FailureCode, index: number, message: string): Outcome {
    this.#instruments.failed(failure);
    this.#warn(failure, `image ${index}: ${message}`);
    return { failure };
  }

  #warn(code: FailureCode | NoticeCode, message: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(`${code}: ${message}`);
  }
}

const noDescription = { type: "", label: "", viewport: "", metadata: "" };

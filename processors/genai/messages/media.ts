import { hasText } from "./json-bytes.ts";
import { type JsonWriter, type Literal, literal } from "./json-writer.ts";

const blobPart = literal('{"type":"blob","modality":');
const uriPart = literal('{"type":"uri","modality":');
const mimeTypeMember = literal(',"mime_type":');
const contentMember = literal(',"content":');
const uriMember = literal(',"uri":');
const quote = 0x22;
const close = 0x7d;

export const Modality = { IMAGE: 0, AUDIO: 1, VIDEO: 2, DOCUMENT: 3 } as const;
export type Modality = (typeof Modality)[keyof typeof Modality];

const prefixes = ["image/", "audio/", "video/"];
const literals: readonly Literal[] = ["image", "audio", "video", "document"].map((name) => literal(`"${name}"`));

/** How far into a data URL its comma is looked for. */
const maxDataUrlHead = 256;

/** Bytes of a text in the arena: as they are, or inside the quotes of a JSON string, where they are escaped already. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
  readonly isEscaped: boolean;
}

/** An IANA media type: what was sent, or found out from it. */
export type MediaType = TextRange | string;

function modalityOf(bytes: Uint8Array, mediaType: MediaType | undefined, otherwise: Modality): Modality {
  if (mediaType === undefined) return otherwise;
  const found = prefixes.findIndex((prefix) =>
    typeof mediaType === "string"
      ? mediaType.startsWith(prefix)
      : mediaType.end - mediaType.start > prefix.length && hasText(bytes, mediaType.start, prefix),
  );
  // `application/*` and `text/*` say more than "an image", which it then is not.
  return found < 0 ? Modality.DOCUMENT : (found as Modality);
}

function writeText(writer: JsonWriter, text: TextRange | string): void {
  if (typeof text === "string") {
    writer.raw(JSON.stringify(text));
    return;
  }
  writer.char(quote);
  if (text.isEscaped) writer.verbatim(text.start, text.end - text.start);
  else writer.escaped(text.start, text.end - text.start);
  writer.char(quote);
}

/** Writes a `blob` part: base64 that was sent in the message. */
export function writeBlob(
  writer: JsonWriter,
  data: TextRange,
  mediaType: MediaType | undefined,
  likely: Modality,
): void {
  writer.literal(blobPart);
  writer.literal(literals[modalityOf(writer.bytes, mediaType, likely)]!);
  if (mediaType !== undefined) {
    writer.literal(mimeTypeMember);
    writeText(writer, mediaType);
  }
  writer.literal(contentMember);
  writeText(writer, data);
  writer.char(close);
}

/** Writes what a URL points to: a `blob` part of a base64 data URL, else a `uri` part. */
export function writeUrl(writer: JsonWriter, url: TextRange, mediaType: MediaType | undefined, likely: Modality): void {
  const comma = base64Comma(writer.bytes, url);
  if (comma >= 0) {
    let typeEnd = url.start + 5;
    while (writer.bytes[typeEnd] !== 0x3b) typeEnd++;
    const type = { start: url.start + 5, end: typeEnd, isEscaped: url.isEscaped };
    const isTyped = type.end > type.start;
    writeBlob(writer, { ...url, start: comma + 1 }, isTyped ? type : mediaType, likely);
    return;
  }
  writer.literal(uriPart);
  writer.literal(literals[modalityOf(writer.bytes, mediaType, likely)]!);
  if (mediaType !== undefined) {
    writer.literal(mimeTypeMember);
    writeText(writer, mediaType);
  }
  writer.literal(uriMember);
  writeText(writer, url);
  writer.char(close);
}

/** Where the comma of `data:TYPE;base64,` stands, or -1. */
function base64Comma(bytes: Uint8Array, { start, end }: TextRange): number {
  if (end - start < 13 || !hasText(bytes, start, "data:")) return -1;
  const last = Math.min(end, start + maxDataUrlHead);
  for (let i = start + 5; i < last; i++) {
    // An escape in the head (`image\/png`): the URL stays whole.
    if (bytes[i] === 0x5c) return -1;
    if (bytes[i] === 0x2c) return i - start >= 12 && hasText(bytes, i - 7, ";base64") ? i : -1;
  }
  return -1;
}

/** Kinds of media that can be taken out of spans. */
export const mediaKinds = ["image", "audio", "pdf"] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** What bytes are, by their first ones. */
export interface Media {
  readonly kind: MediaKind;
  /** IANA media type. */
  readonly type: string;
  /** Of a file's name, without the dot. */
  readonly extension: string;
}

const png: Media = { kind: "image", type: "image/png", extension: "png" };
const jpeg: Media = { kind: "image", type: "image/jpeg", extension: "jpg" };
const gif: Media = { kind: "image", type: "image/gif", extension: "gif" };
const webp: Media = { kind: "image", type: "image/webp", extension: "webp" };
const wav: Media = { kind: "audio", type: "audio/wav", extension: "wav" };
const mp3: Media = { kind: "audio", type: "audio/mpeg", extension: "mp3" };
const ogg: Media = { kind: "audio", type: "audio/ogg", extension: "ogg" };
const flac: Media = { kind: "audio", type: "audio/flac", extension: "flac" };
const pdf: Media = { kind: "pdf", type: "application/pdf", extension: "pdf" };

/** Bytes that `sniff` wants to see, where there are as many. */
export const sniffBytes = 16;

function has(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** What the bytes are, or undefined when they are none of the known media. SVG is not one: it may hold scripts. */
export function sniff(bytes: Uint8Array): Media | undefined {
  switch (bytes[0]) {
    case 0x89:
      return has(bytes, 1, "PNG\r\n\x1a\n") ? png : undefined;
    case 0xff:
      return isJpeg(bytes) ? jpeg : isMpegFrame(bytes) ? mp3 : undefined;
    case 0x47:
      return has(bytes, 1, "IF87a") || has(bytes, 1, "IF89a") ? gif : undefined;
    case 0x52:
      if (!has(bytes, 1, "IFF")) return undefined;
      return has(bytes, 8, "WEBP") ? webp : has(bytes, 8, "WAVE") ? wav : undefined;
    case 0x25:
      return has(bytes, 1, "PDF-") ? pdf : undefined;
    case 0x49:
      return has(bytes, 1, "D3") && bytes[3]! <= 4 && bytes[4] !== 0xff ? mp3 : undefined;
    case 0x4f:
      return has(bytes, 1, "ggS\0") ? ogg : undefined;
    case 0x66:
      return has(bytes, 1, "LaC\0") ? flac : undefined;
    default:
      return undefined;
  }
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** The header of an MPEG-1 layer 3 frame: bit rate and sampling rate must be ones that exist. */
function isMpegFrame(bytes: Uint8Array): boolean {
  if (bytes[1] !== 0xfb && bytes[1] !== 0xfa) return false;
  const rates = bytes[2]!;
  return rates >= 0x10 && rates < 0xf0 && (rates & 0x0c) !== 0x0c;
}

/** First bytes of the media that `sniff` knows. */
const firstBytes: ReadonlySet<number> = new Set([0x89, 0xff, 0x47, 0x52, 0x25, 0x49, 0x4f, 0x66]);

export function mayBeginMedium(byte: number): boolean {
  return firstBytes.has(byte);
}

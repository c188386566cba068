import { hasText, type Readable } from "./json-bytes.ts";
import { JsonObject, type JsonValue, wordOf } from "./json-object.ts";
import type { JsonWriter } from "./json-writer.ts";
import { type MediaType, type Modality, type TextRange, writeBlob, writeUrl } from "./media.ts";

/** Media in a part of a message. */
export interface Media {
  /** Base64, a data URL or a URL. */
  readonly content: TextRange;
  readonly mediaType: MediaType | undefined;
}

/** Members that hold the media, or an object that does. */
const contentNames = [
  "image_url",
  "audio_url",
  "video_url",
  "input_audio",
  "source",
  "inline_data",
  "inlineData",
  "file_data",
  "fileData",
  "file",
  "image",
  "audio",
  "video",
  "document",
  "url",
  "uri",
  "file_url",
  "file_uri",
  "fileUri",
  "data",
  "base64",
  "bytes",
  "content",
] as const;
const mediaTypeNames = ["mime_type", "mimeType", "media_type", "mediaType"] as const;

/** Objects in objects: `image.source.bytes` is the deepest that is known. */
const maxDepth = 3;

const formatPattern = /^[a-z0-9.+-]{1,20}$/;
const formatKinds: ReadonlyMap<string, string> = new Map([
  ["input_audio", "audio"],
  ["audio", "audio"],
  ["image", "image"],
  ["video", "video"],
]);

/** Finds the media of a part; undefined when it has none inline and no URL (an id of a file, say). */
export function readMedia(text: Readable, part: JsonObject): Media | undefined {
  return find(text, part, undefined, undefined, 0);
}

function find(
  text: Readable,
  object: JsonObject,
  outerType: MediaType | undefined,
  kind: string | undefined,
  depth: number,
): Media | undefined {
  const ownType = object.string(text, ...mediaTypeNames);
  const mediaType = ownType === undefined ? (formatType(text, object, kind) ?? outerType) : inside(ownType);
  for (const name of contentNames) {
    const string = object.string(text, name);
    if (string !== undefined) return string.end - string.start > 2 ? { content: inside(string), mediaType } : undefined;
    const nested = depth < maxDepth ? object.object(text, name) : undefined;
    if (nested === undefined) continue;
    const found = find(text, new JsonObject(text, nested), mediaType, formatKinds.get(name), depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** OpenAI and Bedrock say `"format": "png"` in an object whose name says the rest. */
function formatType(text: Readable, object: JsonObject, kind: string | undefined): string | undefined {
  const format = wordOf(text, object.get(text, "format"));
  return kind !== undefined && formatPattern.test(format) ? `${kind}/${format}` : undefined;
}

function inside(value: JsonValue): TextRange {
  return { start: value.start + 1, end: value.end - 1, isEscaped: true };
}

export function writeMedia(writer: JsonWriter, { content, mediaType }: Media, likely: Modality): void {
  if (isUrl(writer.bytes, content)) writeUrl(writer, content, mediaType, likely);
  else writeBlob(writer, content, mediaType, likely);
}

/** Whether it begins with a scheme: base64 has no colon. */
function isUrl(bytes: Uint8Array, { start, end }: TextRange): boolean {
  if (end - start >= 5 && hasText(bytes, start, "data:")) return true;
  const last = Math.min(end - 2, start + 20);
  for (let i = start; i < last; i++) if (bytes[i] === 0x3a) return hasText(bytes, i + 1, "//") || bytes[i + 1] === 0x5c;
  return false;
}

/** What stands beside an image in its object. */
export interface Siblings {
  readonly type: string;
  readonly label: string;
  readonly viewport: string;
  /** JSON object, or "". */
  readonly metadata: string;
  /** As `media_type`, `mimeType` and the like say, in lower case. */
  readonly mediaType: string;
  readonly modality: string;
  /** An address, where it is one. */
  readonly url: string;
}

export const noSiblings: Siblings = {
  type: "",
  label: "",
  viewport: "",
  metadata: "",
  mediaType: "",
  modality: "",
  url: "",
};

/** Where a text stands. */
export interface Place {
  /** The member of an object whose value it is; "" elsewhere. */
  readonly key: string;
  readonly siblings: Siblings;
  /** It is a member of an item of a list of attachments: its member `base64` is replaced by `attachment_id`. */
  readonly isItem: boolean;
  /** The text goes on where it was cut off: it ends within a string of JSON. */
  readonly isCut: boolean;
}

export const nowhere: Place = { key: "", siblings: noSiblings, isItem: false, isCut: false };

/** Members that hold media, if beside them stands that they do. */
const payloadKeys: ReadonlySet<string> = new Set([
  "base64",
  "b64_json",
  "blob",
  "body",
  "bytes",
  "content",
  "data",
  "file_data",
  "image",
  "image_url",
  "result",
  "url",
]);

/** Members that hold nothing but base64: whitespace in it means nothing. */
const base64Keys: ReadonlySet<string> = new Set(["base64", "b64_json", "blob", "bytes", "data", "result"]);

/** Members whose base64 is something else, whatever it looks like. */
const opaqueKeys: ReadonlySet<string> = new Set([
  "embedding",
  "encrypted_content",
  "signature",
  "thoughtSignature",
  "thought_signature",
]);

const imageTypes: ReadonlySet<string> = new Set([
  "image",
  "image-url",
  "image_generation_call",
  "image_url",
  "input_image",
  "screenshot",
]);
const otherTypes: ReadonlySet<string> = new Set(["audio", "document", "file", "input_audio", "input_file", "video"]);

export const isOpaqueKey = (key: string): boolean => opaqueKeys.has(key);
export const isBase64Key = (key: string): boolean => base64Keys.has(key);

/** Whether what stands beside it says that the text is an image. */
export function isDeclaredImage({ key, siblings, isItem }: Place): boolean {
  const { mediaType, type, modality } = siblings;
  if (mediaType !== "") return payloadKeys.has(key) && mediaType.startsWith("image/");
  if (modality !== "") return payloadKeys.has(key) && modality === "image";
  if (key === "b64_json") return true;
  if (key === "base64" && isItem) return !otherTypes.has(type);
  return base64Keys.has(key) && imageTypes.has(type);
}

/** Keys of `Siblings`, by the members that fill them. */
export const siblingKeys: ReadonlyMap<string, keyof Siblings> = new Map([
  ["type", "type"],
  ["label", "label"],
  ["viewport", "viewport"],
  ["metadata", "metadata"],
  ["media_type", "mediaType"],
  ["mediaType", "mediaType"],
  ["mime_type", "mediaType"],
  ["mimeType", "mediaType"],
  ["mimetype", "mediaType"],
  ["modality", "modality"],
  ["url", "url"],
]);

/**
 * What a text is as a whole: the attribute `attachments`, whose items may have addresses instead of bytes, or the output
 * of a span, which is a list of attachments when it is an array of objects with `base64`.
 */
export type ListKind = "attachments" | "output" | "none";

const maxPrefixBytes = 256;
const ending = Buffer.from(";base64,");

/** The part of a data URL in front of its base64. */
export interface DataUrlPrefix {
  /** Position of `data:`. */
  readonly start: number;
  /** Position behind the comma. */
  readonly end: number;
  /** In lower case, without parameters; "" where it has none. */
  readonly mediaType: string;
}

/** The prefix of a data URL with base64 that begins at `start`. */
export function dataUrlAt(text: Buffer, start: number, end: number): DataUrlPrefix | undefined {
  const head = text.toString("latin1", start, Math.min(end, start + maxPrefixBytes));
  const match = /^data:([^,;"'\s]*)(?:;[^,"'\s]*)?;\s*base64,/i.exec(head);
  if (match === null) return undefined;
  return { start, end: start + match[0].length, mediaType: match[1]!.replaceAll("\\", "").toLowerCase() };
}

/** The prefix of a data URL whose base64 begins at `payload`; it begins at `from` or later. */
export function dataUrlBefore(text: Buffer, payload: number, from: number): DataUrlPrefix | undefined {
  if (!endsWith(text, payload, from)) return undefined;
  const first = Math.max(from, payload - maxPrefixBytes);
  const head = text.toString("latin1", first, payload);
  const at = head.toLowerCase().lastIndexOf("data:");
  const prefix = at < 0 ? undefined : dataUrlAt(text, first + at, payload);
  return prefix?.end === payload ? prefix : undefined;
}

/** Whether `;base64,` stands before `payload`, in letters of any case. */
function endsWith(text: Uint8Array, payload: number, from: number): boolean {
  if (payload - ending.length < from) return false;
  for (let i = 0; i < ending.length; i++) {
    const byte = text[payload - ending.length + i]!;
    const isLetter = byte >= 0x41 && byte <= 0x5a;
    if ((isLetter ? byte + 0x20 : byte) !== ending[i]) return false;
  }
  return true;
}

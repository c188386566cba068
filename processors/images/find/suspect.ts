import { ascii } from "./ascii.ts";
import { payloadStart, sniffBase64 } from "./base64.ts";
import { looksLikeByteList } from "./byte-list.ts";
import { dataUrlBefore } from "./data-url.ts";
import { base64Class, byteListClass, findBase64Run, findRun, minBase64Run, minByteListRun, runEnd } from "./runs.ts";

/** How far from base64 the word `image` makes it worth a closer look. */
const nearBytes = 256;
const imageWord = Buffer.from("image");

/**
 * Whether a text may hold images, as base64 or as a list of numbers: what every text is asked, so it must cost next to nothing
 * where the answer is no.
 */
export function isSuspect(text: Buffer, view: DataView, start: number, end: number): boolean {
  return (
    (end - start >= minBase64Run && hasSuspectBase64(text, view, start, end)) ||
    (end - start >= minByteListRun && hasSuspectByteList(text, start, end))
  );
}

function hasSuspectBase64(text: Buffer, view: DataView, start: number, end: number): boolean {
  let from = start;
  for (;;) {
    const run = findBase64Run(text, view, from, end);
    if (run < 0) return false;
    const payload = payloadStart(text, run, start);
    if (sniffBase64(text, payload, end) !== undefined) return true;
    if (dataUrlBefore(text, payload, start) !== undefined) return true;
    from = runEnd(text, run, end, base64Class);
    if (text[payload - 1] === ascii.QUOTE && isNearImage(text, payload, from, start, end)) return true;
  }
}

/** Base64 that is no known medium may be declared to be an image: `"media_type": "image/bmp"`. */
function isNearImage(text: Buffer, payload: number, payloadEnd: number, start: number, end: number): boolean {
  const before = text.subarray(Math.max(start, payload - nearBytes), payload);
  const after = text.subarray(payloadEnd, Math.min(end, payloadEnd + nearBytes));
  return before.indexOf(imageWord) >= 0 || after.indexOf(imageWord) >= 0;
}

function hasSuspectByteList(text: Uint8Array, start: number, end: number): boolean {
  let from = start;
  for (;;) {
    const run = findRun(text, from, end, byteListClass, minByteListRun);
    if (run < 0) return false;
    if (run > start && looksLikeByteList(text, run - 1, end)) return true;
    from = runEnd(text, run, end, byteListClass);
  }
}

import type { Base64Payload, ImageCollector } from "../collector.ts";
import { type Outcome, reference } from "../outcome.ts";
import { ascii, isWhitespace, skipWhitespace } from "./ascii.ts";
import { payloadEnd, payloadStart, sniffBase64 } from "./base64.ts";
import { isBase64Key, isDeclaredImage, isOpaqueKey, type ListKind, nowhere, type Place } from "./context.ts";
import { dataUrlAt, dataUrlBefore } from "./data-url.ts";
import type { Edit } from "./edits.ts";
import { JsonScan } from "./json-scan.ts";
import { bytesLiterals } from "./python-bytes.ts";
import { base64Class, findRun, minBase64Run, runEnd } from "./runs.ts";

/** JSON inside of JSON that is looked into, at most. */
const maxNesting = 8;

/** Finds the images of texts: JSON, JSON within JSON, data URLs, bare base64, Python's bytes. */
export class TextScan {
  readonly collector: ImageCollector;

  constructor(collector: ImageCollector) {
    this.collector = collector;
  }

  /**
   * The edits that replace the images between two positions of a text.
   *
   * @param list what the text is as a whole
   * @param nesting texts within texts around it
   */
  edits(
    text: Buffer,
    start: number,
    end: number,
    place: Place = nowhere,
    list: ListKind = "none",
    nesting = 0,
  ): readonly Edit[] {
    const edits: Edit[] = [];
    const first = skipWhitespace(text, start, end);
    const byte = text[first];
    let from = start;
    if ((byte === ascii.OPEN_BRACE || byte === ascii.OPEN_BRACKET) && nesting < maxNesting) {
      const json = new JsonScan(this, text, end, edits, list, nesting);
      from = json.scan(first);
    } else if (this.#whole(text, first, end, place, edits)) return edits;
    if (from < end && !isOpaqueKey(place.key)) this.#free(text, from, end, place.isCut, edits);
    return edits;
  }

  /** Handles a text that is an image, and nothing else; says whether it was one. */
  #whole(text: Buffer, start: number, end: number, place: Place, edits: Edit[]): boolean {
    const prefix = dataUrlAt(text, start, end);
    const from = prefix?.end ?? start;
    const isDeclared = prefix === undefined ? isDeclaredImage(place) : prefix.mediaType.startsWith("image/");
    if (prefix === undefined && !isDeclared) {
      if (isOpaqueKey(place.key) || sniffBase64(text, from, end) === undefined) return false;
      if (findRun(text, from, Math.min(end, from + minBase64Run), base64Class, minBase64Run) !== from) return false;
    }
    if (prefix !== undefined && end - from < minBase64Run && isPlaceholder(text, from, end)) return false;
    const payload: Base64Payload = { text, start: from, end };
    if (prefix !== undefined || !isBase64Key(place.key)) payload.findEnd = () => wholeEnd(text, from, end);
    const outcome = this.collector.takeBase64(payload, isDeclared, place);
    if (outcome === undefined) return false;
    edits.push({ start, end: payload.end, text: reference(outcome) });
    if (payload.end < end) this.#free(text, payload.end, end, place.isCut, edits);
    return true;
  }

  /** Handles images in the midst of text. */
  #free(text: Buffer, start: number, end: number, isCut: boolean, edits: Edit[]): void {
    let from = start;
    for (const literal of bytesLiterals(text, start, end)) {
      this.#runs(text, from, literal.start, false, edits);
      from = literal.end;
      const outcome = this.collector.takeBytes(literal.bytes, false, { ...nowhere, isCut: !literal.isClosed });
      if (outcome === undefined) continue;
      const quote = literal.isClosed ? "'" : "";
      edits.push({ start: literal.start, end: literal.end, text: `'${reference(outcome)}${quote}` });
    }
    this.#runs(text, from, end, isCut, edits);
  }

  #runs(text: Buffer, start: number, end: number, isCut: boolean, edits: Edit[]): void {
    let from = start;
    for (;;) {
      const run = findRun(text, from, end, base64Class, minBase64Run);
      if (run < 0) return;
      const payload = payloadStart(text, run, from);
      const prefix = dataUrlBefore(text, payload, start);
      const stop = payloadEnd(text, payload, end);
      const outcome = this.#take(text, payload, stop, prefix?.mediaType, isCut && stop === end);
      if (outcome !== undefined) edits.push({ start: prefix?.start ?? payload, end: stop, text: reference(outcome) });
      from = outcome === undefined ? runEnd(text, run, end, base64Class) : stop;
    }
  }

  #take(text: Buffer, start: number, end: number, mediaType: string | undefined, isCut: boolean): Outcome {
    if (mediaType === undefined && sniffBase64(text, start, end) === undefined) return undefined;
    const isDeclared = mediaType?.startsWith("image/") ?? false;
    return this.collector.takeBase64({ text, start, end }, isDeclared, { ...nowhere, isCut });
  }
}

/** The end of base64 that begins a text: that of the text, unless something follows that is plainly not part of it. */
function wholeEnd(text: Buffer, payload: number, end: number): number {
  const stop = payloadEnd(text, payload, end);
  if (stop - payload < minBase64Run || skipWhitespace(text, stop, end) === end) return end;
  return isWhitespace(text[stop]) || terminators.has(text[stop]!) ? stop : end;
}

/** `[REDACTED]`, `__REDACTED__`, `<base64>`, `{image}`, `...`: somebody has taken the image out before. */
function isPlaceholder(text: Buffer, start: number, end: number): boolean {
  return start === end || placeholderStarts.has(text[start]!);
}

const placeholderStarts: ReadonlySet<number> = new Set(Array.from("_[<{.$*(", (character) => character.charCodeAt(0)));

/** What may stand behind base64 that begins a text, when more text follows. */
const terminators: ReadonlySet<number> = new Set(Array.from("\"'`()<>[]{},;|", (character) => character.charCodeAt(0)));

import { reference } from "../outcome.ts";
import { ascii, isWhitespace, skipWhitespace } from "./ascii.ts";
import { byteListAt } from "./byte-list.ts";
import { isBase64Key, type ListKind, nowhere, type Place, type Siblings, siblingKeys } from "./context.ts";
import { applyEdits, type Edit } from "./edits.ts";
import { escapeJson, type StringToken, stringAt, unescapeJson } from "./json-string.ts";
import { minBase64Run } from "./runs.ts";
import { isSuspect } from "./suspect.ts";
import type { TextScan } from "./text-scan.ts";

/** Deeper arrays and objects are not looked into as JSON, but as text. */
const maxDepth = 200;
/** Longer values say nothing about the image beside them. */
const maxSiblingBytes = 4096;
const dataUrl = Buffer.from("data:");
const hexEscape = Buffer.from("\\x");

/** A string whose object must be known before it can be judged. */
interface Pending {
  readonly key: string;
  readonly keyStart: number;
  readonly token: StringToken;
}

type Members = { -readonly [Key in keyof Siblings]: Siblings[Key] };

/**
 * Walks over the bytes of a JSON text, once, and edits the images in it. No value is made of it: a document of a megabyte
 * that holds one image is found by its quotes.
 *
 * JSON that is cut off or malformed is walked as far as it goes.
 */
export class JsonScan {
  readonly #scan: TextScan;
  readonly #text: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  readonly #edits: Edit[];
  readonly #list: ListKind;
  /** How deep the items of the list stand. */
  #itemDepth = -1;
  readonly #nesting: number;
  #at = 0;

  constructor(scan: TextScan, text: Buffer, end: number, edits: Edit[], list: ListKind, nesting: number) {
    this.#scan = scan;
    this.#text = text;
    this.#view = new DataView(text.buffer, text.byteOffset, text.length);
    this.#end = end;
    this.#edits = edits;
    this.#list = list;
    this.#nesting = nesting;
  }

  /** Walks the values that begin at `start`, one after the other; returns where something else begins. */
  scan(start: number): number {
    this.#at = start;
    if (this.#list !== "none") this.#itemDepth = this.#text[start] === ascii.OPEN_BRACKET ? 1 : 0;
    if (this.#list === "output" && this.#itemDepth === 0) this.#itemDepth = -1;
    while (this.#at < this.#end) {
      const byte = this.#text[this.#at];
      if (byte !== ascii.OPEN_BRACE && byte !== ascii.OPEN_BRACKET) break;
      if (!this.#value(0)) break;
      this.#skipWhitespace();
    }
    return this.#at;
  }

  /** Walks one value that is no string; says whether the text goes on behind it as JSON does. */
  #value(depth: number): boolean {
    const byte = this.#text[this.#at];
    if (byte !== ascii.OPEN_BRACE && byte !== ascii.OPEN_BRACKET) return this.#literal();
    const list = byteListAt(this.#text, this.#at, this.#end);
    if (list !== undefined) {
      const outcome = this.#scan.collector.takeBytes(list.bytes, false, { ...nowhere, isCut: !list.isClosed });
      if (outcome !== undefined) {
        this.#edits.push({ start: this.#at, end: list.end, text: JSON.stringify(reference(outcome)) });
        this.#at = list.end;
        return list.isClosed;
      }
    }
    if (depth === maxDepth) return false;
    return byte === ascii.OPEN_BRACE ? this.#object(depth) : this.#array(depth);
  }

  #array(depth: number): boolean {
    this.#at++;
    this.#skipWhitespace();
    if (this.#take(ascii.CLOSE_BRACKET)) return true;
    for (;;) {
      if (this.#text[this.#at] === ascii.QUOTE && this.#at < this.#end) {
        const token = this.#string();
        this.#resolve({ key: "", keyStart: token.start, token }, nowhere.siblings, false);
        if (!token.isClosed) return false;
      } else if (!this.#value(depth + 1)) return false;
      this.#skipWhitespace();
      if (this.#take(ascii.CLOSE_BRACKET)) return true;
      if (!this.#take(ascii.COMMA)) return false;
      this.#skipWhitespace();
    }
  }

  #object(depth: number): boolean {
    const members: Members = { ...nowhere.siblings };
    const pending: Pending[] = [];
    const isWhole = this.#members(depth, members, pending);
    const isItem = depth === this.#itemDepth;
    for (const each of pending) this.#resolve(each, members, isItem);
    if (
      isItem &&
      this.#list === "attachments" &&
      members.url.startsWith("http") &&
      !pending.some(({ key }) => key === "base64")
    ) {
      this.#scan.collector.notice("attachment_url_not_allowed", "the url of an attachment is kept and not fetched");
    }
    return isWhole;
  }

  #members(depth: number, members: Members, pending: Pending[]): boolean {
    this.#at++;
    this.#skipWhitespace();
    if (this.#take(ascii.CLOSE_BRACE)) return true;
    for (;;) {
      if (this.#text[this.#at] !== ascii.QUOTE || this.#at >= this.#end) return false;
      const keyStart = this.#at;
      const keyToken = this.#string();
      this.#skipWhitespace();
      if (!keyToken.isClosed || !this.#take(ascii.COLON)) return false;
      this.#skipWhitespace();
      if (this.#at >= this.#end) return false;
      const key = this.#shortText(keyToken) ?? "";
      if (!this.#member(depth, key, keyStart, members, pending)) return false;
      this.#skipWhitespace();
      if (this.#take(ascii.CLOSE_BRACE)) return true;
      if (!this.#take(ascii.COMMA)) return false;
      this.#skipWhitespace();
    }
  }

  #member(depth: number, key: string, keyStart: number, members: Members, pending: Pending[]): boolean {
    const start = this.#at;
    const sibling = siblingKeys.get(key);
    if (this.#text[start] !== ascii.QUOTE) {
      const edited = this.#edits.length;
      const isWhole = this.#value(depth + 1);
      // Metadata with an image in it would bring the image back.
      if (sibling === "metadata" && isWhole && this.#edits.length === edited && this.#at - start <= maxSiblingBytes) {
        if (this.#text[start] === ascii.OPEN_BRACE) members.metadata = this.#text.toString("utf8", start, this.#at);
      }
      return isWhole;
    }
    const token = this.#string();
    pending.push({ key, keyStart, token });
    if (sibling !== undefined && sibling !== "metadata") {
      const text = this.#shortText(token) ?? "";
      members[sibling] = sibling === "mediaType" || sibling === "modality" ? text.toLowerCase() : text;
    }
    return token.isClosed;
  }

  /** Edits the images in a string. */
  #resolve({ key, keyStart, token }: Pending, siblings: Siblings, isItem: boolean): void {
    const isItemPayload = isItem && key === "base64";
    if (!isItemPayload && !this.#mayHold(token, key)) return;
    const text = token.isEscaped ? unescapeJson(this.#text, token.start, token.end) : this.#text;
    const start = token.isEscaped ? 0 : token.start;
    const end = token.isEscaped ? text.length : token.end;
    const place: Place = { key, siblings, isItem, isCut: !token.isClosed };
    const edits = this.#scan.edits(text, start, end, place, "none", this.#nesting + 1);
    if (edits.length === 0) return;
    if (isItemPayload) {
      const stop = token.isClosed ? token.end + 1 : token.end;
      this.#edits.push({ start: keyStart, end: stop, text: itemMember(edits[0]!.text) });
      return;
    }
    this.#edits.push({ start: token.start, end: token.end, text: escapeJson(applyEdits(text, start, end, edits)) });
  }

  #mayHold({ start, end }: StringToken, key: string): boolean {
    if (end - start < minBase64Run) return this.#startsDataUrl(start, end);
    // Spaces may stand anywhere in it.
    if (isBase64Key(key)) return true;
    if (isSuspect(this.#text, this.#view, start, end) || this.#startsDataUrl(start, end)) return true;
    return this.#text.subarray(start, end).indexOf(hexEscape) >= 0;
  }

  #startsDataUrl(start: number, end: number): boolean {
    return end - start > dataUrl.length && this.#text.compare(dataUrl, 0, 5, start, start + 5) === 0;
  }

  /** The text of a short string, or undefined. */
  #shortText({ start, end, isEscaped }: StringToken): string | undefined {
    if (end - start > maxSiblingBytes) return undefined;
    return isEscaped ? unescapeJson(this.#text, start, end).toString() : this.#text.toString("utf8", start, end);
  }

  /** Reads the string that begins here. */
  #string(): StringToken {
    const token = stringAt(this.#text, this.#at, this.#end);
    this.#at = token.isClosed ? token.end + 1 : token.end;
    return token;
  }

  /** Passes over a number, `true`, `false` or `null`. */
  #literal(): boolean {
    const start = this.#at;
    while (this.#at < this.#end && !endsLiteral(this.#text[this.#at]!)) this.#at++;
    const byte = this.#text[this.#at];
    if (this.#at > start && byte !== ascii.QUOTE && byte !== ascii.APOSTROPHE) return true;
    // Python's `b'...'`, which whoever goes on here must see whole.
    this.#at = start;
    return false;
  }

  #take(byte: number): boolean {
    if (this.#at >= this.#end || this.#text[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    this.#at = skipWhitespace(this.#text, this.#at, this.#end);
  }
}

function endsLiteral(byte: number): boolean {
  return (
    byte === ascii.COMMA ||
    byte === ascii.CLOSE_BRACE ||
    byte === ascii.CLOSE_BRACKET ||
    byte === ascii.QUOTE ||
    byte === ascii.APOSTROPHE ||
    byte === ascii.OPEN_BRACE ||
    byte === ascii.OPEN_BRACKET ||
    byte === ascii.COLON ||
    byte === ascii.BACKSLASH ||
    isWhitespace(byte)
  );
}

const errorReference = "attachment://error/";

/** The member that stands in an item of a list of attachments instead of its base64. */
export function itemMember(referenceText: string | Uint8Array): string {
  const [name, value] = itemEntry(String(referenceText));
  return `"${name}":"${value}"`;
}

/** Its name and its value. */
export function itemEntry(referenceText: string): readonly [string, string] {
  return referenceText.startsWith(errorReference)
    ? ["error", referenceText.slice(errorReference.length)]
    : ["attachment_id", referenceText.slice("attachment://".length)];
}

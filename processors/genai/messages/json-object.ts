import { JsonReader, type Readable, skipSpace, skipValue } from "./json-bytes.ts";

/** Range of a JSON value. */
export interface JsonValue {
  readonly start: number;
  readonly end: number;
}

/** Members of an object that are looked at; messages and parts have a handful. */
export const maxMembers = 64;
const longestName = 40;

/** The members of a JSON object as ranges, by name. Of a name that is repeated, the last one counts. */
export class JsonObject {
  readonly #members = new Map<string, JsonValue>();

  /** `value` is known to be JSON; when it is no object, there are no members. */
  constructor(text: Readable, value: JsonValue) {
    if (!isObject(text, value)) return;
    const reader = new JsonReader(text, value.start, value.end);
    for (let i = 0; i < maxMembers && reader.next(); i++) {
      const { nameStart, nameEnd } = reader;
      if (nameEnd - nameStart > longestName) continue;
      this.#members.set(latin1(text, nameStart, nameEnd), { start: reader.valueStart, end: reader.valueEnd });
    }
  }

  get size(): number {
    return this.#members.size;
  }

  /** The first of these members that is there and not null. */
  get(text: Readable, ...names: readonly string[]): JsonValue | undefined {
    for (const name of names) {
      const value = this.#members.get(name);
      if (value !== undefined && text.bytes[value.start] !== 0x6e) return value;
    }
    return undefined;
  }

  /** The first of these members that is a string. */
  string(text: Readable, ...names: readonly string[]): JsonValue | undefined {
    for (const name of names) {
      const value = this.#members.get(name);
      if (value !== undefined && isString(text, value)) return value;
    }
    return undefined;
  }

  /** The first of these members that is an object. */
  object(text: Readable, ...names: readonly string[]): JsonValue | undefined {
    for (const name of names) {
      const value = this.#members.get(name);
      if (value !== undefined && isObject(text, value)) return value;
    }
    return undefined;
  }

  /** The first of these members that is an array. */
  array(text: Readable, ...names: readonly string[]): JsonValue | undefined {
    for (const name of names) {
      const value = this.#members.get(name);
      if (value !== undefined && isArray(text, value)) return value;
    }
    return undefined;
  }

  entries(): IterableIterator<[string, JsonValue]> {
    return this.#members.entries();
  }
}

export function isString(text: Readable, value: JsonValue): boolean {
  return text.bytes[value.start] === 0x22;
}

export function isObject(text: Readable, value: JsonValue): boolean {
  return text.bytes[value.start] === 0x7b;
}

export function isArray(text: Readable, value: JsonValue): boolean {
  return text.bytes[value.start] === 0x5b;
}

/** Elements of an array, one after the other. */
export function* elementsOf(text: Readable, array: JsonValue): Generator<JsonValue> {
  const reader = new JsonReader(text, array.start, array.end);
  while (reader.next()) yield { start: reader.valueStart, end: reader.valueEnd };
}

/** The one JSON value that `[start, end)` is, without white space around it; undefined when it is none. */
export function jsonValueOf(text: Readable, start: number, end: number): JsonValue | undefined {
  const from = skipSpace(text.bytes, start, end);
  const to = skipValue(text, from, end);
  return to >= 0 && skipSpace(text.bytes, to, end) === end ? { start: from, end: to } : undefined;
}

/** The text of a short string such as a type or role, escapes left as they are; "" when it is no string or long. */
export function wordOf(text: Readable, value: JsonValue | undefined): string {
  if (value === undefined || !isString(text, value) || value.end - value.start > longestName) return "";
  return latin1(text, value.start + 1, value.end - 1);
}

function latin1({ bytes }: Readable, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

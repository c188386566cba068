import { ValueType } from "../pipeline/span-batch/attribute-table.ts";
import type { AttributeTarget, BatchBuilder } from "./batch-builder.ts";
import { FieldNames, JsonError, JsonReader } from "./json-reader.ts";
import { Rejection } from "./rejections.ts";

const objectOpen = 0x7b;
const arrayOpen = 0x5b;
const keyValueNames = new FieldNames("key", "value");
// In the order of the fields' numbers in AnyValue, so that the number found is the value's type.
const anyValueNames = new FieldNames(
  "stringValue",
  "boolValue",
  "intValue",
  "doubleValue",
  "arrayValue",
  "kvlistValue",
  "bytesValue",
);
const valuesNames = new FieldNames("values");

/** Reads attributes from OTLP/JSON into the columns of a batch. */
export class JsonValueReader extends JsonReader {
  readonly builder: BatchBuilder;
  /** Where arrays and maps are written as protobuf, before they replace their JSON, which is always longer. */
  #scratch = new Uint8Array(256);
  #written = 0;
  #type: ValueType = ValueType.EMPTY;
  #word0 = 0;
  #word1 = 0;

  constructor(builder: BatchBuilder) {
    const { arena } = builder.batch;
    // The arena has room behind the body, in which there may be anything: reading ends where the body does.
    super(arena.bytes.subarray(0, arena.length));
    this.builder = builder;
  }

  /** Reads an array, `read` once per element; null counts as empty. */
  protected list(read: () => void): void {
    if (this.takeNull() || !this.begin(arrayOpen)) return;
    do read();
    while (this.more(arrayOpen));
  }

  /** Reads an object, `read` once per member with the number of its name; null counts as empty, unknown members too. */
  protected object(names: FieldNames, read: (field: number) => void): void {
    if (this.takeNull() || !this.begin(objectOpen)) return;
    do {
      const field = this.field(names);
      if (field === 0) this.skip();
      else if (!this.takeNull()) read(field);
    } while (this.more(objectOpen));
  }

  /** Reads a list of KeyValues into `target`. */
  protected attributes({ table, keys }: AttributeTarget): void {
    if (this.takeNull() || !this.begin(arrayOpen)) return;
    do {
      if (table.length === table.keyIndexes.length) table.reserve(1);
      const entry = table.length;
      let keyStart = 0;
      let keyLength = 0;
      this.#setValue(ValueType.EMPTY, 0, 0);
      if (!this.begin(objectOpen)) throw new JsonError("expected a key and a value");
      do {
        const field = this.field(keyValueNames);
        if (field === 0) this.skip();
        else if (field === 2) this.#anyValue();
        else if (!this.takeNull()) {
          this.text();
          keyStart = this.start;
          keyLength = this.length;
        }
      } while (this.more(objectOpen));
      table.types[entry] = this.#type;
      table.words[2 * entry] = this.#word0;
      table.words[2 * entry + 1] = this.#word1;
      table.keyIndexes[entry] = keys.find(keyStart, keyLength);
      table.length = entry + 1;
    } while (this.more(arrayOpen));
  }

  #setValue(type: ValueType, word0: number, word1: number): void {
    this.#type = type;
    this.#word0 = word0;
    this.#word1 = word1;
  }

  /** Reads an AnyValue at an attribute's top: type and words. */
  #anyValue(): void {
    if (this.takeNull() || !this.begin(objectOpen)) return;
    do {
      const type = this.field(anyValueNames);
      if (type === 0) this.skip();
      else if (!this.takeNull()) this.#value(type);
    } while (this.more(objectOpen));
  }

  #value(type: number): void {
    switch (type) {
      case ValueType.STRING:
        this.text();
        this.#setValue(type, this.start, this.length);
        break;
      case ValueType.BOOL:
        this.#setValue(type, this.boolean() ? 1 : 0, 0);
        break;
      case ValueType.INT:
        this.integer64();
        this.#setValue(type, this.low, this.high);
        break;
      case ValueType.DOUBLE:
        this.double();
        this.#setValue(type, this.low, this.high);
        break;
      case ValueType.BYTES:
        this.#base64();
        this.#setValue(type, this.start, this.length);
        break;
      default:
        this.#nestedInPlace(type as ValueType);
    }
  }

  #nestedInPlace(type: ValueType): void {
    this.peek();
    const from = this.position;
    this.#written = 0;
    this.#nested(type, 1);
    this.bytes.set(this.#scratch.subarray(0, this.#written), from);
    this.#setValue(type, from, this.#written);
  }

  /** Reads base64 text, of the standard or the URL alphabet, and puts the bytes in its place. */
  #base64(): void {
    this.text();
    const decoded = Buffer.from(this.rangeText(), "base64");
    this.bytes.set(decoded, this.start);
    this.length = decoded.length;
  }

  /** Reads an ArrayValue or KeyValueList and writes its protobuf behind what is written already. */
  #nested(type: ValueType, depth: number): void {
    if (depth > this.builder.limits.maxDepth) {
      this.builder.reject(Rejection.DEPTH);
      this.#skipDeep();
      return;
    }
    this.object(valuesNames, () =>
      this.list(() => {
        const mark = this.#written;
        if (type === ValueType.ARRAY) this.#nestedAny(depth);
        else this.#nestedPair(depth);
        this.#wrap(0x0a, mark);
      }),
    );
  }

  #nestedPair(depth: number): void {
    this.object(keyValueNames, (field) => {
      const mark = this.#written;
      if (field === 1) {
        this.text();
        this.#append(this.start, this.length);
        this.#wrap(0x0a, mark);
      } else {
        this.#nestedAny(depth);
        this.#wrap(0x12, mark);
      }
    });
  }

  #nestedAny(depth: number): void {
    this.object(anyValueNames, (type) => {
      const mark = this.#written;
      if (type === ValueType.ARRAY || type === ValueType.KVLIST) this.#nested(type, depth + 1);
      else {
        this.#value(type);
        if (type === ValueType.STRING || type === ValueType.BYTES) this.#append(this.#word0, this.#word1);
        else return this.#number(type);
      }
      this.#wrap((type << 3) | 2, mark);
    });
  }

  #number(type: number): void {
    this.#room(12);
    this.#scratch[this.#written++] = type === ValueType.DOUBLE ? 0x21 : type << 3;
    let bits = (BigInt(this.#word1) << 32n) | BigInt(this.#word0);
    if (type === ValueType.DOUBLE) {
      for (let i = 0; i < 8; i++, bits >>= 8n) this.#scratch[this.#written++] = Number(bits & 0xffn);
      return;
    }
    for (; bits > 0x7fn; bits >>= 7n) this.#scratch[this.#written++] = Number(bits & 0x7fn) | 0x80;
    this.#scratch[this.#written++] = Number(bits);
  }

  #append(start: number, length: number): void {
    this.#room(length);
    this.#scratch.set(this.bytes.subarray(start, start + length), this.#written);
    this.#written += length;
  }

  /** Puts a tag and a length before what was written since `mark`. */
  #wrap(tag: number, mark: number): void {
    const length = this.#written - mark;
    const head = [tag];
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
    head.push(rest);
    this.#room(head.length);
    this.#scratch.copyWithin(mark + head.length, mark, this.#written);
    this.#scratch.set(head, mark);
    this.#written += head.length;
  }

  #room(count: number): void {
    const needed = this.#written + count;
    if (needed <= this.#scratch.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#scratch.length * 2));
    larger.set(this.#scratch.subarray(0, this.#written));
    this.#scratch = larger;
  }

  /** Passes over a value of any depth without going down the stack: brackets are counted. */
  #skipDeep(): void {
    let open = 0;
    do {
      const byte = this.peek();
      if (byte === 0x22) this.text();
      else if (Number.isNaN(byte)) throw new JsonError("value without an end");
      else {
        this.position++;
        if (byte === objectOpen || byte === arrayOpen) open++;
        else if (byte === objectOpen + 2 || byte === arrayOpen + 2) open--;
      }
    } while (open > 0);
  }
}

/** Types of fields in Thrift's compact protocol, as far as Parquet's metadata needs them. */
export const ThriftType = { I32: 5, I64: 6, BINARY: 8, LIST: 9, STRUCT: 12 } as const;

/**
 * Writes Thrift's compact protocol.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftWriter {
  readonly #bytes: number[] = [];
  readonly #lastFields: number[] = [0];

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  i32(field: number, value: number): void {
    this.#field(field, ThriftType.I32);
    this.#zigzag(value);
  }

  i64(field: number, value: number): void {
    this.#field(field, ThriftType.I64);
    this.#zigzag(value);
  }

  text(field: number, value: string): void {
    this.#field(field, ThriftType.BINARY);
    this.#text(value);
  }

  struct(field: number, write: () => void): void {
    this.#field(field, ThriftType.STRUCT);
    this.#members(write);
  }

  structs<Item>(field: number, items: readonly Item[], write: (item: Item) => void): void {
    this.#list(field, items.length, ThriftType.STRUCT);
    for (const item of items) this.#members(() => write(item));
  }

  i32s(field: number, values: readonly number[]): void {
    this.#list(field, values.length, ThriftType.I32);
    for (const value of values) this.#zigzag(value);
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, values.length, ThriftType.BINARY);
    for (const value of values) this.#text(value);
  }

  /** Ends the outermost struct. */
  end(): void {
    this.#bytes.push(0);
  }

  #members(write: () => void): void {
    this.#lastFields.push(0);
    write();
    this.#lastFields.pop();
    this.#bytes.push(0);
  }

  /** Fields rise, by at most 15 from one to the next. */
  #field(field: number, type: number): void {
    const last = this.#lastFields.length - 1;
    this.#bytes.push(((field - this.#lastFields[last]!) << 4) | type);
    this.#lastFields[last] = field;
  }

  #list(field: number, length: number, type: number): void {
    this.#field(field, ThriftType.LIST);
    if (length < 15) this.#bytes.push((length << 4) | type);
    else {
      this.#bytes.push(0xf0 | type);
      this.#varint(length);
    }
  }

  #text(value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** @param value not negative, below 2^52 */
  #zigzag(value: number): void {
    this.#varint(value * 2);
  }

  #varint(value: number): void {
    while (value >= 128) {
      this.#bytes.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.#bytes.push(value);
  }
}

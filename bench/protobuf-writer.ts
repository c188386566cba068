/** A small protobuf writer for making traffic; speed does not matter here. */
export class Writer {
  readonly #parts: Buffer[] = [];
  length = 0;

  push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  varint(value: number): void {
    const bytes: number[] = [];
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
    bytes.push(value);
    this.push(Buffer.from(bytes));
  }

  field(number: number, bytes: Buffer | string): void {
    const value = Buffer.from(bytes as string);
    this.varint(number * 8 + 2);
    this.varint(value.length);
    this.push(value);
  }

  integer(number: number, value: number): void {
    this.varint(number * 8);
    this.varint(value);
  }

  fixed64(number: number, value: bigint): void {
    this.varint(number * 8 + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** An attribute's value. */
export type Value = string | number | boolean;

/** A KeyValue message. */
export function keyValue(key: string, value: Value): Buffer {
  const any = new Writer();
  if (typeof value === "string") any.field(1, value);
  else if (typeof value === "boolean") any.integer(2, value ? 1 : 0);
  else if (Number.isInteger(value)) any.integer(3, value);
  else {
    const bits = Buffer.alloc(8);
    bits.writeDoubleLE(value);
    any.fixed64(4, bits.readBigUInt64LE());
  }
  const pair = new Writer();
  pair.field(1, key);
  pair.field(2, any.bytes());
  return pair.bytes();
}

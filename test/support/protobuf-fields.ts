import { WireReader } from "../../pipeline/span-batch/wire.ts";

/** The values of a message by field number, in order: numbers as 64 unsigned bits, the rest as bytes. */
export type Fields = Record<number, (bigint | Buffer)[]>;

/** Reads the message that the first value of each field of `path` leads to. */
export function fieldsOf(message: Uint8Array, path: readonly number[]): Fields {
  let fields = readFields(message);
  for (const field of path) fields = readFields(fields[field]![0] as Buffer);
  return fields;
}

function readFields(message: Uint8Array): Fields {
  const reader = new WireReader(message);
  const fields: Fields = {};
  while (reader.position < message.length) {
    const tag = reader.varint32(message.length);
    const values = fields[tag >>> 3] ?? [];
    fields[tag >>> 3] = [...values, readValue(reader, tag & 7)];
  }
  return fields;
}

function readValue(reader: WireReader, wireType: number): bigint | Buffer {
  const end = reader.bytes.length;
  if (wireType === 2) {
    const valueEnd = reader.fieldEnd(end);
    const value = Buffer.from(reader.bytes.subarray(reader.position, valueEnd));
    reader.position = valueEnd;
    return value;
  }
  if (wireType === 5) return BigInt(reader.fixed32(end));
  if (wireType === 1) reader.fixed64(end);
  else reader.varint64(end);
  return (BigInt(reader.high) << 32n) | BigInt(reader.low);
}

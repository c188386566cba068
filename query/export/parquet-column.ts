import type { ExportColumn, ExportRow, ExportType } from "./table.ts";

/** Physical and converted types by their numbers in Parquet. */
export const physicalTypes: Readonly<Record<ExportType, { readonly type: number; readonly converted?: number }>> = {
  boolean: { type: 0 },
  integer: { type: 2 },
  // Microseconds since the epoch, UTC.
  time: { type: 2, converted: 10 },
  number: { type: 5 },
  text: { type: 6, converted: 0 },
  json: { type: 6, converted: 19 },
};

/** Levels that say where there is a value, and then the values: the plain content of a page. */
export function encodeColumn({ name, type }: ExportColumn, rows: readonly ExportRow[]): Buffer {
  const values = rows.map((row) => row[name] ?? null);
  const present = values.filter((value) => value !== null);
  return Buffer.concat([levelsOf(values), encodeValues(type, present)]);
}

/** One bit a row, in one run of whole groups of eight: length, header of the run, bits from the least significant. */
function levelsOf(values: readonly unknown[]): Buffer {
  const bits = packBits(values.map((value) => value !== null));
  const header: number[] = [];
  let rest = bits.length * 2 + 1;
  for (; rest >= 128; rest = Math.floor(rest / 128)) header.push((rest % 128) | 128);
  header.push(rest);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length + bits.length);
  return Buffer.concat([length, Buffer.from(header), bits]);
}

function packBits(values: readonly boolean[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(values.length / 8));
  for (const [index, value] of values.entries()) if (value) bits[index >> 3]! |= 1 << (index & 7);
  return bits;
}

function encodeValues(type: ExportType, values: readonly unknown[]): Buffer {
  switch (type) {
    case "boolean":
      return packBits(values.map((value) => value === true));
    case "number":
      return eightBytes(values, (bytes, value, at) => bytes.writeDoubleLE(Number(value), at));
    case "integer":
      return eightBytes(values, (bytes, value, at) => bytes.writeBigInt64LE(BigInt(Math.trunc(Number(value))), at));
    case "time":
      return eightBytes(values, (bytes, value, at) => bytes.writeBigInt64LE(microsOf(String(value)), at));
    case "json":
      return texts(values.map((value) => JSON.stringify(value)));
    case "text":
      return texts(values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))));
  }
}

function eightBytes(values: readonly unknown[], write: (bytes: Buffer, value: unknown, at: number) => void): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) write(bytes, value, 8 * index);
  return bytes;
}

/** @param time ISO 8601 in UTC, with three or six digits after the second */
function microsOf(time: string): bigint {
  const digits = /\.(\d+)Z$/.exec(time)?.[1] ?? "";
  return BigInt(Date.parse(time)) * 1_000n + BigInt(digits.padEnd(6, "0").slice(3, 6));
}

function texts(values: readonly string[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

import { type NativeType, parseNativeType } from "./native-type.ts";
import { timeText } from "./time-text.ts";

/**
 * A value as JSONEachRow takes it back: 64-bit integers as decimal text, times as ISO 8601 in UTC with all their digits,
 * maps as objects.
 */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonRow = { [column: string]: JsonValue };

/** One column of a block. */
export interface NativeColumn {
  readonly name: string;
  readonly type: string;
  readonly values: readonly JsonValue[];
}

/**
 * Reads the columns of one block in ClickHouse's Native format, as it is sent over HTTP. Large blocks take a while: a caller
 * may let other work run between the columns.
 *
 * @param chunks pieces of one body; what follows the first block is not read
 * @throws {RangeError} the body ends within the block, or holds a type that is not known here
 */
export function readNativeColumns(chunks: readonly Uint8Array[]): Generator<NativeColumn> {
  return readBlock(new Input(Buffer.concat(chunks)));
}

/** All rows of a body, of however many blocks, as objects. @throws {RangeError} as `readNativeColumns` */
export function* readNativeRows(chunks: readonly Uint8Array[]): Generator<JsonRow> {
  const input = new Input(Buffer.concat(chunks));
  while (!input.atEnd) yield* rowsOfColumns([...readBlock(input)]);
}

/** The rows of a block's columns. */
export function* rowsOfColumns(columns: readonly NativeColumn[]): Generator<JsonRow> {
  const rows = columns[0]?.values.length ?? 0;
  for (let row = 0; row < rows; row++) {
    yield Object.fromEntries(columns.map(({ name, values }) => [name, values[row]!]));
  }
}

function* readBlock(input: Input): Generator<NativeColumn> {
  const columns = input.varint();
  const rows = input.varint();
  for (let i = 0; i < columns; i++) yield readColumn(input, rows);
}

function readColumn(input: Input, rows: number): NativeColumn {
  const name = input.text();
  const text = input.text();
  const type = parseNativeType(text);
  readPrefixes(input, type);
  return { name, type: text, values: readValues(input, type, rows) };
}

/** LowCardinality announces its version before anything else of the column, however deep it stands. */
function readPrefixes(input: Input, type: NativeType): void {
  if (type.name === "LowCardinality") {
    const version = input.u64();
    if (version !== 1n) throw new RangeError(`native block: LowCardinality version ${version}, only 1 is known`);
    return;
  }
  for (const inner of type.inner) readPrefixes(input, inner);
}

function readValues(input: Input, type: NativeType, rows: number): JsonValue[] {
  switch (type.name) {
    case "Nullable":
      return readNullable(input, type.inner[0]!, rows);
    case "LowCardinality":
      return readLowCardinality(input, type.inner[0]!, rows);
    case "Array":
      return readArrays(input, rows, (count) => readValues(input, type.inner[0]!, count));
    case "Map":
      return readMaps(input, type, rows);
    case "Tuple":
      return readTuples(input, type, rows);
    default: {
      const read = scalars[type.name];
      if (read === undefined) throw new RangeError(`native block: type ${type.name} is not known`);
      return Array.from({ length: rows }, () => read(input, type.size));
    }
  }
}

function readNullable(input: Input, inner: NativeType, rows: number): JsonValue[] {
  const nulls = input.take(rows);
  return readValues(input, inner, rows).map((value, row) => (nulls[row] === 0 ? value : null));
}

const additionalKeys = 1n << 9n;

function readLowCardinality(input: Input, inner: NativeType, rows: number): JsonValue[] {
  const values: JsonValue[] = [];
  const nullable = inner.name === "Nullable";
  while (values.length < rows) {
    const flags = input.u64();
    if ((flags & additionalKeys) === 0n) throw new RangeError("native block: LowCardinality without keys of its own");
    const keys = readValues(input, nullable ? inner.inner[0]! : inner, Number(input.u64()));
    // Key 0 of a nullable dictionary stands for null.
    if (nullable && keys.length > 0) keys[0] = null;
    const width = 1 << Number(flags & 0xffn);
    const count = Number(input.u64());
    for (let i = 0; i < count; i++) values.push(keys[input.uint(width)]!);
  }
  return values;
}

function readArrays<V>(input: Input, rows: number, readAll: (count: number) => V[]): V[][] {
  const ends = Array.from({ length: rows }, () => Number(input.u64()));
  const all = readAll(ends.at(-1) ?? 0);
  return ends.map((end, row) => all.slice(row === 0 ? 0 : ends[row - 1], end));
}

function readMaps(input: Input, type: NativeType, rows: number): JsonValue[] {
  const entries = readArrays(input, rows, (count) => {
    const keys = readValues(input, type.inner[0]!, count);
    const values = readValues(input, type.inner[1]!, count);
    return keys.map((key, i) => [String(key), values[i]!] as const);
  });
  return entries.map((pairs) => Object.fromEntries(pairs));
}

function readTuples(input: Input, type: NativeType, rows: number): JsonValue[] {
  const columns = type.inner.map((inner) => readValues(input, inner, rows));
  return Array.from({ length: rows }, (_, row) => columns.map((values) => values[row]!));
}

const scalars: Readonly<Record<string, (input: Input, size: number) => JsonValue>> = {
  String: (input) => input.text(),
  FixedString: (input, size) => input.take(size).toString("utf8"),
  Bool: (input) => input.uint(1) !== 0,
  UInt8: (input) => input.uint(1),
  UInt16: (input) => input.uint(2),
  UInt32: (input) => input.uint(4),
  UInt64: (input) => input.u64().toString(),
  Int8: (input) => input.take(1).readInt8(),
  Int16: (input) => input.take(2).readInt16LE(),
  Int32: (input) => input.take(4).readInt32LE(),
  Int64: (input) => input.take(8).readBigInt64LE().toString(),
  Float32: (input) => finite(input.take(4).readFloatLE()),
  Float64: (input) => finite(input.take(8).readDoubleLE()),
  DateTime: (input) => new Date(input.uint(4) * 1_000).toISOString().replace(".000Z", "Z"),
  DateTime64: (input, size) => timeText(input.take(8).readBigInt64LE(), size),
};

/** JSON has no NaN and no infinities; ClickHouse reads their names. */
function finite(value: number): JsonValue {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/** A reading position in a body. */
class Input {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  take(count: number): Buffer {
    const end = this.#position + count;
    if (end > this.#bytes.length)
      throw new RangeError(`native block: ends ${end - this.#bytes.length} bytes too early`);
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  uint(width: number): number {
    return width <= 4 ? this.take(width).readUIntLE(0, width) : Number(this.u64());
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.uint(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    return this.take(this.varint()).toString("utf8");
  }
}

import type { Signal } from "../pipeline/batch.ts";
import { PermanentError, StatusCode } from "../pipeline/errors.ts";
import { doubleOf, integerOf } from "../pipeline/span-batch/value.ts";
import { WireError, WireReader } from "../pipeline/span-batch/wire.ts";
import { doubleJson } from "./encode-json-value.ts";
import type { OtlpMessage } from "./json-message.ts";
import { enums, type Field, type FieldType, type MessageName, messages } from "./json-schema.ts";

const requests = {
  metrics: "ExportMetricsServiceRequest",
  logs: "ExportLogsServiceRequest",
} as const satisfies Record<Exclude<Signal, "traces">, MessageName>;

/** Messages in messages: what OTLP itself nests, and values nested 64 deep at two messages a level. */
const maxMessageDepth = 160;

type Json = Record<string, unknown>;

/** The request of a signal as an object. */
export type RequestJson<S extends keyof typeof requests> = OtlpMessage<(typeof requests)[S]>;

type Fields = ReadonlyMap<number, readonly [name: string, field: Field]>;

const fieldsByNumber = new Map<string, Fields>(
  Object.entries(messages).map(([message, fields]) => [
    message,
    new Map(Object.entries(fields).map(([name, field]) => [field[0], [name, field]])),
  ]),
);

/**
 * Reads a metrics or logs request as an OTLP/JSON object: the reverse of `jsonToProtobuf`. Unknown fields are passed over.
 *
 * @throws {PermanentError} INVALID_ARGUMENT: not such a message, or values nested too deep
 */
export function protobufToJson<S extends keyof typeof requests>(signal: S, body: Uint8Array): RequestJson<S> {
  try {
    // Read by the table that the type is made from.
    return readMessage(new WireReader(body), body.length, requests[signal], maxMessageDepth) as RequestJson<S>;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const message = `malformed ${requests[signal]}: ${error.message}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
}

function readMessage(reader: WireReader, end: number, message: string, depth: number): Json {
  if (depth === 0) throw new WireError("nested too deep");
  const fields = fieldsByNumber.get(message)!;
  const object: Json = {};
  while (reader.position < end) {
    const tag = reader.varint32(end);
    const known = fields.get(tag >>> 3);
    if (known === undefined) reader.skip(tag, end);
    else readField(reader, end, tag & 7, known[1], depth, object, known[0]);
  }
  return object;
}

function readField(
  reader: WireReader,
  end: number,
  wireType: number,
  field: Field,
  depth: number,
  object: Json,
  name: string,
): void {
  const [, type, repeated] = field;
  const expected = wireTypeOf(type);
  if (repeated === undefined) {
    if (wireType !== expected) throw new WireError(`${name} has wire type ${wireType}`);
    object[name] = readValue(reader, end, type, depth);
    return;
  }
  object[name] ??= [];
  const values = object[name] as unknown[];
  if (wireType === expected) values.push(readValue(reader, end, type, depth));
  else if (wireType === 2) {
    const packedEnd = reader.fieldEnd(end);
    while (reader.position < packedEnd) values.push(readValue(reader, packedEnd, type, depth));
  } else throw new WireError(`${name} has wire type ${wireType}`);
}

function wireTypeOf(type: FieldType): number {
  switch (type) {
    case "bool":
    case "int64":
    case "uint64":
    case "uint32":
    case "sint32":
      return 0;
    case "double":
    case "fixed64":
    case "sfixed64":
      return 1;
    case "fixed32":
      return 5;
    default:
      return type in enums ? 0 : 2;
  }
}

function readValue(reader: WireReader, end: number, type: FieldType, depth: number): unknown {
  switch (wireTypeOf(type)) {
    case 0:
      reader.varint64(end);
      return integerJson(type, reader.low, reader.high);
    case 1:
      reader.fixed64(end);
      return type === "double"
        ? doubleJson(doubleOf(reader.low, reader.high))
        : integerJson(type, reader.low, reader.high);
    case 5:
      return reader.fixed32(end);
    default:
      return readDelimited(reader, reader.fieldEnd(end), type, depth);
  }
}

/** 64-bit integers are strings in JSON, others numbers. */
function integerJson(type: FieldType, low: number, high: number): unknown {
  switch (type) {
    case "bool":
      return low !== 0 || high !== 0;
    case "int64":
    case "sfixed64":
      return integerOf(low, high).toString();
    case "uint64":
    case "fixed64":
      return ((BigInt(high) << 32n) | BigInt(low)).toString();
    case "sint32":
      return (low >>> 1) ^ -(low & 1);
    default:
      return low;
  }
}

function readDelimited(reader: WireReader, end: number, type: FieldType, depth: number): unknown {
  if (fieldsByNumber.has(type)) return readMessage(reader, end, type, depth - 1);
  const bytes = Buffer.from(reader.bytes.subarray(reader.position, end));
  reader.position = end;
  return bytes.toString(type === "id" ? "hex" : type === "bytes" ? "base64" : "utf8");
}

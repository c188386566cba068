import protobuf from "protobufjs/minimal.js";
import type { Signal } from "../pipeline/batch.ts";
import { messageOf, PermanentError, StatusCode } from "../pipeline/errors.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import { scalars } from "./json-scalars.ts";
import { enums, type Field, type FieldType, type MessageName, messages } from "./json-schema.ts";

const requests = {
  metrics: "ExportMetricsServiceRequest",
  logs: "ExportLogsServiceRequest",
} as const satisfies Record<Exclude<Signal, "traces">, MessageName>;

/**
 * Writes a metrics or logs request that came as OTLP/JSON as protobuf.
 *
 * Names in camelCase and snake_case, 64-bit integers as numbers and strings, enums as numbers and names are taken; null is an
 * absent field, and unknown fields are passed over.
 *
 * @param body JSON in UTF-8; not kept
 * @param maxDepth how deep arrays and maps in a value may nest
 * @throws {PermanentError} INVALID_ARGUMENT: no JSON, or a value that its field cannot hold
 */
export function jsonToProtobuf(
  signal: Exclude<Signal, "traces">,
  body: Uint8Array,
  maxDepth = defaultDecodeLimits.maxDepth,
): Uint8Array {
  try {
    const request: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
    const writer = protobuf.Writer.create();
    writeMessage(writer, requests[signal], request, maxDepth);
    return writer.finish();
  } catch (error) {
    const reason = error instanceof SyntaxError ? "not valid JSON" : messageOf(error);
    const message = `malformed ${requests[signal]}: ${reason}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
}

function writeMessage(writer: protobuf.Writer, name: MessageName, value: unknown, depth: number): void {
  if (depth < 0) throw new Error(`${name}: nested too deep`);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${name}: must be an object`);
  const fields = messages[name]!;
  for (const [key, content] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : fields[camelCase(key)];
    if (field === undefined || content === null) continue;
    writeField(writer, field, content, depth, `${name}.${key}`);
  }
}

function writeField(writer: protobuf.Writer, field: Field, value: unknown, depth: number, path: string): void {
  const [number, type, repeated] = field;
  if (repeated === undefined) {
    writeValue(writer, number, type, value, depth, path);
    return;
  }
  if (!Array.isArray(value)) throw new Error(`${path}: must be an array`);
  const scalar = scalars[type];
  if (scalar === undefined || scalar.wireType === 2) {
    for (const element of value) writeValue(writer, number, type, element, depth, path);
    return;
  }
  writer.uint32((number << 3) | 2).fork();
  for (const element of value) named(path, () => scalar.write(writer, element));
  writer.ldelim();
}

function writeValue(
  writer: protobuf.Writer,
  number: number,
  type: FieldType,
  value: unknown,
  depth: number,
  path: string,
): void {
  const scalar = scalars[type];
  if (scalar !== undefined) {
    named(path, () => scalar.write(writer.uint32((number << 3) | scalar.wireType), value));
  } else if (isEnum(type)) {
    writer.uint32(number << 3).int32(named(path, () => enumNumber(type, value)));
  } else {
    writer.uint32((number << 3) | 2).fork();
    // Only through arrays and maps can messages contain themselves.
    writeMessage(
      writer,
      type as MessageName,
      value,
      type === "ArrayValue" || type === "KeyValueList" ? depth - 1 : depth,
    );
    writer.ldelim();
  }
}

function isEnum(type: FieldType): type is keyof typeof enums {
  return type in enums;
}

function enumNumber(type: keyof typeof enums, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const number = typeof value === "string" ? enums[type].get(value) : undefined;
  if (number === undefined) throw new Error("must be a number or the name of one of its values");
  return number;
}

/** Puts the place before what is wrong there. */
function named<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

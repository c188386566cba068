import type protobuf from "protobufjs/minimal.js";
import type { FieldType } from "./json-schema.ts";

/** The two halves of 64 bits, as protobufjs takes them. */
interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

type Write = (writer: protobuf.Writer, value: unknown) => unknown;

/** A type of which several values are packed into one field, and its protobuf wire type when there is one. */
interface Scalar {
  readonly wireType: 0 | 1 | 2 | 5;
  readonly write: Write;
}

/** How the scalars of OTLP/JSON become protobuf. Each throws when the value is not of its type. */
export const scalars: Readonly<Partial<Record<FieldType, Scalar>>> = {
  string: { wireType: 2, write: (writer, value) => writer.string(text(value)) },
  bytes: { wireType: 2, write: (writer, value) => writer.bytes(base64(text(value))) },
  id: { wireType: 2, write: (writer, value) => writer.bytes(hex(text(value))) },
  bool: { wireType: 0, write: (writer, value) => writer.bool(boolean(value)) },
  int64: { wireType: 0, write: (writer, value) => writer.int64(long(value, true)) },
  uint64: { wireType: 0, write: (writer, value) => writer.uint64(long(value, false)) },
  uint32: { wireType: 0, write: (writer, value) => writer.uint32(integer(value, 0, 0xffffffff)) },
  sint32: { wireType: 0, write: (writer, value) => writer.sint32(integer(value, -0x80000000, 0x7fffffff)) },
  double: { wireType: 1, write: (writer, value) => writer.double(double(value)) },
  fixed64: { wireType: 1, write: (writer, value) => writer.fixed64(long(value, false)) },
  sfixed64: { wireType: 1, write: (writer, value) => writer.sfixed64(long(value, true)) },
  fixed32: { wireType: 5, write: (writer, value) => writer.fixed32(integer(value, 0, 0xffffffff)) },
};

function text(value: unknown): string {
  if (typeof value !== "string") throw new Error("must be a string");
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error("must be true or false");
  return value;
}

function double(value: unknown): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(number) && value !== "NaN") throw new Error("must be a number");
  return number;
}

function integer(value: unknown, least: number, most: number): number {
  const number = double(value);
  if (!Number.isInteger(number) || number < least || number > most)
    throw new Error(`must be an integer from ${least} to ${most}`);
  return number;
}

const integerPattern = /^-?\d{1,20}$/;

function long(value: unknown, signed: boolean): Long {
  const isNumber = typeof value === "number" && Number.isInteger(value);
  if (!isNumber && !(typeof value === "string" && integerPattern.test(value))) throw new Error("must be an integer");
  const bits = BigInt(value as number | string);
  if (bits !== (signed ? BigInt.asIntN(64, bits) : BigInt.asUintN(64, bits)))
    throw new Error("must be an integer of 64 bits");
  return { low: Number(bits & 0xffffffffn), high: Number((bits >> 32n) & 0xffffffffn), unsigned: !signed };
}

function hex(digits: string): Uint8Array {
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new Error("must be pairs of hex digits");
  return Buffer.from(digits, "hex");
}

function base64(digits: string): Uint8Array {
  if (!/^[\w+/-]*={0,2}$/.test(digits)) throw new Error("must be base64");
  return Buffer.from(digits, "base64");
}

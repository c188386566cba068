import type { Field, FieldType, Messages } from "./json-schema.ts";

type Value<Type extends FieldType> = Type extends keyof Messages
  ? OtlpMessage<Type>
  : Type extends "bool"
    ? boolean
    : Type extends "double"
      ? number | string
      : Type extends "string" | "bytes" | "id" | "int64" | "uint64" | "fixed64" | "sfixed64"
        ? string
        : number;

type Content<F extends Field> = F extends readonly [number, infer Type extends FieldType, "repeated"]
  ? readonly Value<Type>[]
  : Value<F[1]>;

/**
 * A message as `protobufToJson` gives it; fields that were not sent are left out. 64-bit integers are decimal digits, ids hex
 * digits, bytes base64; doubles are numbers but for NaN, the infinities and -0, which are texts.
 */
export type OtlpMessage<Name extends keyof Messages> = {
  readonly [Key in keyof Messages[Name]]?: Messages[Name][Key] extends Field ? Content<Messages[Name][Key]> : never;
};

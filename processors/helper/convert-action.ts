import { ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import {
  type AttributeValue,
  doubleWords,
  type EncodedValue,
  encodeValue,
  integerWords,
  readValue,
} from "../../pipeline/span-batch/value.ts";
import type { AttributeAction } from "./attribute-actions.ts";
import { type AttributeOwners, findEntry } from "./attribute-owners.ts";
import { attributeText } from "./attribute-text.ts";

export type ConvertedType = "int" | "double" | "string";

const wantedTypes = { int: ValueType.INT, double: ValueType.DOUBLE, string: ValueType.STRING } as const;

const integerPattern = /^[+-]?\d{1,19}$/;
const decimalPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** `convert`: changes the type of `key`'s value. What cannot be converted stays as it is. */
export function convertAction(key: string, to: ConvertedType): AttributeAction {
  return {
    adds: [],
    prepare: (owners) => {
      const keyIndex = owners.table.keys.find(key);
      if (keyIndex < 0) return undefined;
      return (owner) => {
        const entry = findEntry(owners, owner, keyIndex);
        if (entry >= 0 && owners.table.types[entry] !== wantedTypes[to]) convertEntry(owners, entry, to);
      };
    },
  };
}

function convertEntry({ arena, table }: AttributeOwners, entry: number, to: ConvertedType): void {
  const value = readValue(arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!);
  const converted = to === "string" ? encodeValue(arena, attributeText(value)) : convertNumber(value, to);
  if (converted === undefined) return;
  table.types[entry] = converted.type;
  table.words[2 * entry] = converted.word0;
  table.words[2 * entry + 1] = converted.word1;
}

function convertNumber(value: AttributeValue, to: "int" | "double"): EncodedValue | undefined {
  const number = to === "int" ? integerOf(value) : doubleOf(value);
  if (number === undefined) return undefined;
  const [word0, word1] = to === "int" ? integerWords(number) : doubleWords(Number(number));
  return { type: wantedTypes[to], word0, word1 };
}

/** A 64-bit integer, or undefined; fractions are cut off. */
function integerOf(value: AttributeValue): bigint | undefined {
  if (typeof value === "boolean") return value ? 1n : 0n;
  let integer: bigint;
  if (typeof value === "string" && integerPattern.test(value)) integer = BigInt(value.replace("+", ""));
  else if (typeof value === "number" && Number.isFinite(value)) integer = BigInt(Math.trunc(value));
  else return undefined;
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

function doubleOf(value: AttributeValue): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  return typeof value === "string" && decimalPattern.test(value) ? Number(value) : undefined;
}

import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import type { Source } from "../dialect.ts";
import type { Shape } from "./condition.ts";
import type { SpanFacts } from "./span-facts.ts";
import type { SymbolTable } from "./symbol-table.ts";

/** Gives the named values of a source, one after the other, each as the value found. */
export type EachPair = (facts: SpanFacts, take: TakePair) => void;
/** @param id a number that stands for `name` within the batch */
export type TakePair = (name: string, id: number) => void;

/** Reads sources that are several attributes; undefined for other sources, and where the spans have none of them. */
export function pairsOf(source: Source, shape: Shape, symbols: SymbolTable): EachPair | undefined {
  if (typeof source === "string") return undefined;
  if ("prefix" in source) {
    const { prefix } = source;
    return shape.symbolsWith(prefix).length === 0 ? undefined : eachWithPrefix(prefix, symbols);
  }
  if ("attributes" in source) return eachNamed(source.attributes, shape);
  if ("resources" in source) return eachOfResource(source.resources, shape);
  return undefined;
}

function eachWithPrefix(prefix: string, symbols: SymbolTable): EachPair {
  const ofPrefix = symbols.withPrefix(prefix);
  /** By number of the key in the batch. */
  const names: string[] = [];
  let serial = 0;
  const entries: number[] = [];
  return (facts, take) => {
    if (serial !== facts.batchSerial) {
      serial = facts.batchSerial;
      names.length = 0;
    }
    const { keys, keyIndexes } = facts.batch.attributes;
    for (const entry of symbols.entriesWith(facts, ofPrefix, entries)) {
      const key = keyIndexes[entry]!;
      names[key] ??= keys.text(key).slice(prefix.length);
      facts.loadEntry(facts.batch.attributes, entry);
      if (names[key] !== "") take(names[key], key);
    }
  };
}

function eachNamed(attributes: Readonly<Record<string, string>>, shape: Shape): EachPair | undefined {
  const found = Object.entries(attributes)
    .map(([name, key]) => ({ name, symbol: shape.symbolOf(key) }))
    .filter(({ symbol }) => symbol >= 0);
  if (found.length === 0) return undefined;
  return (facts, take) => {
    for (const { name, symbol } of found) {
      facts.loadSymbol(symbol);
      take(name, symbol);
    }
  };
}

function eachOfResource(resources: Readonly<Record<string, string>>, shape: Shape): EachPair | undefined {
  const wanted = Object.entries(resources).filter(([, key]) => shape.hasResource(key));
  if (wanted.length === 0) return undefined;
  /** By number of the resource in the batch, the entries of what is wanted; -1 where it has none. */
  const entriesOf: (readonly number[])[] = [];
  let serial = 0;
  return (facts, take) => {
    if (serial !== facts.batchSerial) {
      serial = facts.batchSerial;
      entriesOf.length = 0;
    }
    const resource = facts.batch.resourceIndex[facts.row]!;
    entriesOf[resource] ??= wanted.map(([, key]) => facts.resourceEntry(key));
    const entries = entriesOf[resource];
    for (let index = 0; index < entries.length; index++) {
      if (entries[index]! < 0) continue;
      facts.loadEntry(facts.batch.resourceAttributes, entries[index]!);
      take(wanted[index]![0], index);
    }
  };
}

/** The JSON object of all pairs, or undefined when there are none. Values that are JSON text already are not unpacked. */
export function jsonObjectOf(facts: SpanFacts, each: EachPair): string | undefined {
  let json = "";
  each(facts, (name) => {
    json += `${json === "" ? "{" : ","}${JSON.stringify(name)}:${jsonOfFound(facts)}`;
  });
  return json === "" ? undefined : `${json}}`;
}

function jsonOfFound(facts: SpanFacts): string {
  switch (facts.type) {
    case ValueType.STRING:
      return JSON.stringify(facts.text);
    case ValueType.BOOL:
      return facts.word0 === 0 ? "false" : "true";
    case ValueType.INT:
    case ValueType.DOUBLE: {
      const { number } = facts;
      return Number.isFinite(number) ? String(number) : "null";
    }
    default:
      return attributeText([valueFound(facts)]).slice(1, -1);
  }
}

/** The value found, as JavaScript has it. */
export function valueFound(facts: SpanFacts): AttributeValue {
  return readValue(facts.batch.arena, facts.type, facts.word0 >>> 0, facts.word1 >>> 0);
}

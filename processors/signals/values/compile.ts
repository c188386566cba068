import type { DerivedName } from "../../../pipeline/span-batch/derived.ts";
import { numberSource, type Subjects, typeOfField, wordSource } from "../sources/subjects.ts";
import { ResourceWord } from "../sources/word-source.ts";
import { JsonPath } from "../text/json-path.ts";
import { TextPattern } from "../text/text-pattern.ts";
import type { Arithmetic, OperandConfig, ValueConfig, ValueFromConfig } from "../value-config.ts";
import { signalValue } from "./convert.ts";
import type { Reader } from "./reader.ts";
import {
  arithmeticReader,
  captureReader,
  constantReader,
  listReader,
  numberReader,
  textReader,
  wordReader,
} from "./readers.ts";

/** Makes the reader of a value that has met its schema. */
export function compileValue(config: ValueConfig | OperandConfig, subjects: Subjects): Reader {
  if (typeof config !== "object") return constantReader(config);
  for (const operation of ["add", "subtract", "multiply", "divide"] as const satisfies Arithmetic[]) {
    const operands = config[operation];
    if (operands === undefined) continue;
    const [left, right] = operands.map((operand) => compileValue(operand, subjects));
    return arithmeticReader(operation, left!, right!);
  }
  return converted(captured(config, subjectReader(config, subjects)), config);
}

function captured({ matches, group }: ValueFromConfig, reader: Reader): Reader {
  return matches === undefined ? reader : captureReader(reader, new TextPattern(matches), group ?? 0);
}

function converted(reader: Reader, { type }: ValueFromConfig): Reader {
  if (type === undefined) return reader;
  return {
    bind: (batch) => reader.bind(batch),
    read: (row) => {
      const value = reader.read(row);
      return value === undefined ? undefined : signalValue(value, type);
    },
  };
}

function subjectReader(config: ValueFromConfig, subjects: Subjects): Reader {
  const { field, attribute, resource, key, json_path } = config;
  const path = json_path === undefined ? undefined : new JsonPath(json_path);
  if (resource !== undefined) return wordReader(new ResourceWord(resource));
  if (attribute !== undefined) {
    const { text, source } = subjects.attribute(attribute);
    return textReader(text, source, path);
  }
  switch (typeOfField(field!)) {
    case "number":
      return numberReader(numberSource(field!), false);
    case "duration":
      return numberReader(numberSource(field!), true);
    case "word":
      return wordReader(wordSource(field!));
    case "text":
      return textReader(subjects.field(field!), undefined, path);
    default:
      return listReader(field as DerivedName, key);
  }
}

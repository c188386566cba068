import type { DerivedName, ValueColumn } from "../../../pipeline/span-batch/derived.ts";
import type { MapColumn } from "../../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { treeAt } from "../conditions/json-test.ts";
import { scalarsOf } from "../conditions/value-tests.ts";
import { nanosPerMs } from "../fields.ts";
import type { NumberSource } from "../sources/number-source.ts";
import type { AttributeText } from "../sources/text-source.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import type { WordSource } from "../sources/word-source.ts";
import type { JsonPath, Scalar } from "../text/json-path.ts";
import type { TextPattern } from "../text/text-pattern.ts";
import type { Arithmetic } from "../value-config.ts";
import type { Reader } from "./reader.ts";

/** The same for every span. */
export function constantReader(value: Scalar): Reader {
  return { bind: () => undefined, read: () => value };
}

export function numberReader(source: NumberSource, isDuration: boolean): Reader {
  return {
    bind: (batch) => void source.bind(batch),
    read: (row) => {
      const value = source.at(row);
      if (Number.isNaN(value)) return undefined;
      return isDuration ? value / nanosPerMs : value;
    },
  };
}

export function wordReader(source: WordSource): Reader {
  let isPossible = false;
  return {
    bind: (batch) => {
      isPossible = source.bind(batch);
    },
    read: (row) => {
      const index = isPossible ? source.indexAt(row) : -1;
      const value = index < 0 ? undefined : source.valueOf(index);
      return value === undefined || value === null ? undefined : scalarsOf(value)[0];
    },
  };
}

/** The first text of a list, or the text of the pair `key`. */
export function listReader(name: DerivedName, key: string | undefined): Reader {
  let column: ValueColumn<readonly string[]> | MapColumn | undefined;
  return {
    bind: (batch: SpanBatch) => {
      // The type of the column follows from the name, which the compiler cannot see.
      column = batch.derivedColumn(name) as unknown as typeof column;
    },
    read: (row) => {
      const value = column?.get(row);
      if (value === undefined) return undefined;
      return value instanceof Map ? value.get(key) : (value as readonly string[])[0];
    },
  };
}

/** A text, or an attribute of any type; where there is a path, the first scalar it leads to. */
export function textReader(subject: TextSubject, source: AttributeText | undefined, path?: JsonPath): Reader {
  return {
    bind: () => undefined,
    read: (row) => {
      if (path !== undefined) return path.scalars(treeAt(subject, source, row))[0];
      if (!subject.isPossible) return undefined;
      const value = subject.has(row) ? subject.text(row) : source?.valueAt(row);
      return value === undefined ? undefined : scalarsOf(value)[0];
    },
  };
}

/** What the pattern captures of another reader's text. */
export function captureReader(text: Reader, pattern: TextPattern, group: string | number): Reader {
  return {
    bind: (batch) => text.bind(batch),
    read: (row) => {
      const value = text.read(row);
      return value === undefined ? undefined : pattern.capture(String(value), group);
    },
  };
}

const operations: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** There is no value where an operand is missing or no number, or where the result is not finite. */
export function arithmeticReader(operation: Arithmetic, left: Reader, right: Reader): Reader {
  const compute = operations[operation];
  return {
    bind: (batch) => {
      left.bind(batch);
      right.bind(batch);
    },
    read: (row) => {
      const a = left.read(row);
      const b = a === undefined ? undefined : right.read(row);
      if (b === undefined) return undefined;
      const result = compute(asNumber(a!), asNumber(b));
      return Number.isFinite(result) ? result : undefined;
    },
  };
}

function asNumber(value: Scalar): number {
  return typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
}

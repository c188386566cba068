import type { Items, LogRecordColumns } from "../../otlp/change-items.ts";
import type { ByteArena } from "../../pipeline/span-batch/arena.ts";
import type { AttributeTable } from "../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../pipeline/span-batch/value.ts";
import { attributeText } from "./attribute-text.ts";
import {
  type AttributeMatchConfig,
  type ItemMatchConfig,
  type SeverityNumberConfig,
  textTest,
} from "./item-match-config.ts";

type TextTest = (text: string) => boolean;
/** Whether a row of the batch it was made for matches. */
export type RowTest = (row: number) => boolean;

const kindNames = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

interface AttributeTest {
  readonly key: string;
  readonly test: (value: AttributeValue) => boolean;
}

/** Finds the spans, Made at start; what can be judged once per batch is. */
export class ItemMatcher {
  readonly #services: TextTest | undefined;
  /** Of spans or metrics: a configuration for one signal has no names of the other. */
  readonly #names: TextTest | undefined;
  readonly #kinds: readonly boolean[] | undefined;
  readonly #libraries: ((name: string, version: string) => boolean) | undefined;
  readonly #attributes: readonly AttributeTest[];
  readonly #resources: readonly AttributeTest[];
  readonly #bodies: TextTest | undefined;
  readonly #severityTexts: TextTest | undefined;
  readonly #severityNumber: ((number: number) => boolean) | undefined;

  constructor(config: ItemMatchConfig, maxMatchLength: number) {
    const anyOf = (texts: readonly string[]): TextTest | undefined => {
      if (texts.length === 0) return undefined;
      const tests = texts.map((text) => textTest(config, text, maxMatchLength));
      return (candidate) => tests.some((test) => test(candidate));
    };
    this.#services = anyOf(config.services);
    this.#names = anyOf([...config.span_names, ...config.metric_names]);
    this.#bodies = anyOf(config.log_bodies);
    this.#severityTexts = anyOf(config.log_severity_texts);
    this.#severityNumber = config.log_severity_number && severityTest(config.log_severity_number);
    const kindTest = anyOf(config.span_kinds);
    this.#kinds = kindTest && kindNames.map((name) => kindTest(`SPAN_KIND_${name}`));
    const libraries = config.libraries.map(({ name, version }) => ({
      name: textTest(config, name, maxMatchLength),
      version: version === undefined ? () => true : textTest(config, version, maxMatchLength),
    }));
    this.#libraries =
      libraries.length === 0
        ? undefined
        : (name, version) => libraries.some((library) => library.name(name) && library.version(version));
    const attributeTest = ({ key, value }: AttributeMatchConfig): AttributeTest => ({
      key,
      test: value === undefined ? () => true : valueTest(config, value, maxMatchLength),
    });
    this.#attributes = config.attributes.map(attributeTest);
    this.#resources = config.resources.map(attributeTest);
  }

  /** The test for the rows of one batch, before its attributes are changed. */
  prepare(batch: SpanBatch, records?: LogRecordColumns): RowTest {
    const tests = [this.#kindTest(batch), this.#nameTest(batch), this.#resourceTest(batch), this.#libraryTest(batch)];
    const ofRecords = records === undefined ? [] : this.#recordTests(batch, records);
    const all = [...tests, ...ofRecords, this.#attributeTest(batch)].filter((test) => test !== undefined);
    return (row) => all.every((test) => test(row));
  }

  #recordTests({ arena }: SpanBatch, records: LogRecordColumns): RowTest[] {
    const { bodies, severityNumbers, severityTexts } = records;
    const tests: RowTest[] = [];
    const [number, text, body] = [this.#severityNumber, this.#severityTexts, this.#bodies];
    if (number !== undefined) tests.push((row) => number(severityNumbers[row]!));
    if (text !== undefined) {
      tests.push((row) => text(arena.text(severityTexts[2 * row]!, severityTexts[2 * row + 1]!)));
    }
    if (body !== undefined) tests.push((row) => body(attributeText(entryValue(arena, bodies, row))));
    return tests;
  }

  #kindTest(batch: SpanBatch): RowTest | undefined {
    const kinds = this.#kinds;
    return kinds && ((row) => kinds[batch.kind[row]!] === true);
  }

  #nameTest(batch: SpanBatch): RowTest | undefined {
    const names = this.#names;
    if (names === undefined) return undefined;
    const matches = remembered((index) => names(batch.names.text(index)));
    return (row) => matches(batch.nameIndex[row]!);
  }

  #resourceTest(batch: SpanBatch): RowTest | undefined {
    const services = this.#services;
    const tests = services === undefined ? this.#resources : [...this.#resources, serviceTest(services)];
    if (tests.length === 0) return undefined;
    const matchesAll = entriesTest(batch, batch.resourceAttributes, tests);
    const matches = remembered((index) => {
      const { attributeStart, attributeEnd } = batch.resources[index]!;
      return matchesAll(attributeStart, attributeEnd);
    });
    return (row) => matches(batch.resourceIndex[row]!);
  }

  #libraryTest(batch: SpanBatch): RowTest | undefined {
    const libraries = this.#libraries;
    if (libraries === undefined) return undefined;
    const matches = remembered((index) => {
      const { nameStart, nameLength, versionStart, versionLength } = batch.scopes[index]!;
      return libraries(batch.arena.text(nameStart, nameLength), batch.arena.text(versionStart, versionLength));
    });
    return (row) => matches(batch.scopeIndex[row]!);
  }

  #attributeTest(batch: SpanBatch): RowTest | undefined {
    if (this.#attributes.length === 0) return undefined;
    const matchesAll = entriesTest(batch, batch.attributes, this.#attributes);
    return (row) => matchesAll(batch.attributeStart[row]!, batch.attributeEnd[row]!);
  }
}

/** Rows that are not dropped, match `include` if there is one, and do not match `exclude`. */
export function selectRows(
  { batch, records }: Items,
  include: ItemMatcher | undefined,
  exclude: ItemMatcher | undefined,
): Uint32Array {
  const isIncluded = include?.prepare(batch, records);
  const isExcluded = exclude?.prepare(batch, records);
  const rows = new Uint32Array(batch.itemCount);
  let count = 0;
  for (let row = 0; row < batch.length; row++) {
    if (batch.isDropped(row) || isIncluded?.(row) === false || isExcluded?.(row) === true) continue;
    rows[count++] = row;
  }
  return rows.subarray(0, count);
}

function severityTest({ min, match_undefined }: SeverityNumberConfig): (number: number) => boolean {
  return (number) => (number === 0 ? match_undefined : number >= min);
}

function entryValue(arena: ByteArena, table: AttributeTable, entry: number): AttributeValue {
  return readValue(arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!);
}

function serviceTest(services: TextTest): AttributeTest {
  return { key: "service.name", test: (value) => services(attributeText(value)) };
}

/** Strict: the same type and value. By pattern: its text; lists, maps and bytes have none. */
function valueTest(
  config: ItemMatchConfig,
  expected: string | number | boolean,
  maxMatchLength: number,
): (value: AttributeValue) => boolean {
  if (config.match_type === "strict") return (value) => value === expected;
  const test = textTest(config, String(expected), maxMatchLength);
  return (value) => value !== null && typeof value !== "object" && test(attributeText(value));
}

/** Whether all `tests` hold for a range of entries of `table`. */
function entriesTest(
  batch: SpanBatch,
  table: AttributeTable,
  tests: readonly AttributeTest[],
): (start: number, end: number) => boolean {
  const found = tests.map(({ key, test }) => ({ keyIndex: table.keys.find(key), test }));
  if (found.some(({ keyIndex }) => keyIndex < 0)) return () => false;
  return (start, end) =>
    found.every(({ keyIndex, test }) => {
      const entry = table.find(start, end, keyIndex);
      if (entry < 0) return false;
      return test(entryValue(batch.arena, table, entry));
    });
}

/** Asks `test` once per number. */
function remembered(test: (index: number) => boolean): (index: number) => boolean {
  const answers: (boolean | undefined)[] = [];
  return (index) => {
    answers[index] ??= test(index);
    return answers[index];
  };
}

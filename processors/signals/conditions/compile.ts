import { parseDurationMs } from "../../../config/duration.ts";
import type { DerivedName } from "../../../pipeline/span-batch/derived.ts";
import type { ConditionConfig } from "../condition-config.ts";
import { nanosPerMs } from "../fields.ts";
import { numberSource, type Subjects, typeOfField, wordSource } from "../sources/subjects.ts";
import { ResourceWord } from "../sources/word-source.ts";
import { foldText } from "../text/fold.ts";
import { JsonPath } from "../text/json-path.ts";
import { AllOf, AnyOf, Not } from "./combinations.ts";
import type { Test } from "./condition-test.ts";
import { JsonTest } from "./json-test.ts";
import { predicateOf } from "./predicate.ts";
import { AttributeTest, TextTest } from "./text-test.ts";
import { ListTest, NumberTest, WordTest } from "./value-tests.ts";

/** Makes the test of a condition that has met its schema. */
export function compileCondition(config: ConditionConfig, subjects: Subjects): Test {
  if (config.all !== undefined) return new AllOf(config.all.map((inner) => compileCondition(inner, subjects)));
  if (config.any !== undefined) return new AnyOf(config.any.map((inner) => compileCondition(inner, subjects)));
  if (config.not !== undefined) return new Not(compileCondition(config.not, subjects));
  const exists = config.exists !== false;
  if (config.resource !== undefined) {
    return new WordTest(new ResourceWord(config.resource), exists, predicateOf(config));
  }
  if (config.json_path !== undefined) return jsonTest(config, config.json_path, subjects);
  return config.attribute === undefined ? fieldTest(config, subjects) : attributeTest(config, subjects);
}

function jsonTest(config: ConditionConfig, path: string, subjects: Subjects): Test {
  const attribute = config.attribute === undefined ? undefined : subjects.attribute(config.attribute);
  const text = attribute?.text ?? subjects.field(config.field!);
  return new JsonTest(text, attribute?.source, new JsonPath(path), config.exists !== false, predicateOf(config));
}

function attributeTest(config: ConditionConfig, subjects: Subjects): Test {
  const { text, source } = subjects.attribute(config.attribute!);
  const { gt, gte, lt, lte, equals } = config;
  const holdsForText = predicateOf({ gt, gte, lt, lte, equals, case_sensitive: config.case_sensitive });
  // Compared by `holdsForText`, to which the text "5" equals the number 5.
  const onBytes = { ...config, equals: undefined };
  return new AttributeTest(text, source, onBytes, predicateOf(config), holdsForText);
}

function fieldTest(config: ConditionConfig, subjects: Subjects): Test {
  const field = config.field!;
  const exists = config.exists !== false;
  switch (typeOfField(field)) {
    case "number":
      return new NumberTest(numberSource(field), exists, predicateOf(config));
    case "duration":
      return new NumberTest(numberSource(field), exists, predicateOf(inNanoseconds(config)));
    case "word":
      return new WordTest(wordSource(field), exists, predicateOf(config));
    case "text":
      return new TextTest(subjects.field(field), config);
    default:
      return new ListTest(field as DerivedName, config.key, exists, predicateOf(config));
  }
}

/** The bounds of durations, as columns have them. */
function inNanoseconds(config: ConditionConfig): ConditionConfig {
  const nanos = (duration: unknown): number => Math.round(parseDurationMs(String(duration))! * nanosPerMs);
  const { equals, gt, gte, lt, lte } = config;
  return {
    equals: equals === undefined ? undefined : [equals].flat().map(nanos),
    gt: gt === undefined ? undefined : nanos(gt),
    gte: gte === undefined ? undefined : nanos(gte),
    lt: lt === undefined ? undefined : nanos(lt),
    lte: lte === undefined ? undefined : nanos(lte),
  };
}

/** A condition in two parts that must both hold. */
export interface SplitCondition {
  /** Values of OperationKind, in lower case, of which the span must have one; undefined where any will do. */
  readonly kinds: ReadonlySet<string> | undefined;
  /** What must hold besides; undefined: nothing. */
  readonly rest: ConditionConfig | undefined;
}

/**
 * Takes the kinds of spans out of a condition that names them alone or in `all:`. Rules are sorted by them, and not even
 * looked at for spans of other kinds.
 */
export function splitKinds(config: ConditionConfig): SplitCondition {
  const { all } = config;
  if (all === undefined) return isOfKinds(config) ? { kinds: kindsOf(config), rest: undefined } : none(config);
  const index = all.findIndex(isOfKinds);
  if (index < 0) return none(config);
  const others = all.toSpliced(index, 1);
  return { kinds: kindsOf(all[index]!), rest: others.length === 0 ? undefined : { all: others } };
}

function none(rest: ConditionConfig): SplitCondition {
  return { kinds: undefined, rest };
}

function isOfKinds(config: ConditionConfig): boolean {
  const given = Object.keys(config).filter((key) => config[key as keyof ConditionConfig] !== undefined);
  return config.field === "OperationKind" && config.equals !== undefined && given.length === 2;
}

function kindsOf({ equals }: ConditionConfig): ReadonlySet<string> {
  return new Set([equals].flat().map((kind) => foldText(String(kind))));
}

import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { Condition } from "../dialect.ts";
import type { SpanFacts } from "./span-facts.ts";
import { matchesBytes, matchesText, type TextPattern, textPattern } from "./text-pattern.ts";

/** What spans have in common that are mapped alike. */
export interface Shape {
  /** The symbol of an attribute that the spans have, or -1. */
  symbolOf(key: string): number;
  /** Symbols of the attributes with that prefix. */
  symbolsWith(prefix: string): readonly number[];
  matchesScope(pattern: string): boolean;
  matchesName(pattern: string): boolean;
  /** Whether they have events. */
  readonly hasEvents: boolean;
  /** Whether their resource has the attribute, which is one that sources name. */
  hasResource(key: string): boolean;
  /** The value of a resource attribute that conditions name, as text. */
  resourceText(key: string): string | undefined;
}

/** Asked of each span, because the answer depends on values. */
export type Test = (facts: SpanFacts) => boolean;
/** Known of all spans of a shape, or to be asked of each. */
export type Verdict = boolean | Test;

/** Judges `condition` for the spans of a shape. */
export function judge(condition: Condition | undefined, shape: Shape): Verdict {
  if (condition === undefined) return true;
  if ("attribute" in condition) return judgeAttribute(condition, shape);
  if ("resource" in condition) return judgeResource(condition, shape);
  if ("scope" in condition) return condition.scope.some((pattern) => shape.matchesScope(pattern));
  if ("spanName" in condition) return condition.spanName.some((pattern) => shape.matchesName(pattern));
  if ("all" in condition) return both(condition.all.map((part) => judge(part, shape)));
  if ("any" in condition) return negated(both(condition.any.map((part) => negated(judge(part, shape)))));
  return negated(judge(condition.not, shape));
}

/** Whether all verdicts hold. */
export function both(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) return false;
  const tests = verdicts.filter((verdict) => typeof verdict === "function");
  if (tests.length < 2) return tests[0] ?? true;
  return (facts) => {
    for (const test of tests) if (!test(facts)) return false;
    return true;
  };
}

function negated(verdict: Verdict): Verdict {
  return typeof verdict === "boolean" ? !verdict : (facts) => !verdict(facts);
}

function judgeAttribute({ attribute, equals }: Extract<Condition, { attribute: string }>, shape: Shape): Verdict {
  const isPrefix = attribute.endsWith("*");
  const symbol = isPrefix ? -1 : shape.symbolOf(attribute);
  const symbols = isPrefix ? shape.symbolsWith(attribute.slice(0, -1)) : symbol < 0 ? [] : [symbol];
  if (symbols.length === 0) return false;
  if (equals === undefined) return true;
  const patterns = equals.map(textPattern);
  if (symbol >= 0) return (facts) => facts.loadSymbol(symbol) && isAnyOf(patterns, facts);
  return (facts) => symbols.some((symbol) => facts.loadSymbol(symbol) && isAnyOf(patterns, facts));
}

function judgeResource({ resource, equals }: Extract<Condition, { resource: string }>, shape: Shape): boolean {
  const text = shape.resourceText(resource);
  if (text === undefined) return false;
  return equals === undefined || equals.some((pattern) => matchesText(textPattern(pattern), text));
}

function isAnyOf(patterns: readonly TextPattern[], facts: SpanFacts): boolean {
  const { bytes } = facts.batch.arena;
  switch (facts.type) {
    case ValueType.STRING:
      // Asked of most spans: no closure for each.
      for (const pattern of patterns) if (matchesBytes(pattern, bytes, facts.word0, facts.word1)) return true;
      return false;
    case ValueType.BOOL:
      return patterns.some((pattern) => matchesText(pattern, String(facts.word0 !== 0)));
    case ValueType.INT:
    case ValueType.DOUBLE:
      return patterns.some((pattern) => matchesText(pattern, String(facts.number)));
    default:
      return false;
  }
}

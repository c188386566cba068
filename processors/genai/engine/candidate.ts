import type { Dialect, Rule, Source, Target } from "../dialect.ts";
import { byTable, Canonicaliser } from "../fill/canonicaliser.ts";
import type { ValueHints } from "../fill/filler.ts";
import { both, judge, type Shape, type Test, type Verdict } from "./condition.ts";
import { type Locate, locatorOf, type Readers } from "./locate.ts";
import { type EachPair, pairsOf } from "./pairs.ts";

/** One source that spans of a shape may have, ready to be read. */
export interface Candidate extends ValueHints {
  readonly dialect: Dialect;
  readonly source: Source;
  /** Asked first, where the answer depends on values. */
  readonly when: Test | undefined;
  readonly locate: Locate;
  /** Of tags: sources that are several attributes. */
  readonly pairs: EachPair | undefined;
  /** Nothing is taken from here, and what comes after it is not tried. */
  readonly ends: boolean;
}

/** A dialect that spans of a shape are of. */
export interface Recognised {
  readonly dialect: Dialect;
  /** Asked first, where the answer depends on values. */
  readonly when: Test | undefined;
  readonly byScope: boolean;
  /** It was recognised, not just tried on every span. */
  readonly isNamed: boolean;
}

/** Makes candidates of rules, for spans of one shape. */
export class CandidateCompiler {
  readonly #shape: Shape;
  readonly #readers: Readers;
  /** Of sources with `values`, made once for all shapes. */
  readonly #canonicalisers: Map<Source, Canonicaliser>;

  constructor(shape: Shape, readers: Readers, canonicalisers: Map<Source, Canonicaliser>) {
    this.#shape = shape;
    this.#readers = readers;
    this.#canonicalisers = canonicalisers;
  }

  /** What may fill `target`, in the order of precedence. */
  forTarget(target: Target, recognised: readonly Recognised[]): readonly Candidate[] {
    const candidates = recognised.flatMap((found) =>
      (rulesByTarget(found.dialect).get(target) ?? []).flatMap((rule) => this.#ofRule(found, rule)),
    );
    return withoutRepetition(hintsLast(target, candidates));
  }

  /** What may hold system instructions. */
  forSystem(recognised: readonly Recognised[]): readonly Candidate[] {
    return recognised.flatMap((found) =>
      (found.dialect.system ?? []).flatMap((source) => this.#ofSource(found.dialect, source, found.when)),
    );
  }

  #ofRule({ dialect, when }: Recognised, rule: Rule): Candidate[] {
    const isPossible = rule.override === true || rule.sources.some((source) => this.#mayHave(source));
    if (!isPossible) return [];
    const verdict = both([when ?? true, judge(rule.when, this.#shape)]);
    if (verdict === false) return [];
    const test = testOf(verdict);
    const candidates = rule.sources.flatMap((source) => this.#ofSource(dialect, source, test));
    if (rule.override === true) candidates.push(endOf(dialect, rule, test));
    return candidates;
  }

  #ofSource(dialect: Dialect, source: Source, when: Test | undefined): Candidate[] {
    const locate = locatorOf(source, this.#shape, this.#readers);
    if (locate === undefined) return [];
    const pairs = pairsOf(source, this.#shape, this.#readers.symbols);
    const canonicaliser = this.#canonicaliserOf(source);
    return [{ dialect, source, when, locate, pairs, unit: unitOf(source), canonicaliser, ends: false }];
  }

  /** Most rules end here: the shape has none of their attributes. */
  #mayHave(source: Source): boolean {
    if (typeof source === "string") return this.#shape.symbolOf(source) >= 0;
    return "attribute" in source && !("event" in source) ? this.#shape.symbolOf(source.attribute) >= 0 : true;
  }

  #canonicaliserOf(source: Source): Canonicaliser | undefined {
    if (typeof source === "string" || !("values" in source) || source.values === undefined) return undefined;
    let canonicaliser = this.#canonicalisers.get(source);
    if (canonicaliser === undefined) {
      canonicaliser = new Canonicaliser(byTable(source.values));
      this.#canonicalisers.set(source, canonicaliser);
    }
    return canonicaliser;
  }
}

const grouped = new WeakMap<Dialect, ReadonlyMap<Target, readonly Rule[]>>();

function rulesByTarget(dialect: Dialect): ReadonlyMap<Target, readonly Rule[]> {
  let rules = grouped.get(dialect);
  if (rules === undefined) {
    rules = new Map(
      [...new Set(dialect.rules.map(({ target }) => target))].map((target) => [
        target,
        dialect.rules.filter((rule) => rule.target === target),
      ]),
    );
    grouped.set(dialect, rules);
  }
  return rules;
}

export function testOf(verdict: Verdict): Test | undefined {
  return typeof verdict === "function" ? verdict : undefined;
}

function endOf(dialect: Dialect, { sources }: Rule, when: Test | undefined): Candidate {
  const nothingThere = { locate: () => false, pairs: undefined, unit: undefined, canonicaliser: undefined };
  return { dialect, source: sources[0]!, when, ...nothingThere, ends: true };
}

function unitOf(source: Source): ValueHints["unit"] {
  if (typeof source === "string") return undefined;
  if ("event" in source) return source.attribute === undefined ? "ns" : undefined;
  return "unit" in source ? source.unit : undefined;
}

/** What a source says of a kind by its mere presence comes after what attributes say in words. */
function hintsLast(target: Target, candidates: readonly Candidate[]): readonly Candidate[] {
  if (target !== "OperationKind") return candidates;
  const end = candidates.findIndex(({ ends }) => ends);
  const sortable = end < 0 ? candidates : candidates.slice(0, end);
  const rest = end < 0 ? [] : candidates.slice(end);
  return [...sortable.filter((one) => !isHint(one)), ...sortable.filter(isHint), ...rest];
}

function isHint({ source }: Candidate): boolean {
  return typeof source === "object" && ("constant" in source || "spanName" in source || "scope" in source);
}

/** Leaves out attributes that a candidate further up takes from the same place on the same terms. */
function withoutRepetition(candidates: readonly Candidate[]): readonly Candidate[] {
  const taken = new Set<string>();
  return candidates.filter(({ source, when, ends }) => {
    if (typeof source !== "string" || ends) return true;
    if (taken.has(source)) return false;
    if (when === undefined) taken.add(source);
    return true;
  });
}

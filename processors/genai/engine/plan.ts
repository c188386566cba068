import { type Dialect, type Rule, type Source, type Target, targets, type UsageConvention } from "../dialect.ts";
import { byTable, Canonicaliser } from "../fill/canonicaliser.ts";
import type { ValueHints } from "../fill/filler.ts";
import { plainKinds } from "../general.ts";
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
}

/** The candidates for one column, in the order of precedence. */
export interface Step {
  readonly target: Target;
  readonly candidates: readonly Candidate[];
}

export interface Convention {
  readonly dialect: Dialect;
  readonly when: Test | undefined;
  readonly usage: UsageConvention;
}

/** What to do with the spans of one shape. */
export interface Plan {
  /** Recognised dialects, in the order of precedence; those that apply to every span are not among them. */
  readonly dialects: readonly { readonly dialect: Dialect; readonly when: Test | undefined }[];
  readonly steps: readonly Step[];
  readonly system: readonly Candidate[];
  /** Those of dialects that were recognised by their scope come first. */
  readonly conventions: readonly Convention[];
  readonly pending: Verdict;
  readonly repeatsUsage: Verdict;
  /** The kind of spans whose kind nothing else says. */
  readonly fallbackKind: "generic" | "http" | "database" | undefined;
}

interface Recognised {
  readonly dialect: Dialect;
  readonly when: Test | undefined;
  readonly byScope: boolean;
  readonly isNamed: boolean;
}

/** Canonicalisers of sources with `values`, made once for all plans. */
export type Canonicalisers = Map<Source, Canonicaliser>;

/** Decides what to do with spans of `shape`. */
export function planFor(
  shape: Shape,
  dialects: readonly Dialect[],
  readers: Readers,
  canonicalisers: Canonicalisers,
): Plan {
  const recognised = dialects.map((dialect) => recognise(dialect, shape)).filter((found) => found !== undefined);
  const named = recognised.filter(({ isNamed }) => isNamed);
  const candidatesOf = (found: Recognised, rule: Pick<Rule, "sources" | "when">, target?: Target): Candidate[] =>
    compile(found, rule, target, shape, readers, canonicalisers);
  const steps = targets.map((target) => ({
    target,
    candidates: inOrder(
      target,
      recognised.flatMap((found) =>
        found.dialect.rules
          .filter((rule) => rule.target === target)
          .flatMap((rule) => candidatesOf(found, rule, target)),
      ),
    ),
  }));
  const has = (keys: readonly string[]): boolean => keys.some((key) => shape.symbolOf(key) >= 0);
  return {
    dialects: named,
    steps: steps.filter(({ candidates }) => candidates.length > 0),
    system: recognised.flatMap((found) => candidatesOf(found, { sources: found.dialect.system ?? [] })),
    conventions: [...named.filter(({ byScope }) => byScope), ...named.filter(({ byScope }) => !byScope)].flatMap(
      (found) => conventionsOf(found, shape),
    ),
    pending: anyOf(recognised, shape, "pending"),
    repeatsUsage: anyOf(recognised, shape, "repeatsUsage"),
    fallbackKind: has(plainKinds.http)
      ? "http"
      : has(plainKinds.database)
        ? "database"
        : named.length > 0
          ? "generic"
          : undefined,
  };
}

function recognise(dialect: Dialect, shape: Shape): Recognised | undefined {
  const { scopes = [], keys = [], when } = dialect.recognise;
  const isNamed = scopes.length + keys.length > 0;
  const byScope = scopes.some((scope) => shape.matchesScope(scope));
  const byKey = (): boolean => keys.some((key) => judge({ attribute: key }, shape) === true);
  if (isNamed && !byScope && !byKey()) return undefined;
  const verdict = judge(when, shape);
  return verdict === false ? undefined : { dialect, when: testOf(verdict), byScope, isNamed };
}

function testOf(verdict: Verdict): Test | undefined {
  return typeof verdict === "function" ? verdict : undefined;
}

function compile(
  { dialect, when: recognisedWhen }: Recognised,
  rule: Pick<Rule, "sources" | "when">,
  target: Target | undefined,
  shape: Shape,
  readers: Readers,
  canonicalisers: Canonicalisers,
): Candidate[] {
  const verdict = both([recognisedWhen ?? true, judge(rule.when, shape)]);
  if (verdict === false) return [];
  const found: Candidate[] = [];
  for (const source of rule.sources) {
    const pairs = target === "Tags" ? pairsOf(source, shape, readers.symbols) : undefined;
    const locate = locatorOf(source, shape, readers);
    if (locate === undefined) continue;
    const canonicaliser = canonicaliserOf(source, canonicalisers);
    found.push({ dialect, source, when: testOf(verdict), locate, pairs, unit: unitOf(source), canonicaliser });
  }
  return found;
}

function canonicaliserOf(source: Source, known: Canonicalisers): Canonicaliser | undefined {
  if (typeof source === "string" || !("values" in source) || source.values === undefined) return undefined;
  let canonicaliser = known.get(source);
  if (canonicaliser === undefined) {
    canonicaliser = new Canonicaliser(byTable(source.values));
    known.set(source, canonicaliser);
  }
  return canonicaliser;
}

function unitOf(source: Source): ValueHints["unit"] {
  if (typeof source === "string") return undefined;
  if ("event" in source) return source.attribute === undefined ? "ns" : undefined;
  return "unit" in source ? source.unit : undefined;
}

/** What a source says of a kind by its mere presence comes after what attributes say in words. */
function inOrder(target: Target, candidates: readonly Candidate[]): readonly Candidate[] {
  if (target !== "OperationKind") return candidates;
  return [...candidates.filter(({ source }) => !isHint(source)), ...candidates.filter(({ source }) => isHint(source))];
}

function isHint(source: Source): boolean {
  return typeof source === "object" && ("constant" in source || "spanName" in source || "scope" in source);
}

function conventionsOf({ dialect, when }: Recognised, shape: Shape): Convention[] {
  return (dialect.usage ?? []).flatMap((usage) => {
    const verdict = both([when ?? true, judge(usage.when, shape)]);
    return verdict === false ? [] : [{ dialect, usage, when: testOf(verdict) }];
  });
}

function anyOf(recognised: readonly Recognised[], shape: Shape, name: "pending" | "repeatsUsage"): Verdict {
  const verdicts = recognised.map(({ dialect, when }) =>
    dialect[name] === undefined ? false : both([when ?? true, judge(dialect[name], shape)]),
  );
  if (verdicts.includes(true)) return true;
  const tests = verdicts.filter((verdict) => typeof verdict === "function");
  return tests.length === 0 ? false : (facts) => tests.some((test) => test(facts));
}

import { type Dialect, type Source, type Target, targets, type UsageConvention } from "../dialect.ts";
import type { Canonicaliser } from "../fill/canonicaliser.ts";
import { plainKinds } from "../general.ts";
import { usageIndexOf } from "../usage.ts";
import { type Candidate, CandidateCompiler, type Recognised, testOf } from "./candidate.ts";
import { both, judge, type Shape, type Test, type Verdict } from "./condition.ts";
import type { Readers } from "./locate.ts";

/** The candidates for one column, in the order of precedence. */
export interface Step {
  readonly target: Target;
  /** Place among `targets`. */
  readonly targetIndex: number;
  /** Place among the columns of usage, or -1. */
  readonly usageIndex: number;
  readonly candidates: readonly Candidate[];
}

/** Which step of a plan fills the columns that others follow from; -1: none does. */
export interface StepIndexes {
  readonly kind: number;
  readonly inputTokens: number;
  readonly input: number;
  readonly output: number;
  readonly toolCalls: number;
  readonly finishReasons: number;
  readonly errorMessage: number;
  /** Steps whose column tells that the span is a tool's, a model's or an agent's. */
  readonly toolSigns: readonly number[];
  readonly modelSigns: readonly number[];
  readonly agentSigns: readonly number[];
}

export interface Convention {
  readonly dialect: Dialect;
  readonly when: Test | undefined;
  readonly usage: UsageConvention;
}

/** What to do with the spans of one shape. */
export interface Plan {
  /** Recognised dialects, in the order of precedence; those that apply to every span are not among them. */
  readonly dialects: readonly Recognised[];
  readonly steps: readonly Step[];
  readonly stepOf: StepIndexes;
  readonly system: readonly Candidate[];
  /** Those of dialects that were recognised by their scope come first. */
  readonly conventions: readonly Convention[];
  readonly pending: Verdict;
  readonly repeatsUsage: Verdict;
  /** The kind of spans whose kind nothing else says. */
  readonly fallbackKind: "generic" | "http" | "database" | undefined;
}

/** Decides what to do with spans of `shape`. */
export function planFor(
  shape: Shape,
  dialects: readonly Dialect[],
  readers: Readers,
  canonicalisers: Map<Source, Canonicaliser>,
): Plan {
  const recognised = dialects.map((dialect) => recognise(dialect, shape)).filter((found) => found !== undefined);
  const named = recognised.filter(({ isNamed }) => isNamed);
  const compiler = new CandidateCompiler(shape, readers, canonicalisers);
  const steps = targets
    .map((target, targetIndex) => ({
      target,
      targetIndex,
      usageIndex: usageIndexOf(target),
      candidates: compiler.forTarget(target, recognised),
    }))
    .filter(({ candidates }) => candidates.length > 0);
  const byScopeFirst = [...named.filter(({ byScope }) => byScope), ...named.filter(({ byScope }) => !byScope)];
  return {
    dialects: named,
    steps,
    stepOf: indexesOf(steps),
    system: compiler.forSystem(recognised),
    conventions: byScopeFirst.flatMap((found) => conventionsOf(found, shape)),
    pending: verdictOf(recognised, shape, "pending"),
    repeatsUsage: verdictOf(recognised, shape, "repeatsUsage"),
    fallbackKind: plainKindOf(shape) ?? (named.length > 0 ? "generic" : undefined),
  };
}

function indexesOf(steps: readonly Step[]): StepIndexes {
  const at = (wanted: Target): number => steps.findIndex(({ target }) => target === wanted);
  const allOf = (...wanted: Target[]): number[] => wanted.map(at).filter((index) => index >= 0);
  return {
    kind: at("OperationKind"),
    inputTokens: at("InputTokens"),
    input: at("Input"),
    output: at("Output"),
    toolCalls: at("ToolCalls"),
    finishReasons: at("FinishReasons"),
    errorMessage: at("ErrorMessage"),
    toolSigns: allOf("ToolName", "ToolCallId"),
    modelSigns: allOf("RequestModel", "ResponseModel"),
    agentSigns: allOf("AgentName", "AgentId"),
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

function plainKindOf(shape: Shape): "http" | "database" | undefined {
  const has = (keys: readonly string[]): boolean => keys.some((key) => shape.symbolOf(key) >= 0);
  if (has(plainKinds.http)) return "http";
  return has(plainKinds.database) ? "database" : undefined;
}

function conventionsOf({ dialect, when }: Recognised, shape: Shape): Convention[] {
  return (dialect.usage ?? []).flatMap((usage) => {
    const verdict = both([when ?? true, judge(usage.when, shape)]);
    return verdict === false ? [] : [{ dialect, usage, when: testOf(verdict) }];
  });
}

/** Whether the condition of any of the dialects holds. */
function verdictOf(recognised: readonly Recognised[], shape: Shape, name: "pending" | "repeatsUsage"): Verdict {
  const verdicts = recognised.map(({ dialect, when }) =>
    dialect[name] === undefined ? false : both([when ?? true, judge(dialect[name], shape)]),
  );
  if (verdicts.includes(true)) return true;
  const tests = verdicts.filter((verdict) => typeof verdict === "function");
  return tests.length === 0 ? false : (facts) => tests.some((test) => test(facts));
}

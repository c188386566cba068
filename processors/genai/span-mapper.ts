import type { NumberColumn } from "../../pipeline/span-batch/derived.ts";
import { completeSpan } from "./completion.ts";
import { type Dialect, type Target, targets } from "./dialect.ts";
import type { Candidate } from "./engine/candidate.ts";
import type { Plan, Step } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import type { Filler } from "./fill/filler.ts";
import type { PlainTarget } from "./fill/fillers.ts";
import { TagCollector } from "./fill/tags.ts";
import type { MessageReader } from "./message-reader.ts";
import { sourceText } from "./source-text.ts";
import { normalise, type Usage } from "./usage.ts";

/** Columns that stay empty on spans that repeat what others used. */
export const usageTargets = [
  "InputTokens",
  "OutputTokens",
  "CacheReadTokens",
  "CacheWriteTokens",
  "ReasoningTokens",
  "InputAudioTokens",
  "OutputAudioTokens",
  "TotalTokens",
  "Cost",
  "InputCost",
  "OutputCost",
] as const satisfies readonly Target[];
const usageSet: ReadonlySet<Target> = new Set(usageTargets);

/** Counts that are weighed against each other, and their names in `Usage`. */
const weighed = [
  ["InputTokens", "input"],
  ["OutputTokens", "output"],
  ["CacheReadTokens", "cacheRead"],
  ["CacheWriteTokens", "cacheWrite"],
  ["ReasoningTokens", "reasoning"],
  ["TotalTokens", "total"],
] as const satisfies readonly (readonly [Target, keyof Usage])[];

const targetNumbers = new Map(targets.map((target, index) => [target, index]));

/** What filled the columns of one span. Of the span mapped last: the next one overwrites it. */
export class SpanOutcome {
  hasUsage = false;
  refusedValues = 0;
  /** Sources that gave tags. */
  readonly tagSources: Candidate[] = [];
  readonly #winners: (Candidate | undefined)[] = targets.map(() => undefined);
  readonly #isCut = new Uint8Array(targets.length);

  clear(): void {
    this.hasUsage = false;
    this.refusedValues = 0;
    this.tagSources.length = 0;
    this.#winners.fill(undefined);
  }

  set(target: Target, winner: Candidate, isCut: boolean): void {
    const index = targetNumbers.get(target)!;
    this.#winners[index] = winner;
    this.#isCut[index] = isCut ? 1 : 0;
    if (usageSet.has(target)) this.hasUsage = true;
  }

  winnerOf(target: Target): Candidate | undefined {
    return this.#winners[targetNumbers.get(target)!];
  }

  /** Whether the column holds less than was sent. */
  isCut(target: Target): boolean {
    return this.#isCut[targetNumbers.get(target)!] === 1;
  }
}

/** Fills the columns of one span at a time. */
export class SpanMapper {
  readonly outcome = new SpanOutcome();
  readonly #fillers: Readonly<Record<PlainTarget, Filler>>;
  readonly #messages: MessageReader;
  readonly #tags = new TagCollector();
  readonly #usage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };

  constructor(fillers: Readonly<Record<PlainTarget, Filler>>, messages: MessageReader) {
    this.#fillers = fillers;
    this.#messages = messages;
  }

  /** Maps the span that `facts` stands on, and leaves in `outcome` what filled its columns. */
  map(facts: SpanFacts, plan: Plan): void {
    const { outcome } = this;
    outcome.clear();
    for (const step of plan.steps) {
      if (step.target === "Tags") this.#collectTags(facts, step.candidates);
      else this.#fill(facts, step, step.target);
    }
    if (outcome.hasUsage) this.#normaliseUsage(facts, plan, outcome.winnerOf("InputTokens")?.dialect);
    completeSpan(facts, plan, this.#messages);
  }

  /** Fills one column from the first candidate that gives a value. */
  #fill(facts: SpanFacts, { candidates }: Step, target: PlainTarget): void {
    const filler = this.#fillers[target];
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) return;
      facts.problem = "";
      const isValue = candidate.locate(facts) && filler.convert(facts, candidate);
      const { problem } = facts;
      if (problem !== "") this.#warn(facts, candidate, target);
      if (!isValue) continue;
      filler.store(facts);
      this.outcome.set(target, candidate, problem !== "");
      return;
    }
  }

  #warn({ batch, row, problem }: SpanFacts, { dialect, source }: Candidate, target: Target): void {
    const warnings = batch.deriveColumn("Warnings");
    const warning = `genai: ${target}: ${sourceText(source)} (${dialect.name}) ${problem}`;
    warnings.set(row, [...(warnings.get(row) ?? []), warning]);
    this.outcome.refusedValues++;
  }

  #collectTags(facts: SpanFacts, candidates: readonly Candidate[]): void {
    const tags = this.#tags;
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) break;
      const before = tags.size;
      if (candidate.pairs !== undefined) candidate.pairs(facts, (name) => tags.addNamed(facts, name));
      else if (candidate.locate(facts)) tags.addFound(facts);
      if (tags.size > before) this.outcome.tagSources.push(candidate);
    }
    if (tags.size > 0) facts.batch.deriveColumn("Tags").set(facts.row, tags.take());
  }

  /** Makes the counts what the columns promise, by the convention of the dialect that `by` the input tokens came. */
  #normaliseUsage(facts: SpanFacts, plan: Plan, by: Dialect | undefined): void {
    const { batch, row } = facts;
    const usage = this.#usage;
    for (const [target, name] of weighed) {
      const isSent = this.outcome.winnerOf(target) !== undefined;
      usage[name] = isSent ? (batch.deriveColumn(target) as NumberColumn).values[row]! : Number.NaN;
    }
    const held = plan.conventions.filter(({ when }) => when === undefined || when(facts));
    normalise(usage, (held.find(({ dialect }) => dialect === by) ?? held[0])?.usage);
    for (const [target, name] of weighed) {
      if (!Number.isNaN(usage[name])) (batch.deriveColumn(target) as NumberColumn).set(row, usage[name]);
    }
  }
}

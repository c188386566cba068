import { refusedValueOf } from "../helper/refused-value.ts";
import { ColumnCache } from "./column-cache.ts";
import { SpanCompleter } from "./completion.ts";
import { type Dialect, type Target, targets } from "./dialect.ts";
import type { Candidate } from "./engine/candidate.ts";
import type { Plan, Step } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import type { Filler } from "./fill/filler.ts";
import type { Fillers, PlainTarget } from "./fill/fillers.ts";
import { TagCollector } from "./fill/tags.ts";
import type { MessageReader } from "./message-reader.ts";
import { sourceText } from "./source-text.ts";
import { SpanOutcome } from "./span-outcome.ts";
import { normalise, usageTargets } from "./usage.ts";

/** Fills the columns of one span at a time. */
export class SpanMapper {
  readonly outcome = new SpanOutcome();
  readonly #usageFillers: Fillers["usage"];
  /** By place of the target among `targets`; undefined for those that are not filled one by one. */
  readonly #plainFillers: readonly (Filler | undefined)[];
  readonly #completer: SpanCompleter;
  readonly #tags = new TagCollector();
  readonly #usage = new Float64Array(usageTargets.length);
  readonly #usageColumns = usageTargets.map((target) => new ColumnCache(target));

  constructor(fillers: Fillers, messages: MessageReader) {
    this.#usageFillers = fillers.usage;
    this.#plainFillers = targets.map((target) => fillers.plain[target as PlainTarget]);
    this.#completer = new SpanCompleter(messages);
  }

  /**
   * Maps the span that `facts` stands on, and leaves in `outcome` what filled its columns.
   *
   * @param given columns that are filled already
   */
  map(facts: SpanFacts, plan: Plan, given: ReadonlySet<Target>): void {
    const { outcome } = this;
    const { steps } = plan;
    outcome.clear();
    outcome.given = given;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      outcome.winners[index] = undefined;
      if (given.size > 0 && given.has(step.target)) continue;
      if (step.usageIndex >= 0) this.#readUsage(facts, step, index);
      else {
        const filler = this.#plainFillers[step.targetIndex];
        if (filler === undefined) outcome.tagSources = this.#tags.gather(facts, step.candidates);
        else if (this.#find(facts, step, index, filler)) filler.store(facts);
      }
    }
    if (outcome.hasUsage) this.#storeUsage(facts, plan);
    this.#completer.complete(facts, plan, outcome);
  }

  /** Converts the first candidate that is a value; says whether there is one. */
  #find(facts: SpanFacts, { target, candidates }: Step, index: number, filler: Filler): boolean {
    for (const candidate of candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      if (candidate.ends) return false;
      facts.problem = "";
      const isValue = candidate.locate(facts) && filler.convert(facts, candidate);
      const isFaulty = facts.problem !== "";
      if (isFaulty) this.#warn(facts, candidate, target);
      if (!isValue) continue;
      this.outcome.winners[index] = candidate;
      this.outcome.isCut[index] = isFaulty;
      return true;
    }
    return false;
  }

  #readUsage(facts: SpanFacts, step: Step, index: number): void {
    const reader = this.#usageFillers[step.usageIndex]!;
    if (!this.#find(facts, step, index, reader)) return;
    if (!this.outcome.hasUsage) this.#usage.fill(Number.NaN);
    this.outcome.hasUsage = true;
    this.#usage[step.usageIndex] = reader.value;
  }

  /** Makes the counts what the columns promise, and stores them. */
  #storeUsage(facts: SpanFacts, plan: Plan): void {
    const usage = this.#usage;
    const { inputTokens } = plan.stepOf;
    const by = inputTokens < 0 ? undefined : this.outcome.winners[inputTokens]?.dialect;
    normalise(usage, conventionOf(facts, plan, by));
    for (let index = 0; index < usage.length; index++) {
      const value = usage[index]!;
      if (!Number.isNaN(value)) this.#usageColumns[index]!.of(facts).set(facts.row, value);
    }
  }

  #warn({ batch, row, problem }: SpanFacts, { dialect, source }: Candidate, target: Target): void {
    const warnings = batch.deriveColumn("Warnings");
    const warning = `${refusedValueOf(target)}${sourceText(source)} (${dialect.name}) ${problem}`;
    warnings.set(row, [...(warnings.get(row) ?? []), warning]);
    this.outcome.refusedValues++;
  }
}

/**
 * How the emitter counts: what the dialect says whose rule gave the input tokens, else the one that the scope is of, else
 * any that was recognised.
 */
function conventionOf(facts: SpanFacts, { conventions }: Plan, by: Dialect | undefined) {
  let first: (typeof conventions)[number] | undefined;
  for (const convention of conventions) {
    if (convention.when !== undefined && !convention.when(facts)) continue;
    if (convention.dialect === by) return convention.usage;
    first ??= convention;
  }
  return first?.usage;
}

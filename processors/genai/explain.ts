import { SpanCursor } from "../../pipeline/span-batch/cursor.ts";
import { type DerivedName, type DerivedValue, derivedColumns } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { GenaiConfig } from "./config.ts";
import { createMapper, fillerOptionsOf, messagesOf } from "./create-mapper.ts";
import type { Candidate } from "./engine/candidate.ts";
import type { Plan, Step } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import { createFillers, type Fillers, type PlainTarget } from "./fill/fillers.ts";
import type { MappingObserver } from "./mapper.ts";
import { sourceText } from "./source-text.ts";
import type { SpanOutcome } from "./span-outcome.ts";
import { usageIndexOf, usageTargets } from "./usage.ts";

/** A rule that might have filled a column, and why it did not. */
export interface Loser {
  readonly dialect: string;
  readonly source: string;
  /** `came later`, `condition does not hold`, or what is wrong with the value. */
  readonly why: string;
}

/** One column of a span, and what filled it. */
export interface ExplainedField {
  readonly name: DerivedName;
  /** Left out where the column stayed empty: nobody won, or the usage repeats that of other spans. */
  readonly value?: unknown;
  /** Left out where the value follows from other columns. */
  readonly rule?: { readonly dialect: string; readonly source: string };
  readonly note?: string;
  readonly losers: readonly Loser[];
}

export interface ExplainedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Recognised dialects, in the order of precedence. */
  readonly dialects: readonly string[];
  /** The span is the preliminary copy of one that will come. */
  readonly isPending: boolean;
  readonly fields: readonly ExplainedField[];
}

type Draft = { name: DerivedName; rule?: ExplainedField["rule"]; losers: readonly Loser[] };

/** Watches the mapper, and asks the rules that it did not get to. */
class Explainer implements MappingObserver {
  readonly dialects = new Map<number, readonly string[]>();
  readonly drafts = new Map<number, readonly Draft[]>();
  repeating: ReadonlySet<number> = new Set();
  readonly #fillers: Fillers;

  /** @param fillers others than the mapper's, whose values are still wanted */
  constructor(fillers: Fillers) {
    this.#fillers = fillers;
  }

  mapped(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    const held = plan.dialects.filter(({ when }) => when === undefined || when(facts));
    this.dialects.set(
      facts.row,
      held.map(({ dialect }) => dialect.name),
    );
    const drafts = plan.steps.map((step, index) =>
      step.target === "Tags" ? tagDraft(outcome.tagSources) : this.#draft(facts, step, outcome.winners[index]),
    );
    this.drafts.set(facts.row, drafts);
  }

  settled(_batch: SpanBatch, repeating: readonly number[]): void {
    this.repeating = new Set(repeating);
  }

  #draft(facts: SpanFacts, { target, candidates }: Step, winner: Candidate | undefined): Draft {
    const losers = candidates.flatMap((candidate) => {
      const why = candidate === winner ? undefined : this.#whyNot(facts, target as PlainTarget, candidate);
      return why === undefined ? [] : [{ ...named(candidate), why }];
    });
    return { name: target, losers, ...(winner === undefined ? {} : { rule: named(winner) }) };
  }

  /** Undefined where the span has nothing at that place. */
  #whyNot(facts: SpanFacts, target: PlainTarget, candidate: Candidate): string | undefined {
    if (candidate.ends) return undefined;
    const filler = this.#fillers.usage[usageIndexOf(target)] ?? this.#fillers.plain[target];
    facts.problem = "";
    const isThere = candidate.locate(facts);
    if (!isThere) return facts.problem === "" ? undefined : facts.problem;
    if (!filler.convert(facts, candidate)) return facts.problem === "" ? "says nothing" : facts.problem;
    const value = shortened(filler.describe(facts));
    const holds = candidate.when === undefined || candidate.when(facts);
    return `${holds ? "came later" : "condition does not hold"}: ${value}`;
  }
}

function named({ dialect, source }: Candidate): { dialect: string; source: string } {
  return { dialect: dialect.name, source: sourceText(source) };
}

function tagDraft(sources: readonly Candidate[]): Draft {
  if (sources.length === 0) return { name: "Tags", losers: [] };
  const [dialects, texts] = [
    sources.map(({ dialect }) => dialect.name),
    sources.map(({ source }) => sourceText(source)),
  ];
  return { name: "Tags", losers: [], rule: { dialect: [...new Set(dialects)].join(", "), source: texts.join(", ") } };
}

const maxShown = 60;

/** A value in one line, for people. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > maxShown ? `${line.slice(0, maxShown)}... (${text.length} characters)` : line;
}

/** Maps `batch`, and says of every column what filled it. Spans that no rule looks at have no fields. */
export function explainBatch(batch: SpanBatch, config: GenaiConfig): readonly ExplainedSpan[] {
  const explainer = new Explainer(createFillers(fillerOptionsOf(config), messagesOf(config)));
  const silent = { mapped: () => {}, pendingDropped: () => {}, refused: () => {} };
  createMapper(config, silent, [explainer]).map(batch);
  const spans: ExplainedSpan[] = [];
  const cursor = new SpanCursor(batch);
  for (let row = 0; row < batch.length; row++) {
    cursor.row = row;
    spans.push({
      traceId: cursor.traceId,
      spanId: cursor.spanId,
      name: cursor.name,
      dialects: explainer.dialects.get(row) ?? [],
      isPending: batch.isDropped(row),
      fields: fieldsOf(batch, row, explainer),
    });
  }
  return spans;
}

function fieldsOf(batch: SpanBatch, row: number, explainer: Explainer): readonly ExplainedField[] {
  const drafts = new Map((explainer.drafts.get(row) ?? []).map((draft) => [draft.name, draft]));
  return (Object.keys(derivedColumns) as DerivedName[]).flatMap((name) => {
    const value = plainValue(batch.getDerived(name, row));
    const { rule, losers = [] } = drafts.get(name) ?? {};
    if (value === undefined && rule === undefined && losers.length === 0) return [];
    const isRepeated = explainer.repeating.has(row) && (usageTargets as readonly string[]).includes(name);
    const note = isRepeated
      ? "left out: it repeats the usage of other spans"
      : value === undefined
        ? "no value"
        : undefined;
    const field = { name, losers, ...(rule === undefined ? {} : { rule }), ...(note === undefined ? {} : { note }) };
    return [value === undefined ? field : { ...field, value }];
  });
}

function plainValue(value: DerivedValue<DerivedName> | undefined): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

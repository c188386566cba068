import type { NumberColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Dialect, Target } from "./dialect.ts";
import type { Candidate, Plan, Step } from "./engine/plan.ts";
import { Planner, type PlannerOptions } from "./engine/planner.ts";
import { SpanFacts } from "./engine/span-facts.ts";
import type { Filler } from "./fill/filler.ts";
import { createFillers, type FillerOptions, type PlainTarget } from "./fill/fillers.ts";
import { TagCollector } from "./fill/tags.ts";
import { exceptions, general } from "./general.ts";
import type { ArenaRange, MessageReader } from "./message-reader.ts";
import { UsageRepeats } from "./repeats/usage-repeats.ts";
import { normalise, type Usage } from "./usage.ts";

export interface MapperOptions extends FillerOptions, PlannerOptions {
  /** Rules of the configuration, tried first. */
  readonly mappings: Dialect | undefined;
  /** In the order of precedence. */
  readonly dialects: readonly Dialect[];
  readonly dropPending: boolean;
  readonly rememberSpans: number;
}

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

const weighed = {
  InputTokens: "input",
  OutputTokens: "output",
  CacheReadTokens: "cacheRead",
  CacheWriteTokens: "cacheWrite",
  ReasoningTokens: "reasoning",
  TotalTokens: "total",
} as const satisfies Partial<Record<Target, keyof Usage>>;

/** Told what the mapper does; for metrics. */
export interface MapperEvents {
  mapped(dialect: string, spans: number): void;
  pendingDropped(spans: number): void;
  refused(values: number): void;
}

/** Fills the canonical columns of batches from attributes of any dialect. */
export class Mapper {
  readonly #planner: Planner;
  readonly #fillers: Readonly<Record<PlainTarget, Filler>>;
  readonly #messages: MessageReader;
  readonly #events: MapperEvents;
  readonly #dropPending: boolean;
  readonly #repeats: UsageRepeats;
  readonly #facts = new SpanFacts();
  readonly #tags = new TagCollector();
  readonly #counts = new Map<string, number>();
  #refused = 0;

  constructor(options: MapperOptions, messages: MessageReader, events: MapperEvents) {
    const { mappings, dialects } = options;
    const ordered = [...(mappings === undefined ? [] : [mappings]), exceptions, ...dialects, general];
    this.#planner = new Planner(ordered, messages, options);
    this.#fillers = createFillers(options, messages);
    this.#messages = messages;
    this.#events = events;
    this.#dropPending = options.dropPending;
    this.#repeats = new UsageRepeats(options.rememberSpans);
  }

  /** Maps the spans of `batch` that are not dropped. */
  map(batch: SpanBatch): void {
    const facts = this.#facts;
    let pending = 0;
    this.#repeats.begin(batch);
    if (this.#planner.begin(batch, facts)) {
      for (let row = 0; row < batch.length; row++) {
        if (batch.isDropped(row)) continue;
        const plan = this.#planner.planOf(facts, row);
        if (plan === undefined) continue;
        if (this.#dropPending && holds(plan.pending, facts)) {
          batch.drop(row);
          pending++;
        } else this.#mapSpan(plan);
      }
    }
    for (const row of this.#repeats.settle(batch)) {
      for (const target of usageTargets) batch.derivedColumn(target)?.unset(row);
    }
    facts.end();
    this.#report(pending);
  }

  #mapSpan(plan: Plan): void {
    const facts = this.#facts;
    let hasUsage = false;
    let usageDialect: Dialect | undefined;
    for (const step of plan.steps) {
      if (step.target === "Tags") {
        this.#collectTags(step.candidates);
        continue;
      }
      const winner = this.#fill(step, step.target);
      if (winner === undefined || !isUsage(step.target)) continue;
      hasUsage = true;
      if (step.target === "InputTokens") usageDialect = winner.dialect;
    }
    if (hasUsage) this.#normaliseUsage(plan, usageDialect);
    this.#complete(plan);
    if (!hasUsage && plan.dialects.length === 0) return;
    const isTool = facts.batch.getDerived("OperationKind", facts.row) === "tool";
    this.#repeats.add(facts.row, hasUsage, hasUsage && holds(plan.repeatsUsage, facts), isTool);
  }

  /** Fills one column from the first candidate that gives a value. */
  #fill(step: Step, target: PlainTarget): Candidate | undefined {
    const facts = this.#facts;
    const filler = this.#fillers[target];
    for (const candidate of step.candidates) {
      if (candidate.when !== undefined && !candidate.when(facts)) continue;
      facts.problem = "";
      const isValue = candidate.locate(facts) && filler.convert(facts, candidate);
      if (facts.problem !== "") this.#warn(candidate, target);
      if (!isValue) continue;
      filler.store(facts);
      return candidate;
    }
    return undefined;
  }

  #warn({ dialect, source }: Candidate, target: Target): void {
    const { batch, row, problem } = this.#facts;
    const warnings = batch.deriveColumn("Warnings");
    const warning = `genai: ${target}: ${sourceText(source)} (${dialect.name}) ${problem}`;
    warnings.set(row, [...(warnings.get(row) ?? []), warning]);
    this.#refused++;
  }

  #collectTags(candidates: readonly Candidate[]): void {
    const facts = this.#facts;
    for (const { when, locate, pairs } of candidates) {
      if (when !== undefined && !when(facts)) continue;
      if (pairs !== undefined) pairs(facts, (name) => this.#tags.addNamed(facts, name));
      else if (locate(facts)) this.#tags.addFound(facts);
    }
    if (this.#tags.size > 0) facts.batch.deriveColumn("Tags").set(facts.row, this.#tags.take());
  }

  #normaliseUsage(plan: Plan, by: Dialect | undefined): void {
    const { batch, row } = this.#facts;
    const usage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };
    for (const [target, name] of Object.entries(weighed) as [keyof typeof weighed, keyof Usage][]) {
      usage[name] = batch.derivedColumn(target)?.get(row) ?? Number.NaN;
    }
    const held = plan.conventions.filter(({ when }) => when === undefined || when(this.#facts));
    normalise(usage, (held.find(({ dialect }) => dialect === by) ?? held[0])?.usage);
    for (const [target, name] of Object.entries(weighed) as [keyof typeof weighed, keyof Usage][]) {
      if (!Number.isNaN(usage[name])) (batch.deriveColumn(target) as NumberColumn).set(row, usage[name]);
    }
  }

  /** Fills what follows from other columns. */
  #complete(plan: Plan): void {
    const facts = this.#facts;
    const { batch, row } = facts;
    const dialect = plan.dialects.find(({ when }) => when === undefined || when(facts))?.dialect.name;
    if (dialect !== undefined) {
      batch.setDerived("Dialect", row, dialect);
      this.#counts.set(dialect, (this.#counts.get(dialect) ?? 0) + 1);
    }
    const has = (target: Target): boolean => batch.getDerived(target, row) !== undefined;
    if (!has("OperationKind")) {
      const kind =
        has("ToolName") || has("ToolCallId")
          ? "tool"
          : has("RequestModel") || has("ResponseModel")
            ? "llm"
            : has("AgentName") || has("AgentId")
              ? "agent"
              : plan.fallbackKind;
      if (kind !== undefined) batch.setDerived("OperationKind", row, kind);
    }
    this.#addSystem(plan.system);
    this.#completeOutput();
    if (batch.statusCode[row] === 2 && !has("ErrorMessage")) this.#statusAsError();
  }

  #addSystem(candidates: readonly Candidate[]): void {
    const facts = this.#facts;
    for (const { when, locate } of candidates) {
      if ((when !== undefined && !when(facts)) || !locate(facts)) continue;
      const system = { start: facts.word0, length: facts.word1 };
      const input = facts.batch.deriveColumn("Input");
      const messages = this.#rangeOf("Input");
      const whole = this.#messages.withSystem(facts.batch, system, messages);
      input.setRange(facts.row, whole.start, whole.length);
      return;
    }
  }

  #completeOutput(): void {
    const { batch, row } = this.#facts;
    const output = this.#rangeOf("Output");
    const kind = batch.getDerived("OperationKind", row);
    if (output === undefined || (kind !== "llm" && kind !== "agent")) return;
    if (this.#rangeOf("ToolCalls") === undefined) {
      const calls = this.#messages.toolCalls(batch, output);
      if (calls !== undefined) batch.deriveColumn("ToolCalls").setRange(row, calls.start, calls.length);
    }
    if (batch.getDerived("FinishReasons", row) === undefined) {
      const reasons = this.#messages.finishReasons(batch, output);
      if (reasons !== undefined) batch.setDerived("FinishReasons", row, reasons);
    }
  }

  #rangeOf(target: "Input" | "Output" | "ToolCalls"): ArenaRange | undefined {
    const { batch, row } = this.#facts;
    const column = batch.derivedColumn(target);
    const length = column?.lengthAt(row) ?? -1;
    return length < 0 ? undefined : { start: column!.startAt(row), length };
  }

  #statusAsError(): void {
    const { batch, row } = this.#facts;
    const length = batch.statusMessage[2 * row + 1]!;
    if (length > 0) batch.deriveColumn("ErrorMessage").setRange(row, batch.statusMessage[2 * row]!, length);
  }

  #report(pending: number): void {
    for (const [dialect, spans] of this.#counts) this.#events.mapped(dialect, spans);
    this.#counts.clear();
    if (pending > 0) this.#events.pendingDropped(pending);
    if (this.#refused > 0) this.#events.refused(this.#refused);
    this.#refused = 0;
  }
}

function isUsage(target: Target): boolean {
  return (usageTargets as readonly Target[]).includes(target);
}

function holds(verdict: Plan["pending"], facts: SpanFacts): boolean {
  return typeof verdict === "boolean" ? verdict : verdict(facts);
}

/** How a source is named to people. */
export function sourceText(source: Candidate["source"]): string {
  return typeof source === "string"
    ? source
    : "attribute" in source && !("event" in source) && !("path" in source)
      ? source.attribute
      : JSON.stringify(source);
}

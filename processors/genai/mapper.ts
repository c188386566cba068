import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ColumnCache, TokenCache } from "./column-cache.ts";
import type { Dialect } from "./dialect.ts";
import type { Verdict } from "./engine/condition.ts";
import type { Plan } from "./engine/plan.ts";
import { Planner, type PlannerOptions } from "./engine/planner.ts";
import { SpanFacts } from "./engine/span-facts.ts";
import { createFillers, type FillerOptions, type Fillers } from "./fill/fillers.ts";
import { GivenColumns } from "./given.ts";
import type { MessageReader } from "./message-reader.ts";
import { UsageRepeats } from "./repeats/usage-repeats.ts";
import { SpanMapper } from "./span-mapper.ts";
import type { SpanOutcome } from "./span-outcome.ts";
import { usageTargets } from "./usage.ts";

export interface MapperOptions extends FillerOptions, PlannerOptions {
  /** In the order of precedence. */
  readonly dialects: readonly Dialect[];
  readonly dropPending: boolean;
  /** Spans remembered to find repeated usage across batches. */
  readonly rememberSpans: number;
}

/** Told what the mapper does; for metrics. */
export interface MapperEvents {
  mapped(dialect: string, spans: number): void;
  pendingDropped(spans: number): void;
  refused(values: number): void;
}

/** Looks at what filled the columns of each span. */
export interface MappingObserver {
  /** A span was mapped; `facts` stands on it, and both are overwritten by the next. */
  mapped(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void;
  /** The batch was mapped; the usage of `repeating` rows was left out. */
  settled(batch: SpanBatch, repeating: readonly number[]): void;
}

/** Fills the canonical columns of batches from attributes of any dialect. */
export class Mapper {
  /** What makes values of what is found; for those who explain it. */
  readonly fillers: Fillers;
  readonly #planner: Planner;
  readonly #spans: SpanMapper;
  readonly #events: MapperEvents;
  readonly #observers: readonly MappingObserver[];
  readonly #dropPending: boolean;
  readonly #repeats: UsageRepeats;
  readonly #facts = new SpanFacts();
  readonly #kinds = new ColumnCache("OperationKind");
  readonly #tool = new TokenCache("tool");
  readonly #given = new GivenColumns();
  #refused = 0;

  constructor(
    options: MapperOptions,
    messages: MessageReader,
    events: MapperEvents,
    observers: readonly MappingObserver[] = [],
  ) {
    this.fillers = createFillers(options, messages);
    this.#planner = new Planner(options.dialects, messages, options);
    this.#spans = new SpanMapper(this.fillers, messages);
    this.#events = events;
    this.#observers = observers;
    this.#dropPending = options.dropPending;
    this.#repeats = new UsageRepeats(options.rememberSpans);
  }

  /** Maps the spans of `batch` that are not dropped. */
  map(batch: SpanBatch): void {
    const facts = this.#facts;
    this.#repeats.begin(batch);
    this.#given.begin(batch);
    const pending = this.#planner.begin(batch, facts) ? this.#mapRows(batch, facts) : 0;
    const repeating = this.#repeats.settle(batch);
    for (const target of repeating.length === 0 ? [] : usageTargets) {
      const column = batch.derivedColumn(target);
      for (const row of repeating) if (target !== "Cost" || !this.#given.hasCost(row)) column?.unset(row);
    }
    for (const observer of this.#observers) observer.settled(batch, repeating);
    facts.end();
    this.#report(batch, pending);
  }

  /** @returns how many spans were dropped as pending */
  #mapRows(batch: SpanBatch, facts: SpanFacts): number {
    let pending = 0;
    for (let row = 0; row < batch.length; row++) {
      if (batch.isDropped(row)) continue;
      const plan = this.#planner.planOf(facts, row);
      if (plan === undefined) continue;
      if (this.#dropPending && holds(plan.pending, facts)) {
        batch.drop(row);
        pending++;
      } else this.#mapSpan(plan);
    }
    return pending;
  }

  #mapSpan(plan: Plan): void {
    const facts = this.#facts;
    const { outcome } = this.#spans;
    this.#spans.map(facts, plan, this.#given.of(facts.row));
    this.#refused += outcome.refusedValues;
    for (const observer of this.#observers) observer.mapped(facts, plan, outcome);
    if (plan.dialects.length === 0 && !outcome.hasUsage) return;
    const isTool = this.#kinds.of(facts).indexAt(facts.row) === this.#tool.of(facts);
    this.#repeats.add(facts.row, outcome.hasUsage, outcome.hasUsage && holds(plan.repeatsUsage, facts), isTool);
  }

  #report(batch: SpanBatch, pending: number): void {
    const dialects = batch.derivedColumn("Dialect");
    if (dialects !== undefined) {
      const spans = new Uint32Array(batch.tokens.length);
      for (let row = 0; row < batch.length; row++) {
        const index = dialects.indexAt(row);
        if (index >= 0) spans[index]!++;
      }
      for (const [index, count] of spans.entries()) if (count > 0) this.#events.mapped(batch.tokens.text(index), count);
    }
    if (pending > 0) this.#events.pendingDropped(pending);
    if (this.#refused > 0) this.#events.refused(this.#refused);
    this.#refused = 0;
  }
}

function holds(verdict: Verdict, facts: SpanFacts): boolean {
  return typeof verdict === "boolean" ? verdict : verdict(facts);
}

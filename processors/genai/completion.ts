import type { TextColumn } from "../../pipeline/span-batch/derived.ts";
import { ColumnCache, TokenCache } from "./column-cache.ts";
import type { Dialect } from "./dialect.ts";
import type { Plan } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import { toDocument } from "./fill/document-fillers.ts";
import type { ArenaRange, MessageReader } from "./message-reader.ts";
import type { SpanOutcome } from "./span-outcome.ts";

const statusError = 2;
/** Kinds that are looked for, or follow from other columns or attributes. */
const kinds = ["llm", "tool", "agent", "realtime", "http", "database", "generic"] as const;
type Kind = (typeof kinds)[number];

/** Fills what follows from columns that rules have filled: dialect, kind, system instructions, tool calls, error. */
export class SpanCompleter {
  readonly #messages: MessageReader;
  readonly #dialects = new ColumnCache("Dialect");
  readonly #kinds = new ColumnCache("OperationKind");
  readonly #tokens = Object.fromEntries(kinds.map((kind) => [kind, new TokenCache(kind)])) as Record<Kind, TokenCache>;
  readonly #inputs = new ColumnCache("Input");
  readonly #outputs = new ColumnCache("Output");
  /** Of the span at hand. */
  readonly #output = { start: 0, length: 0 };
  #serial = 0;
  readonly #dialectTokens = new Map<Dialect, TokenCache>();

  constructor(messages: MessageReader) {
    this.#messages = messages;
  }

  complete(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    const { batch, row } = facts;
    if (plan.dialects.length > 0) this.#nameDialect(facts, plan);
    const { given } = outcome;
    if (!outcome.has(plan.stepOf.kind) && !given.has("OperationKind")) {
      const kind = impliedKind(plan, outcome);
      if (kind !== undefined) this.#kinds.of(facts).setIndex(row, this.#tokens[kind].of(facts));
    }
    if (plan.system.length > 0 && !given.has("Input")) this.#addSystem(facts, plan, outcome);
    const hasOutput = outcome.has(plan.stepOf.output) || given.has("Output");
    if (hasOutput && this.#isOfModel(facts)) this.#readOutput(facts, plan, outcome);
    const hasMessage = outcome.has(plan.stepOf.errorMessage) || given.has("ErrorMessage");
    if (batch.statusCode[row] === statusError && !hasMessage) takeStatusMessage(facts);
  }

  #nameDialect(facts: SpanFacts, { dialects }: Plan): void {
    for (const { dialect, when } of dialects) {
      if (when !== undefined && !when(facts)) continue;
      let token = this.#dialectTokens.get(dialect);
      if (token === undefined) {
        token = new TokenCache(dialect.name);
        this.#dialectTokens.set(dialect, token);
      }
      this.#dialects.of(facts).setIndex(facts.row, token.of(facts));
      return;
    }
  }

  /** Whether the span's output is what a model said. */
  #isOfModel(facts: SpanFacts): boolean {
    const kind = this.#kinds.of(facts).indexAt(facts.row);
    if (kind < 0) return false;
    const { llm, agent, realtime } = this.#tokens;
    return kind === llm.of(facts) || kind === agent.of(facts) || kind === realtime.of(facts);
  }

  #addSystem(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    for (const { when, locate } of plan.system) {
      if ((when !== undefined && !when(facts)) || !locate(facts) || !toDocument(facts)) continue;
      const system = { start: facts.word0, length: facts.word1 };
      const column = this.#inputs.of(facts);
      const messages = outcome.has(plan.stepOf.input) ? rangeIn(column, facts.row) : undefined;
      const whole = this.#messages.withSystem(facts.batch, system, messages);
      column.setRange(facts.row, whole.start, whole.length);
      return;
    }
  }

  #readOutput(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    const wantsCalls = !outcome.has(plan.stepOf.toolCalls);
    const wantsReasons = !outcome.has(plan.stepOf.finishReasons);
    if (!wantsCalls && !wantsReasons) return;
    const { batch, row } = facts;
    if (this.#serial !== facts.batchSerial) {
      this.#serial = facts.batchSerial;
      this.#messages.forget();
    }
    const output = this.#output;
    const column = this.#outputs.of(facts);
    output.start = column.startAt(row);
    output.length = column.lengthAt(row);
    const outline = this.#messages.outline(batch, output);
    if (wantsCalls && outline.mayHaveCalls) {
      const calls = this.#messages.toolCalls(batch, output, outline);
      if (calls !== undefined) batch.deriveColumn("ToolCalls").setRange(row, calls.start, calls.length);
    }
    if (wantsReasons && outline.reasons > 0) {
      const reasons = this.#messages.finishReasons(batch, output, outline);
      if (reasons !== undefined) batch.deriveColumn("FinishReasons").set(row, reasons);
    }
  }
}

/** After all that attributes say in words, the presence of other columns tells the kind. */
function impliedKind(plan: Plan, outcome: SpanOutcome): Kind | undefined {
  if (outcome.hasAny(plan.stepOf.toolSigns)) return "tool";
  if (outcome.hasAny(plan.stepOf.modelSigns)) return "llm";
  if (outcome.hasAny(plan.stepOf.agentSigns)) return "agent";
  return plan.fallbackKind;
}

function rangeIn(column: TextColumn, row: number): ArenaRange {
  return { start: column.startAt(row), length: column.lengthAt(row) };
}

/** The status message stands in for a description of the error, where there is no other. */
function takeStatusMessage({ batch, row }: SpanFacts): void {
  const length = batch.statusMessage[2 * row + 1]!;
  if (length > 0) batch.deriveColumn("ErrorMessage").setRange(row, batch.statusMessage[2 * row]!, length);
}

import type { TextColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Target } from "./dialect.ts";
import type { Plan } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import type { ArenaRange, MessageReader } from "./message-reader.ts";

const statusError = 2;
/** Kinds whose output is what a model said. */
const modelKinds: ReadonlySet<string | undefined> = new Set(["llm", "agent", "realtime"]);

/** Fills what follows from columns that rules have filled: dialect, kind, system instructions, tool calls, error. */
export function completeSpan(facts: SpanFacts, plan: Plan, messages: MessageReader): void {
  const { batch, row } = facts;
  const dialect = plan.dialects.find(({ when }) => when === undefined || when(facts))?.dialect;
  if (dialect !== undefined) batch.deriveColumn("Dialect").set(row, dialect.name);
  completeKind(batch, row, plan);
  if (plan.system.length > 0) addSystem(facts, plan, messages);
  if (modelKinds.has(batch.getDerived("OperationKind", row))) completeOutput(batch, row, messages);
  if (batch.statusCode[row] === statusError) completeError(batch, row);
}

function has(batch: SpanBatch, row: number, target: Target): boolean {
  return batch.getDerived(target, row) !== undefined;
}

/** After all that attributes say in words, the presence of others tells the kind. */
function completeKind(batch: SpanBatch, row: number, plan: Plan): void {
  if (has(batch, row, "OperationKind")) return;
  const kind =
    has(batch, row, "ToolName") || has(batch, row, "ToolCallId")
      ? "tool"
      : has(batch, row, "RequestModel") || has(batch, row, "ResponseModel")
        ? "llm"
        : has(batch, row, "AgentName") || has(batch, row, "AgentId")
          ? "agent"
          : plan.fallbackKind;
  if (kind !== undefined) batch.deriveColumn("OperationKind").set(row, kind);
}

function addSystem(facts: SpanFacts, plan: Plan, messages: MessageReader): void {
  const { batch, row } = facts;
  for (const { when, locate } of plan.system) {
    if ((when !== undefined && !when(facts)) || !locate(facts)) continue;
    const system = { start: facts.word0, length: facts.word1 };
    const whole = messages.withSystem(batch, system, rangeIn(batch.derivedColumn("Input"), row));
    batch.deriveColumn("Input").setRange(row, whole.start, whole.length);
    return;
  }
}

function completeOutput(batch: SpanBatch, row: number, messages: MessageReader): void {
  const output = rangeIn(batch.derivedColumn("Output"), row);
  if (output === undefined) return;
  if (rangeIn(batch.derivedColumn("ToolCalls"), row) === undefined) {
    const calls = messages.toolCalls(batch, output);
    if (calls !== undefined) batch.deriveColumn("ToolCalls").setRange(row, calls.start, calls.length);
  }
  if (batch.derivedColumn("FinishReasons")?.get(row) === undefined) {
    const reasons = messages.finishReasons(batch, output);
    if (reasons !== undefined) batch.deriveColumn("FinishReasons").set(row, reasons);
  }
}

function rangeIn(column: TextColumn | undefined, row: number): ArenaRange | undefined {
  const length = column?.lengthAt(row) ?? -1;
  return length < 0 ? undefined : { start: column!.startAt(row), length };
}

/** The status message stands in for a description of the error, where there is no other. */
function completeError(batch: SpanBatch, row: number): void {
  const length = batch.statusMessage[2 * row + 1]!;
  if (length === 0 || rangeIn(batch.derivedColumn("ErrorMessage"), row) !== undefined) return;
  batch.deriveColumn("ErrorMessage").setRange(row, batch.statusMessage[2 * row]!, length);
}

import type { z } from "zod";
import { type DerivedName, derivedColumns } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { genaiConfigSchema } from "../../../processors/genai/config.ts";
import { createMapper } from "../../../processors/genai/create-mapper.ts";
import type { Dialect } from "../../../processors/genai/dialect.ts";
import { exceptions, general } from "../../../processors/genai/general.ts";
import type { Mapper, MapperEvents } from "../../../processors/genai/mapper.ts";
import { batchOfSpans, type SpanSketch } from "../../support/batches.ts";

export type ConfigInput = z.input<typeof genaiConfigSchema>;
export type Columns = Partial<Record<DerivedName, unknown>>;

/** A dialect for the tests of the engine, so that they do not depend on what the real ones say. */
export const sample: Dialect = {
  name: "sample",
  source: "test",
  recognise: { keys: ["gen_ai.*"], scopes: ["sample-*"] },
  rules: [
    { target: "OperationKind", sources: ["gen_ai.operation.name"] },
    { target: "OperationKind", sources: [{ constant: "tool" }], when: { attribute: "gen_ai.tool.name" } },
    { target: "Provider", sources: ["gen_ai.provider.name", "gen_ai.system"] },
    { target: "RequestModel", sources: ["gen_ai.request.model"] },
    { target: "ResponseModel", sources: ["gen_ai.response.model"] },
    { target: "ResponseId", sources: ["gen_ai.response.id"] },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"] },
    { target: "CacheReadTokens", sources: ["gen_ai.usage.cache_read.input_tokens"] },
    { target: "CacheWriteTokens", sources: ["gen_ai.usage.cache_creation.input_tokens"] },
    { target: "ReasoningTokens", sources: ["gen_ai.usage.reasoning.output_tokens"] },
    { target: "TotalTokens", sources: ["gen_ai.usage.total_tokens"] },
    { target: "Cost", sources: ["gen_ai.usage.cost"] },
    { target: "TimeToFirstToken", sources: ["gen_ai.response.time_to_first_chunk"] },
    { target: "TimeToFirstToken", sources: [{ attribute: "gen_ai.first_token_at", unit: "time" }, { event: "first" }] },
    { target: "RequestParameters", sources: ["gen_ai.parameters", { prefix: "gen_ai.parameter." }] },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons"] },
    { target: "AgentName", sources: ["gen_ai.agent.name"] },
    {
      target: "ToolName",
      sources: ["gen_ai.tool.name"],
      when: { attribute: "gen_ai.operation.name", equals: ["execute_*"] },
    },
    {
      target: "SessionId",
      sources: ["gen_ai.conversation.id", { attribute: "gen_ai.meta", path: ["session", 0, "id"] }],
    },
    { target: "Input", sources: ["gen_ai.input.messages"] },
    { target: "Output", sources: ["gen_ai.output.messages"] },
  ],
};

/** Keeps what the mapper reports. */
export class RecordedEvents implements MapperEvents {
  readonly dialects: Record<string, number> = {};
  pending = 0;
  refusedValues = 0;

  mapped(dialect: string, spans: number): void {
    this.dialects[dialect] = (this.dialects[dialect] ?? 0) + spans;
  }

  pendingDropped(spans: number): void {
    this.pending += spans;
  }

  refused(values: number): void {
    this.refusedValues += values;
  }
}

/** A mapper that knows `dialects`, or all. */
export function mapperOf(
  input: ConfigInput = {},
  dialects?: readonly Dialect[],
  events = new RecordedEvents(),
): Mapper {
  return createMapper(
    genaiConfigSchema.parse(input),
    events,
    [],
    dialects === undefined ? undefined : [exceptions, ...dialects, general],
  );
}

/** The derived columns of each span that is left. */
export function columnsOf(batch: SpanBatch): Columns[] {
  return Array.from(batch, (span) => {
    const names = Object.keys(derivedColumns) as DerivedName[];
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = span.getDerived(name);
        return value === undefined ? [] : [[name, value instanceof Map ? Object.fromEntries(value) : value]];
      }),
    );
  });
}

export function mapSpans(
  sketches: readonly SpanSketch[],
  {
    mapper = mapperOf(),
    resource = {},
    scope,
  }: { mapper?: Mapper; resource?: Record<string, AttributeValue>; scope?: string } = {},
): Columns[] {
  const batch = batchOfSpans(sketches, resource);
  if (scope !== undefined) setScope(batch, scope);
  mapper.map(batch);
  return columnsOf(batch);
}

/** What becomes of a span with those attributes. */
export function mapAttributes(
  attributes: Record<string, AttributeValue>,
  options: Parameters<typeof mapSpans>[1] = {},
): Columns {
  return mapSpans([{ attributes }], options)[0]!;
}

function setScope(batch: SpanBatch, name: string): void {
  const scope = batch.scopes[0]!;
  scope.nameStart = batch.arena.appendText(name);
  scope.nameLength = batch.arena.length - scope.nameStart;
}

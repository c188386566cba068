import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { completionTable } from "../../exporters/clickhouse/schema/records.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { uuidOfSpan } from "../../pipeline/ids.ts";
import { plainModelId } from "../prompts/models.ts";
import { projectPromptParams } from "../prompts/parts.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { jsonObject, objectOf, orNull } from "../store/json.ts";
import type { Records } from "../store/records.ts";
import { scopeIn } from "../store/scope.ts";
import { storedSpanIdOf } from "../store/spans.ts";

type Completion = RowOf<typeof completionTable>;

const amount = z.number().min(0).nullish();
const spanId = z
  .string()
  .refine((text) => text === "" || storedSpanIdOf(text) !== undefined, "must be a UUID or 16 hexadecimal digits");
const maybeUuid = uuid.nullish();

const completionBody = z.object({
  prompt_id: maybeUuid.describe("Id of the prompt; the path says it too."),
  prompt_version_id: maybeUuid.describe("Id of the version that was used."),
  messages: z.array(z.unknown()).nullish().describe("The conversation."),
  metadata: jsonObject.nullish().describe("Kept as it is."),
  has_error: z.boolean().nullish().describe("Whether the call failed."),
  model_id: z.string().max(255).nullish().describe("The model that was called."),
  input_text: z.string().nullish().describe("What was sent, as text."),
  output_text: z.string().nullish().describe("What came back, as text."),
  duration_ms: amount.describe("How long it took, in milliseconds."),
  prompt_tokens: amount.describe("Tokens of the input."),
  completion_tokens: amount.describe("Tokens of the output."),
  total_tokens: amount.describe("Tokens of both."),
  cost: amount.describe("US dollars."),
  error_message: z.string().nullish().describe("What went wrong."),
  span_id: spanId.nullish().describe("The span of the same call."),
});

const completionRead = z
  .object({
    id: z.guid().describe("Id of the completion, for feedback."),
    prompt_id: z.guid().describe("Id of the prompt."),
    prompt_version_id: z.string().nullable().describe("Id of the version that was used."),
    messages: z.array(z.unknown()).describe("The conversation."),
    metadata: jsonObject.describe("What was sent."),
    has_error: z.boolean().describe("Whether the call failed."),
    model_id: z.string().nullable().describe("The model that was called."),
    input_text: z.string().nullable().describe("What was sent, as text."),
    output_text: z.string().nullable().describe("What came back, as text."),
    duration_ms: z.number().nullable().describe("How long it took, in milliseconds."),
    prompt_tokens: z.number().nullable().describe("Tokens of the input."),
    completion_tokens: z.number().nullable().describe("Tokens of the output."),
    total_tokens: z.number().nullable().describe("Tokens of both."),
    cost: z.number().nullable().describe("US dollars."),
    error_message: z.string().nullable().describe("What went wrong."),
    span_id: z.string().nullable().describe("The span of the same call."),
    created_at: z.string().describe("When it was logged, ISO 8601 in UTC."),
  })
  .meta({ id: "Completion" });

/** What these routes are made of. */
export interface CompletionServices {
  readonly records: Records;
  readonly prompts: Prompts;
}

/** Routes of the log of completions. */
export function completionRoutes({ records, prompts }: CompletionServices): readonly Route[] {
  const path = "/projects/:project_id/prompts/:slug+/completions";
  const common = { path, tag: "Prompts", params: projectPromptParams } as const;
  return [
    defineRoute({
      ...common,
      method: "POST",
      permission: "write",
      summary: "Logs a completion of a prompt",
      ingest: true,
      body: completionBody,
      responses: { 201: completionRead, 400: errorBody, 404: errorBody },
      handle: async ({ caller, params, body }) => {
        const scope = scopeIn(caller, params.project_id);
        const { PromptId } = await prompts.get(scope.project, params.slug);
        const row = records.fresh(completionTable, scope, { PromptId, CompletionId: randomUUID(), ...fieldsOf(body) });
        await records.put(completionTable, row);
        return new ApiReply(201, completionOf(row));
      },
    }),
    defineRoute({
      ...common,
      method: "GET",
      permission: "read",
      summary: "Logged completions of a prompt, newest first",
      query: queryOf({ limit: limitOf(1_000, 100), offset }),
      responses: { 200: z.array(completionRead), 400: errorBody, 404: errorBody },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        const { PromptId } = await prompts.get(project, params.slug);
        const orderBy = "CreatedAt DESC, CompletionId";
        const rows = await records.list(completionTable, { project, match: { PromptId }, orderBy, ...query });
        return rows.map(completionOf);
      },
    }),
  ];
}

function fieldsOf(body: z.output<typeof completionBody>) {
  return {
    PromptVersionId: body.prompt_version_id ?? "",
    SpanId: body.span_id ? storedSpanIdOf(body.span_id)! : "",
    ModelId: plainModelId(body.model_id),
    Messages: JSON.stringify(body.messages ?? []),
    InputText: body.input_text ?? "",
    OutputText: body.output_text ?? "",
    Metadata: JSON.stringify(body.metadata ?? {}),
    HasError: body.has_error ?? false,
    ErrorMessage: body.error_message ?? "",
    DurationMs: body.duration_ms ?? null,
    PromptTokens: body.prompt_tokens ?? null,
    CompletionTokens: body.completion_tokens ?? null,
    TotalTokens: body.total_tokens ?? null,
    Cost: body.cost ?? null,
  };
}

function completionOf(row: Completion): z.output<typeof completionRead> {
  return {
    id: row.CompletionId,
    prompt_id: row.PromptId,
    prompt_version_id: orNull(row.PromptVersionId),
    messages: JSON.parse(row.Messages) as unknown[],
    metadata: objectOf(row.Metadata),
    has_error: row.HasError,
    model_id: orNull(row.ModelId),
    input_text: orNull(row.InputText),
    output_text: orNull(row.OutputText),
    duration_ms: row.DurationMs,
    prompt_tokens: row.PromptTokens,
    completion_tokens: row.CompletionTokens,
    total_tokens: row.TotalTokens,
    cost: row.Cost,
    error_message: orNull(row.ErrorMessage),
    span_id: row.SpanId === "" ? null : uuidOfSpan(row.SpanId),
    created_at: row.CreatedAt,
  };
}

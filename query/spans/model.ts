import { z } from "zod";
import { signalValues } from "../signals/model.ts";
import { spanWarning } from "./warning.ts";

const text = z.string().nullable();
const tags = z.record(z.string(), z.string());

/** SpanRead: a span as the API answers it. */
export const spanRead = z
  .looseObject({
    id: z.string().describe("UUID; of OTLP the 16 digits of the span id and zeros."),
    trace_id: z.string().describe("UUID."),
    parent_span_id: text.describe("UUID; null: it has no parent."),
    project_id: z.string().describe("UUID."),
    session_id: text.describe("UUID of the session; of its trace where the span names none."),
    session_name: text,
    session: z.object({ id: z.string(), name: text }).nullable(),
    name: z.string(),
    kind: z.string().describe("llm, tool, http, generic and others; an open set."),
    status: z.enum(["unset", "ok", "error"]).nullable(),
    started_at: z.string().describe("ISO 8601 in UTC."),
    ended_at: text.describe("ISO 8601 in UTC; null while it is open."),
    duration_ms: z.number().nullable().describe("Milliseconds."),
    cost: z.number().nullable().describe("US dollars; null: not known, which is not 0."),
    input_data: text.describe("Text, or JSON text."),
    output_data: text.describe("Text, or JSON text."),
    attributes: z.record(z.string(), z.unknown()),
    tags: tags.describe("Effective tags: of the session, overlaid by those of the trace, overlaid by the span's own."),
    trace_tags: tags.describe("Tags of the trace, as they are now."),
    session_tags: tags.describe("Tags of the session, as they are now."),
    error_code: text,
    error_message: text,
    error_stack: text,
    has_error: z.boolean(),
    code: z.unknown().describe("Source text, as sent."),
    code_filepath: z.unknown(),
    code_lineno: z.unknown(),
    experiment_result_id: z.unknown(),
    ab_choices: z.unknown(),
    signals: signalValues,
    attachment_count: z.int(),
    prompt_version_id: text.describe("UUID of the prompt version that made it."),
    warnings: z.array(spanWarning).describe("What could not be taken as it was sent."),
    created_at: z.string().describe("When it arrived first."),
    updated_at: z.string().describe("When it arrived last."),
  })
  .meta({ id: "SpanRead" });
export type SpanRead = z.output<typeof spanRead>;

import { z } from "zod";
import { optionalTime, requiredTime, tagsSchema } from "../schemas.ts";

const text = z.string().nullable();
const uuid = z.guid();

/** SpanRead. */
export const spanReadSchema = z.looseObject({
  id: uuid.describe("Id of the span."),
  trace_id: uuid.describe("Trace that the span is of."),
  parent_span_id: uuid.nullable().describe("Span that it was called by; null for a root."),
  project_id: uuid.describe("Project that the span is of."),
  session_id: uuid.nullable().describe("Session; texts that are no UUID were turned into UUIDv5."),
  session_name: text.describe("Name of the session."),
  name: z.string().describe("What was done."),
  kind: z.string().describe("Kind of the span, such as llm, tool or http; generic when nothing was said."),
  status: z.enum(["unset", "ok", "error"]).nullable().describe("How it went."),
  started_at: requiredTime.describe("When it began."),
  ended_at: optionalTime.describe("When it ended."),
  duration_ms: z.number().nullable().describe("How long it took, in milliseconds."),
  cost: z.number().nullable().describe("US dollars."),
  input_data: text.describe("What went in: text, or JSON text."),
  output_data: text.describe("What came out: text, or JSON text."),
  attributes: z.record(z.string(), z.unknown()).describe("Whatever else was said."),
  tags: tagsSchema.describe("Tags that hold for the span: the session's, the trace's and its own over each other."),
  trace_tags: tagsSchema.describe("Tags of the trace."),
  session_tags: tagsSchema.describe("Tags of the session."),
  error_code: text.describe("Class of the error."),
  error_message: text.describe("What the error said."),
  error_stack: text.describe("Where the error came from."),
  has_error: z.boolean().describe("Whether the status is error, or there is an error's code or message."),
  code: text.describe("Source text of the function."),
  code_filepath: text.describe("File of the function."),
  code_lineno: z.int().nullable().describe("Line of the function."),
  experiment_result_id: text.describe("Result of an experiment that the span is of."),
  ab_choices: z.array(z.unknown()).describe("Variants that were chosen in A/B tests."),
  signals: z.record(z.string(), z.object({ value: z.unknown(), type: z.string() })).describe("Signals of the span."),
  attachment_count: z.int().describe("Images that were taken out of the span."),
  prompt_version_id: text.describe("Version of the prompt that was used."),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })).describe("What was not as it should be."),
  created_at: requiredTime.describe("When the span first arrived."),
  updated_at: requiredTime.describe("When it was sent last."),
});

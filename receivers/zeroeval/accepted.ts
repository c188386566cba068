import { z } from "zod";
import { defaultMaxSignalsPerSpan } from "../../processors/signals/config.ts";
import { entityTypes } from "./read/values.ts";

/*
 * What the writing routes take, for the API's description. The readers beside the routes check requests: they name everything
 * that is wrong at once and write straight into columns, which schemas could not; a test holds recorded requests against both.
 */

const text = z.string().nullish();
const uuid = z.guid();
const time = z
  .union([z.string(), z.number()])
  .describe("ISO 8601, or seconds since 1970; numbers beyond 20 billion are milliseconds.");
const tags = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullish();
const attributes = z.record(z.string(), z.unknown()).nullish().describe("Any JSON.");
const status = z.enum(["unset", "ok", "error"]).nullish().describe("How it went.");
const value = z.union([z.boolean(), z.number(), z.string()]);
const signal = z.union([
  value,
  z.looseObject({ value, type: text, signal_type: text, name: text }).describe("With the kind of its value."),
]);

/** One of the array that POST /spans takes (SpanCreate). */
export const acceptedSpan = z
  .looseObject({
    id: uuid.nullish().describe("Id of the span; left out: a new one."),
    trace_id: uuid.describe("Trace that the span is of."),
    parent_span_id: uuid.nullish().describe("Span that it was called by; it need not be known."),
    name: z.string().min(1).describe("What was done."),
    kind: text.describe("Such as llm, tool or http; generic when left out."),
    status,
    started_at: time.describe("When it began."),
    ended_at: time.nullish().describe("When it ended."),
    duration_ms: z.number().nullish().describe("Milliseconds; left out: from both times."),
    cost: z.number().min(0).nullish().describe("US dollars; left out: by model and tokens."),
    session_id: text.describe("Session; a text that is no UUID becomes one."),
    session_name: text.describe("Name of the session."),
    session: z
      .looseObject({ id: z.string().min(1), name: text, tags })
      .nullish()
      .describe("The same in one; its id wins over session_id."),
    input_data: z.unknown().optional().describe("What went in: text, or any JSON."),
    output_data: z.unknown().optional().describe("What came out: text, or any JSON."),
    attributes,
    tags: tags.describe("Of the span."),
    trace_tags: tags.describe("Of its trace."),
    session_tags: tags.describe("Of its session."),
    error_code: text.describe("Class of the error."),
    error_message: text.describe("What the error said."),
    error_stack: text.describe("Where the error came from."),
    code: text.describe("Source text of the function."),
    code_filepath: text.describe("File of the function."),
    code_lineno: z.int().nullish().describe("Line of the function."),
    signals: z
      .record(z.string(), signal)
      .nullish()
      .describe(
        `Signals of the span, by name; the first ${defaultMaxSignalsPerSpan} are taken, or what max_signals_per_span says.`,
      ),
    experiment_result_id: text.describe("Result of an experiment that the span is of."),
    ab_choices: z.array(z.unknown()).nullish().describe("Variants that were chosen in A/B tests."),
  })
  .meta({ id: "SpanCreate" });

/** One of the array that POST /traces takes. */
export const acceptedTrace = z
  .looseObject({
    id: uuid.nullish().describe("Id of the trace; left out: a new one."),
    session_id: z.string().min(1).describe("Session of the trace."),
    name: z.string().min(1).describe("Name of the trace."),
    status,
    started_at: time.describe("When it began."),
    ended_at: time.nullish().describe("When it ended."),
    duration_ms: z.number().nullish().describe("Milliseconds; left out: from both times."),
    cost: z.number().nullish().describe("US dollars; left out: the sum of its spans."),
    attributes,
    tags,
  })
  .meta({ id: "TraceCreate" });

/** One of the array that POST /sessions takes. */
export const acceptedSession = z
  .looseObject({
    id: text.describe("Id of the session; a text that is no UUID becomes one."),
    project_id: z.string().min(1).describe("Project of the key."),
    name: text.describe("Name of the session."),
    attributes,
    tags,
  })
  .meta({ id: "SessionCreate" });

/** What POST /workspaces/{workspace_id}/signals takes; one of the four ids is needed. */
export const acceptedWorkspaceSignal = z.looseObject({
  completion_id: text.describe("Completion that it is of."),
  span_id: uuid.nullish().describe("Span that it is of."),
  trace_id: uuid.nullish().describe("Trace that it is of."),
  session_id: text.describe("Session that it is of."),
  name: z.string().min(1).describe("Name of the signal."),
  value: value.describe("Its value."),
  signal_type: text.describe("boolean, numerical or categorical; left out: by the value."),
});

/** What POST /signals takes. */
export const acceptedSignal = z
  .looseObject({
    entity_type: z.enum(entityTypes).describe("What it is of."),
    entity_id: z.string().min(1).describe("Id of that."),
    name: z.string().min(1).describe("Name of the signal."),
    value: value.describe("Its value."),
    signal_type: text.describe("boolean, numerical or categorical; left out: by the value."),
  })
  .meta({ id: "SignalCreate" });

/** What POST /signals/bulk takes. */
export const acceptedSignals = z.looseObject({ signals: z.array(acceptedSignal).describe("The signals.") });

/** What POST /v1/traces takes. */
export const acceptedExport = z
  .looseObject({ resourceSpans: z.array(z.unknown()).describe("Spans by resource and scope.") })
  .describe("ExportTraceServiceRequest of OTLP.");

/** What POST /v1/logs takes. */
export const acceptedLogs = z
  .looseObject({ resourceLogs: z.array(z.unknown()).describe("Log records by resource and scope.") })
  .describe("ExportLogsServiceRequest of OTLP.");

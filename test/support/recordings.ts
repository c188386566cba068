import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What `test/recordings` wrote: a request as an SDK sent it, and what is true of the calls it tells of. */
export interface Recording {
  /** Instrumentation and scenario, e.g. `traceloop/openai-chat`. */
  name: string;
  /** The ExportTraceServiceRequest as OTLP/JSON text. */
  text: string;
  /** The ExportLogsServiceRequest that came beside it, as OTLP/JSON text. */
  logs?: string;
  truth: Truth;
}

/** Written from what the fake LLM server answered and what the script passed to the SDK, never from the spans. */
export interface Truth {
  description: string;
  /** Packages with versions. */
  instrumentation: string;
  /** Facts that the emitter sends in no form, or on another span than the one they belong to. */
  notTransmitted?: string[];
  trace: TraceTruth;
  spans: SpanTruth[];
}

/** Sums over all spans of a recording, each call counted once. What the emitter does not send is left out. */
export interface TraceTruth {
  /** Requests to a model other than embeddings, failed ones included. */
  llmCalls: number;
  /** Those of embeddings, and those read from and written to a cache, included. */
  inputTokens?: number;
  /** Reasoning tokens included. */
  outputTokens?: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  reasoningTokens?: number;
  sessionId?: string;
  userId?: string;
}

export interface SpanTruth {
  select: SpanSelector;
  expect: RowTruth;
  /** What log records alone say: facts of the span as the API shows it. */
  logged?: RowTruth;
}

/** Picks exactly one span of a recording. */
export interface SpanSelector {
  name: string;
  /** Position among the spans that are left, by start time, counted from 0. */
  nth?: number;
  /** Whether the span has no parent in the recording. */
  root?: boolean;
  /** Key of an attribute that the span must not have. */
  lacks?: string;
}

export interface RowTruth {
  OperationKind?: string;
  Provider?: string;
  RequestModel?: string;
  ResponseModel?: string;
  InputTokens?: number;
  OutputTokens?: number;
  CacheReadTokens?: number;
  CacheWriteTokens?: number;
  ReasoningTokens?: number;
  TotalTokens?: number;
  FinishReasons?: string[];
  InputContains?: string[];
  OutputContains?: string[];
  ToolCalls?: { name: string; arguments: unknown }[];
  ErrorType?: string;
  ErrorMessageContains?: string;
  images?: { sha256: string; mediaType: string; width: number; height: number }[];
  SessionId?: string;
  UserId?: string;
}

/** What a selector looks at. */
export interface SelectableSpan {
  name: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  attributes?: { key: string }[];
}

const folder = join(import.meta.dirname, "../testdata/recordings");

export function readRecordings(): Recording[] {
  const instrumentations = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return instrumentations.flatMap(({ name }) =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith(".truth.json"))
      .map((file) => readRecording(name, file.slice(0, -".truth.json".length))),
  );
}

function readRecording(instrumentation: string, scenario: string): Recording {
  const path = join(folder, instrumentation, scenario);
  const logs = `${path}.logs.json`;
  return {
    name: `${instrumentation}/${scenario}`,
    text: readFileSync(`${path}.json`, "utf8"),
    ...(existsSync(logs) && { logs: readFileSync(logs, "utf8") }),
    truth: JSON.parse(readFileSync(`${path}.truth.json`, "utf8")) as Truth,
  };
}

/** The spans that a selector matches: one, in a recording that fits its truth. */
export function selectSpans<Span extends SelectableSpan>(spans: readonly Span[], select: SpanSelector): Span[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const matching = spans.filter(
    ({ name, parentSpanId, attributes = [] }) =>
      name === select.name &&
      (select.root === undefined || select.root !== ids.has(parentSpanId ?? "")) &&
      !attributes.some(({ key }) => key === select.lacks),
  );
  if (select.nth === undefined) return matching;
  const ordered = matching.toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
  return ordered.slice(select.nth, select.nth + 1);
}

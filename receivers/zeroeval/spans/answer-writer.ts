import type { TextColumn, TokenColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { warningOf } from "../../../query/spans/warning.ts";
import { IsoWriter } from "../json/iso-writer.ts";
import { type Constant, constant, JsonOutput, viewed } from "../json/output.ts";
import { JsonKind } from "../json/scanner.ts";
import { nanosBetween } from "../read/times.ts";
import { signalsOf, tagsOf } from "./answer-values.ts";
import { ProcessedSpans } from "./processed.ts";
import { numberOf } from "./span-fields.ts";
import { isAlike } from "./span-tags.ts";
import type { SpanTexts } from "./span-texts.ts";

/** What the answer says beside what the request said. */
export interface AnswerFrame {
  /** UUID. */
  readonly project: string;
  /** ISO 8601. */
  readonly arrived: string;
}

/** Fields that the answer has and a request has not: what a request says in them is kept, but not answered. */
const answerFields: ReadonlySet<string> = new Set([
  "project_id",
  "has_error",
  "attachment_count",
  "prompt_version_id",
  "warnings",
  "created_at",
  "updated_at",
]);

/** StatusCode of OTLP. */
const errorStatus = 2;

const comma = constant(",");
const colon = constant(":");
const nothing = constant("null");
const noObject = constant("{}");
const noArray = constant("[]");

/** The name of a field, as it stands between two values. */
function named(name: string): Constant {
  return constant(`,"${name}":`);
}

const names = {
  trace_id: constant('","trace_id":"'),
  parent: named("parent_span_id"),
  session_id: named("session_id"),
  session_name: named("session_name"),
  session: named("session"),
  sessionOpen: constant(',"session":{"id":'),
  sessionName: named("name"),
  name: named("name"),
  kind: named("kind"),
  status: named("status"),
  started_at: named("started_at"),
  ended_at: named("ended_at"),
  duration_ms: named("duration_ms"),
  cost: named("cost"),
  input_data: named("input_data"),
  output_data: named("output_data"),
  attributes: named("attributes"),
  error_code: named("error_code"),
  error_message: named("error_message"),
  error_stack: named("error_stack"),
  isError: constant(',"has_error":true'),
  isNoError: constant(',"has_error":false'),
  code: named("code"),
  code_filepath: named("code_filepath"),
  code_lineno: named("code_lineno"),
  experiment_result_id: named("experiment_result_id"),
  ab_choices: named("ab_choices"),
  signals: named("signals"),
  attachment_count: named("attachment_count"),
  prompt_version_id: named("prompt_version_id"),
  warnings: named("warnings"),
};
const generic = constant('"generic"');
/** A span of which nothing came in these parts, as nearly all. */
const plainEnd = constant(',"signals":{},"attachment_count":0,"prompt_version_id":null,"warnings":[]');

/**
 * Writes SpanRead of spans as a request has sent them and the processors have seen them: not joined with what was sent
 * before. What the request said is copied as it stands.
 */
export class AnswerWriter {
  /** Whether `write` was called. */
  isWritten = false;
  readonly #texts: SpanTexts;
  readonly #output: JsonOutput;
  // Each remembers the second it wrote last.
  readonly #startTime = new IsoWriter();
  readonly #endTime = new IsoWriter();
  readonly #project: Constant;
  readonly #dates: Constant;
  /** Where the span of each row stands. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #bytes: Constant;
  /** The row whose tags were written last, where they stand, and how long they are. */
  #tagged = { row: -1, start: 0, length: 0 };

  constructor(texts: SpanTexts, { project, arrived }: AnswerFrame, bytes: number) {
    this.#texts = texts;
    // Names of fields take about as much as what they say.
    this.#output = new JsonOutput(bytes + texts.rows * 800);
    this.#starts = new Uint32Array(texts.rows);
    this.#ends = new Uint32Array(texts.rows);
    this.#project = constant(`,"project_id":"${project}","session_id":`);
    this.#dates = constant(`,"created_at":"${arrived}","updated_at":"${arrived}"}`);
    this.#bytes = viewed(texts.bytesOf(0));
  }

  /** The answer of all rows that were written, one after the other. Valid until `release`. */
  get whole(): Buffer {
    return this.#output.bytes();
  }

  /** The answer of a row. */
  ofRow(row: number): Buffer {
    return this.#output.bytes(this.#starts[row], this.#ends[row]);
  }

  release(): void {
    this.#output.release();
  }

  /** Writes `rows` of `batch`, as one array. */
  write(batch: SpanBatch, rows: readonly number[]): ProcessedSpans {
    const output = this.#output;
    const spans = new ProcessedSpans(batch);
    output.length = 0;
    output.ascii("[");
    for (const row of rows) {
      if (output.length > 1) output.constant(comma);
      this.#starts[row] = output.length;
      this.#span(row, spans);
      this.#ends[row] = output.length;
    }
    output.ascii("]");
    this.isWritten = true;
    return spans;
  }

  #span(row: number, spans: ProcessedSpans): void {
    const output = this.#output;
    const bytes = this.#texts.bytesOf(row);
    if (bytes !== this.#bytes.bytes) this.#bytes = viewed(bytes);
    output.ascii("{");
    this.#unknown(row);
    output.ascii('"id":"');
    this.#ids(row, spans);
    output.constant(this.#project);
    this.#session(row, spans);
    this.#sent(names.name, row, numberOf.name);
    output.constant(names.kind);
    this.#token(spans, spans.kind, row, generic);
    this.#sent(names.status, row, numberOf.status);
    this.#times(row, spans);
    this.#cost(row, spans);
    const isChanged = spans.isChanged(row);
    this.#document(names.input_data, row, numberOf.input_data, spans.input, spans, isChanged);
    this.#document(names.output_data, row, numberOf.output_data, spans.output, spans, isChanged);
    if (isChanged) {
      output.constant(names.attributes);
      output.text(JSON.stringify(spans.attributesOf(row)));
    } else this.#sent(names.attributes, row, numberOf.attributes, noObject);
    this.#tags(row);
    this.#error(row, spans);
    this.#sent(names.code, row, numberOf.code);
    this.#sent(names.code_filepath, row, numberOf.code_filepath);
    this.#sent(names.code_lineno, row, numberOf.code_lineno);
    this.#sent(names.experiment_result_id, row, numberOf.experiment_result_id);
    this.#sent(names.ab_choices, row, numberOf.ab_choices, noArray);
    this.#found(row, spans);
    output.constant(this.#dates);
  }

  /** What the sender said in fields that the API does not know. */
  #unknown(row: number): void {
    if (!this.#texts.hasUnknownFields(row)) return;
    for (const [name, { kind, start, end }] of this.#texts.unknownFields(row)) {
      if (kind === JsonKind.NULL || answerFields.has(name)) continue;
      this.#output.text(JSON.stringify(name));
      this.#output.constant(colon);
      this.#output.copy(this.#bytes, start, end - start);
      this.#output.constant(comma);
    }
  }

  /** A field as it was sent. */
  #sent(name: Constant, row: number, field: number, missing = nothing): void {
    const output = this.#output;
    const texts = this.#texts;
    output.constant(name);
    if (!texts.has(row, field)) output.constant(missing);
    else {
      const start = texts.startOf(row, field);
      output.copy(this.#bytes, start, texts.endOf(row, field) - start);
    }
  }

  #ids(row: number, { batch, spanIdTail, parentSpanIdTail }: ProcessedSpans): void {
    const output = this.#output;
    output.uuidHalf(batch.spanId, 8 * row, false);
    this.#tail(row, batch, spanIdTail);
    output.constant(names.trace_id);
    output.uuidHalf(batch.traceId, 16 * row, false);
    output.uuidHalf(batch.traceId, 16 * row + 8, true);
    output.ascii('"');
    output.constant(names.parent);
    if (isRoot(batch, parentSpanIdTail, row)) {
      output.constant(nothing);
      return;
    }
    output.ascii('"');
    output.uuidHalf(batch.parentSpanId, 8 * row, false);
    this.#tail(row, batch, parentSpanIdTail);
    output.ascii('"');
  }

  #tail(row: number, { arena }: SpanBatch, column: TextColumn | undefined): void {
    const has = column !== undefined && column.lengthAt(row) === 8;
    this.#output.uuidHalf(has ? arena.bytes : zeros, has ? column.startAt(row) : 0, true);
  }

  #session(row: number, { batch, sessionId, sessionName }: ProcessedSpans): void {
    const output = this.#output;
    this.#text(batch, sessionId, row);
    output.constant(names.session_name);
    this.#text(batch, sessionName, row);
    if (sessionId === undefined || sessionId.lengthAt(row) < 0) {
      output.constant(names.session);
      output.constant(nothing);
      return;
    }
    output.constant(names.sessionOpen);
    this.#text(batch, sessionId, row);
    output.constant(names.sessionName);
    this.#text(batch, sessionName, row);
    output.ascii("}");
  }

  #text({ arena }: SpanBatch, column: TextColumn | undefined, row: number): void {
    if (column === undefined || column.lengthAt(row) < 0) this.#output.constant(nothing);
    else this.#output.quoted(arena, column.startAt(row), column.lengthAt(row));
  }

  #token({ batch }: ProcessedSpans, column: TokenColumn | undefined, row: number, missing: Constant): void {
    const index = column?.indexAt(row) ?? -1;
    const { starts, lengths } = batch.tokens;
    if (index < 0 || lengths[index] === 0) this.#output.constant(missing);
    else this.#output.quoted(batch.arena, starts[index]!, lengths[index]!);
  }

  #times(row: number, { batch }: ProcessedSpans): void {
    const output = this.#output;
    const { startTimeUnixNano: starts, endTimeUnixNano: ends } = batch;
    const start = { low: starts[2 * row]!, high: starts[2 * row + 1]! };
    const end = { low: ends[2 * row]!, high: ends[2 * row + 1]! };
    const hasEnd = this.#texts.has(row, numberOf.ended_at);
    output.constant(names.started_at);
    this.#startTime.write(output, start.low, start.high);
    output.constant(names.ended_at);
    if (hasEnd) this.#endTime.write(output, end.low, end.high);
    else output.constant(nothing);
    if (!hasEnd || this.#texts.has(row, numberOf.duration_ms)) {
      this.#sent(names.duration_ms, row, numberOf.duration_ms);
      return;
    }
    output.constant(names.duration_ms);
    output.ascii(String(Math.max(0, nanosBetween(start, end) / 1e6)));
  }

  /** A cost that was sent wins. */
  #cost(row: number, { cost }: ProcessedSpans): void {
    if (this.#texts.has(row, numberOf.cost) || cost?.get(row) === undefined) this.#sent(names.cost, row, numberOf.cost);
    else {
      this.#output.constant(names.cost);
      this.#output.ascii(String(cost.get(row)));
    }
  }

  /** Texts as they are, other values as texts of their JSON; what was not said may have been found in attributes. */
  #document(
    name: Constant,
    row: number,
    field: number,
    column: TextColumn | undefined,
    { batch }: ProcessedSpans,
    isChanged: boolean,
  ): void {
    const texts = this.#texts;
    const kind = texts.kindOf(row, field);
    const isText = kind === JsonKind.TEXT || kind === JsonKind.ESCAPED;
    if (isText && !isChanged) {
      this.#sent(name, row, field);
      return;
    }
    this.#output.constant(name);
    const isFound = column !== undefined && column.lengthAt(row) >= 0;
    if (isFound && (isChanged || kind <= JsonKind.NULL)) {
      this.#text(batch, column, row);
      return;
    }
    const value = texts.value(row, field);
    if (value === undefined) this.#output.constant(nothing);
    else this.#output.text(JSON.stringify(isText ? value : JSON.stringify(value)));
  }

  /** Effective tags, and those of trace and session. Most spans of a request have the same. */
  #tags(row: number): void {
    const output = this.#output;
    const texts = this.#texts;
    const last = this.#tagged;
    if (last.row >= 0 && areAlike(texts, row, last.row)) {
      output.again(last.start, last.length);
      return;
    }
    const start = output.length;
    const session = tagsOf(texts.value(row, numberOf.session_tags));
    const trace = tagsOf(texts.value(row, numberOf.trace_tags));
    const own = tagsOf(texts.value(row, numberOf.tags));
    const effective = JSON.stringify({ ...session, ...trace, ...own });
    const rest = `,"trace_tags":${JSON.stringify(trace)},"session_tags":${JSON.stringify(session)}`;
    output.text(`,"tags":${effective}${rest}`);
    this.#tagged = { row, start, length: output.length - start };
  }

  #error(row: number, spans: ProcessedSpans): void {
    const output = this.#output;
    const { batch, errorCode, errorMessage, errorStack } = spans;
    output.constant(names.error_code);
    this.#token(spans, errorCode, row, nothing);
    output.constant(names.error_message);
    this.#text(batch, errorMessage, row);
    output.constant(names.error_stack);
    this.#text(batch, errorStack, row);
    const hasError =
      batch.statusCode[row] === errorStatus ||
      (errorCode !== undefined && errorCode.indexAt(row) >= 0) ||
      (errorMessage !== undefined && errorMessage.lengthAt(row) >= 0);
    output.constant(hasError ? names.isError : names.isNoError);
  }

  /** What processors have found. */
  #found(row: number, spans: ProcessedSpans): void {
    const output = this.#output;
    const signals = spans.signalsOf(row);
    const attachments = spans.attachmentsOf(row);
    const version = spans.promptVersionOf(row);
    const warnings = spans.warningsOf(row);
    if (signals.length + attachments + warnings.length === 0 && version === undefined) {
      output.constant(plainEnd);
      return;
    }
    output.constant(names.signals);
    output.text(JSON.stringify(signalsOf(signals)));
    output.constant(names.attachment_count);
    output.ascii(String(attachments));
    output.constant(names.prompt_version_id);
    output.text(JSON.stringify(version ?? null));
    output.constant(names.warnings);
    output.text(JSON.stringify(warnings.map(warningOf)));
  }
}

const zeros = new Uint8Array(8);

function isRoot({ parentSpanId }: SpanBatch, tail: TextColumn | undefined, row: number): boolean {
  for (let i = 8 * row; i < 8 * row + 8; i++) if (parentSpanId[i] !== 0) return false;
  return tail === undefined || tail.lengthAt(row) < 0;
}

/** Whether all tags of two rows are written alike. */
function areAlike(texts: SpanTexts, row: number, other: number): boolean {
  return (
    isAlike(texts, numberOf.tags, row, other) &&
    isAlike(texts, numberOf.trace_tags, row, other) &&
    isAlike(texts, numberOf.session_tags, row, other)
  );
}

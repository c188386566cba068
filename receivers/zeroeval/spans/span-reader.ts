import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { parseJson } from "../../../extensions/api/http/body.ts";
import { badRequest } from "../../../extensions/api/http/errors.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import { takeBatch } from "../../../pipeline/span-batch/batch-pool.ts";
import { takeBody } from "../../../pipeline/span-batch/buffer-pool.ts";
import type { TextColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { JsonKind, JsonScanner, JsonSyntaxError } from "../json/scanner.ts";
import type { JsonBytes } from "../json/values.ts";
import { notAnArray, type Problems, tooManyItems } from "../read/problems.ts";
import type { TagLimits } from "../read/tags.ts";
import { addNanos, type Nanos, nanosBetween } from "../read/times.ts";
import { isZeroHalf, readUuid, uuidBytes } from "../read/uuid-bytes.ts";
import { idBytes, RepeatedSpans } from "./repeated-spans.ts";
import { RowFields } from "./row-fields.ts";
import type { SessionIds } from "./session-ids.ts";
import { SpanAttributes } from "./span-attributes.ts";
import { joinedSpan, numberOf } from "./span-fields.ts";
import { SpanSessions } from "./span-sessions.ts";
import { SpanSignals } from "./span-signals.ts";
import { type SpanContext, SpanTags } from "./span-tags.ts";
import { SpanTexts } from "./span-texts.ts";
import { ValueWriter } from "./value-writer.ts";

/** How much a request may say. */
export interface SpanLimits extends TagLimits {
  readonly maxSpans: number;
  /** How deep arrays and objects nest in a value. */
  readonly maxDepth: number;
  readonly maxAttributes: number;
  /** Of one span; further ones are left out. */
  readonly maxSignals: number;
  /** Of spans that stand several times in a request, joined each time; and of what their items are answered with. */
  readonly maxRepeatedBytes: number;
}

/** Part of the schema of spans. */
const maxKindLength = 64;
const statuses = ["unset", "ok", "error"] as const;
const scopeName = "zeroeval";
const generic = "generic";
// What a span of an SDK takes, about; wrong guesses cost a growth of columns.
const attributesPerSpan = 12;
const bytesPerSpan = 600;

/**
 * Writes JSON spans (SpanCreate of the API) into a batch, straight from their bytes, which are the batch's arena. Everything
 * is checked; a batch with problems is not to be used.
 *
 * What a field says stands in its column; `attributes` are the span's attributes, and what has no column becomes one of them
 * (`pipeline/kept-fields.ts`). The columns that are filled here are left alone by `genai`, which fills the others from the
 * attributes.
 */
export class SpanReader {
  readonly batch: SpanBatch;
  readonly texts: SpanTexts;
  readonly signals: SpanSignals;
  /** Of the body. */
  items = 0;
  /** The row of each item of the body; items that are no objects have none. */
  readonly rowOfItem: number[] = [];
  /** Ids that were made for rows without one. */
  readonly madeIds: Map<number, string>;
  readonly #body: JsonBytes;
  readonly #limits: SpanLimits;
  readonly #problems: Problems;
  readonly #sessions: SpanSessions;
  readonly #fields: RowFields;
  readonly #attributes: SpanAttributes;
  readonly #tags: SpanTags;
  readonly #values: ValueWriter;
  readonly #columns: ReturnType<typeof columnsOf>;
  readonly #project: number;
  readonly #start: Nanos = { low: 0, high: 0 };
  readonly #end: Nanos = { low: 0, high: 0 };
  readonly #repeated: RepeatedSpans;

  /** @param madeIds of an earlier reading of the same body */
  constructor(
    project: string,
    body: JsonBytes,
    limits: SpanLimits,
    problems: Problems,
    sessions: SessionIds,
    madeIds = new Map<number, string>(),
  ) {
    this.#body = body;
    this.#limits = limits;
    this.#problems = problems;
    this.madeIds = madeIds;
    const spans = Math.ceil(body.length / bytesPerSpan);
    // The arena goes with the batch; the body stays for the answer.
    const arenaBytes = takeBody(body.length);
    arenaBytes.set(body);
    const batch = takeBatch(arenaBytes, spans, attributesPerSpan);
    this.batch = batch;
    this.texts = new SpanTexts(body, spans);
    this.#fields = new RowFields(this.texts, problems);
    this.#values = new ValueWriter(batch.arena);
    this.#attributes = new SpanAttributes(batch, this.texts, this.#fields, limits, this.#values);
    this.#tags = new SpanTags(batch, this.texts, this.#fields, limits);
    this.signals = new SpanSignals(batch, this.#fields, limits.maxSignals);
    this.#sessions = new SpanSessions(batch, this.texts, this.#fields, sessions);
    this.#columns = columnsOf(batch);
    this.#repeated = new RepeatedSpans(batch.arena, this.texts, problems, limits.maxRepeatedBytes);
    const stored = storedProjectId(project);
    this.#project = stored === "" ? -1 : batch.tokens.internText(stored);
    batch.scopes.push({
      nameStart: batch.arena.appendText(scopeName),
      nameLength: scopeName.length,
      versionStart: 0,
      versionLength: 0,
      attributeStart: 0,
      attributeEnd: 0,
      droppedAttributesCount: 0,
      schemaUrlStart: 0,
      schemaUrlLength: 0,
    });
  }

  /** Of spans that say something of their trace or session. */
  get contexts(): readonly SpanContext[] {
    return this.#tags.contexts;
  }

  /** Whether a span stands several times in the request. */
  get hasRepeated(): boolean {
    return this.#repeated.hasAny;
  }

  /** Rows that no later row says again. */
  answeredRows(): readonly number[] {
    const rows = Array.from({ length: this.texts.rows }, (_, row) => row);
    return this.hasRepeated ? rows.filter((row) => !this.#repeated.isReplaced(row)) : rows;
  }

  /**
   * Reads the whole body. What is wrong with spans stands in `problems`.
   *
   * @throws {ApiError} 400: no JSON, no array, or too long a one
   */
  read(): void {
    const body = this.#body;
    try {
      if (!isUtf8(body)) throw new JsonSyntaxError("not UTF-8");
      this.#items();
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      // Says it in the words that all routes use.
      parseJson(body);
      throw badRequest([{ loc: ["body"], msg: `body is not JSON: ${error.message}`, type: "json_invalid" }]);
    }
    this.signals.finish();
    this.#repeated.finish(this.rowOfItem);
  }

  #items(): void {
    const scanner = new JsonScanner(this.#body);
    // A byte order mark, which is no JSON, stands for nothing.
    if (this.#body[0] === 0xef && this.#body[1] === 0xbb && this.#body[2] === 0xbf) scanner.position = 3;
    const isArray = scanner.next() === 0x5b;
    const { maxSpans } = this.#limits;
    if (!isArray) scanner.value();
    else if (scanner.enter(0x5b)) {
      do {
        if (this.items < maxSpans) this.#item(scanner, this.items);
        else scanner.value();
        this.items++;
      } while (scanner.more(0x5b));
    }
    if (scanner.next() >= 0) throw new JsonSyntaxError(`something follows at byte ${scanner.position}`);
    if (!isArray) throw notAnArray();
    if (this.items > maxSpans) throw tooManyItems(this.items, maxSpans);
  }

  #item(scanner: JsonScanner, index: number): void {
    if (scanner.next() === 0x7b) {
      this.rowOfItem[index] = this.texts.add(scanner);
      this.#row(this.texts.rows - 1, index);
      return;
    }
    scanner.value();
    this.#problems.add(["body", index], "must be an object", "invalid_type");
  }

  #row(row: number, index: number): void {
    const { batch } = this;
    const fields = this.#fields;
    batch.length = row + 1;
    batch.reserve(0);
    fields.beginRow(row, index);
    const earlier = this.#ids(row);
    const base = earlier < 0 ? 0 : this.#join(earlier, row, index);
    this.#parent(row);
    this.#name(row, base);
    this.#times(row);
    this.#clearRest(row);
    this.#status(row);
    this.#attributes.read(row, base);
    this.#kind(row, base);
    if (this.#project >= 0) batch.deriveColumn("ProjectId").setIndex(row, this.#project);
    this.#texts(row, base);
    const cost = this.texts.has(row, numberOf.cost) ? fields.number("cost", 0) : undefined;
    if (cost !== undefined) batch.setDerived("Cost", row, cost);
    this.#tags.read(row, this.#sessions.read(row, base));
    if (this.texts.has(row, numberOf.signals)) this.signals.read(row);
  }

  /** @returns the row that says the same span, or -1 */
  #ids(row: number): number {
    const { batch } = this;
    const { arena } = batch;
    const before = this.#problems.count;
    const at = arena.reserve(idBytes);
    if (this.#fields.requiredUuid("trace_id")) {
      batch.traceId.set(uuidBytes, 16 * row);
      arena.bytes.set(uuidBytes, at);
    }
    if (!this.#fields.uuid("id") && this.#problems.count === before) this.#makeId(row);
    this.#halves(row, at + 16, batch.spanId, this.#columns.spanIdTail);
    if (this.#problems.count > before) return -1;
    return this.#repeated.earlierRow(row, at);
  }

  /** Makes an id, into `uuidBytes`. */
  #makeId(row: number): void {
    const id = this.madeIds.get(row) ?? randomUUID();
    this.madeIds.set(row, id);
    readUuid(id);
  }

  /** An item that says a span again is joined with what was said before. @returns where its bytes stand in the arena */
  #join(earlier: number, row: number, index: number): number {
    this.#repeated.replace(earlier, row);
    this.batch.drop(earlier);
    // Nothing of the request is taken any more: joining would only make it larger.
    if (this.#problems.count > 0) return 0;
    const joined = this.signals.join(earlier, row, joinedSpan(this.texts.object(earlier), this.texts.object(row)));
    const json = Buffer.from(JSON.stringify(joined));
    if (!this.#repeated.mayJoin(json.length, index)) return 0;
    this.texts.replace(row, json, new JsonScanner(json));
    return this.batch.arena.append(json);
  }

  #parent(row: number): void {
    const { parentSpanId, arena } = this.batch;
    const hasParent =
      this.texts.has(row, numberOf.parent_span_id) &&
      this.texts.value(row, numberOf.parent_span_id) !== nilUuid &&
      this.#fields.uuid("parent_span_id");
    if (hasParent) this.#halves(row, arena.reserve(16), parentSpanId, this.#columns.parentSpanIdTail);
    else parentSpanId.fill(0, 8 * row, 8 * row + 8);
  }

  /**
   * Writes `uuidBytes` to the column of first halves, and to that of second halves where it is not an id of OTLP.
   *
   * @param at where they are written in the arena
   */
  #halves(row: number, at: number, firsts: Uint8Array, seconds: TextColumn): void {
    const { bytes } = this.batch.arena;
    for (let i = 0; i < 8; i++) {
      firsts[8 * row + i] = bytes[at + i] = uuidBytes[i]!;
      bytes[at + 8 + i] = uuidBytes[8 + i]!;
    }
    if (!isZeroHalf(8)) seconds.setRange(row, at + 8, 8);
  }

  #name(row: number, base: number): void {
    const { texts, batch } = this;
    const start = texts.startOf(row, numberOf.name) + 1;
    const length = texts.endOf(row, numberOf.name) - 1 - start;
    batch.nameIndex[row] =
      texts.kindOf(row, numberOf.name) === JsonKind.TEXT && length > 0
        ? batch.names.intern(base + start, length)
        : batch.names.internText(this.#fields.requiredText("name"));
  }

  #times(row: number): void {
    const { batch } = this;
    const [start, end] = [this.#start, this.#end];
    this.#fields.requiredTime("started_at", start);
    const hasEnd = this.#fields.time("ended_at", end);
    const durationMs = this.#fields.number("duration_ms");
    if (!hasEnd) {
      batch.setDerived("EndState", row, "open");
      addNanos(start, Math.max(0, Math.min(Math.round((durationMs ?? 0) * 1e6), Number.MAX_SAFE_INTEGER)), end);
    }
    batch.startTimeUnixNano[2 * row] = start.low;
    batch.startTimeUnixNano[2 * row + 1] = start.high;
    batch.endTimeUnixNano[2 * row] = end.low;
    batch.endTimeUnixNano[2 * row + 1] = end.high;
    // Without an end, a duration of 0 looks like none.
    const isTold = nanosBetween(start, end) / 1e6 === durationMs && (hasEnd || durationMs !== 0);
    if (durationMs !== undefined && !isTold) {
      batch.setDerived("SentDuration", row, durationMs);
    }
  }

  /** What JSON spans do not have. The row may hold what another batch has left. */
  #clearRest(row: number): void {
    const { batch } = this;
    batch.kind[row] = batch.flags[row] = 0;
    batch.statusMessage[2 * row] = batch.statusMessage[2 * row + 1] = 0;
    batch.traceState[2 * row] = batch.traceState[2 * row + 1] = 0;
    batch.droppedAttributesCount[row] = batch.droppedEventsCount[row] = batch.droppedLinksCount[row] = 0;
    batch.scopeIndex[row] = 0;
    batch.eventStart[row] = batch.eventEnd[row] = batch.linkStart[row] = batch.linkEnd[row] = 0;
  }

  #status(row: number): void {
    const { texts, batch } = this;
    batch.statusCode[row] = 0;
    if (!texts.has(row, numberOf.status)) return;
    // That nothing was said and that it was said to be unset look the same in the column: `SpanAttributes` keeps the latter.
    const status = this.#fields.oneOf("status", statuses);
    if (status !== undefined) batch.statusCode[row] = statuses.indexOf(status);
  }

  #kind(row: number, base: number): void {
    const { texts } = this;
    const start = texts.startOf(row, numberOf.kind) + 1;
    const length = texts.endOf(row, numberOf.kind) - 1 - start;
    const isPlain = texts.kindOf(row, numberOf.kind) === JsonKind.TEXT && length > 0 && length <= maxKindLength;
    // Neither a kind that says nothing nor one that may be too long.
    if (isPlain && length !== generic.length) {
      this.#columns.kind.setIndex(row, this.batch.tokens.intern(base + start, length));
      return;
    }
    const sent = this.#fields.text("kind");
    // No kind is read as generic. It is not written: a span sent again without its kind keeps the one it has.
    // SDKs fill in `generic` where their caller said nothing; an attribute that somebody wrote says more.
    const isUnsaid = sent === undefined || sent === "" || sent === generic;
    const byAttribute = isUnsaid ? this.#attributes.kindOf(row)?.slice(0, maxKindLength) : undefined;
    const kind = byAttribute ?? sent ?? "";
    if (kind.length > maxKindLength) {
      this.#problems.add(this.#fields.loc("kind"), `must have at most ${maxKindLength} characters`, "out_of_range");
    }
    this.#columns.kind.set(row, kind);
  }

  #texts(row: number, base: number): void {
    const { batch, texts } = this;
    const fields = this.#fields;
    if (texts.has(row, numberOf.input_data)) this.#document(row, base, "input_data", "Input");
    if (texts.has(row, numberOf.output_data)) this.#document(row, base, "output_data", "Output");
    if (texts.has(row, numberOf.error_code)) {
      const code = fields.text("error_code");
      if (code) batch.setDerived("ErrorType", row, code);
    }
    if (texts.has(row, numberOf.error_message)) this.#errorText(row, "error_message", "ErrorMessage");
    if (texts.has(row, numberOf.error_stack)) this.#errorText(row, "error_stack", "ErrorStack");
  }

  #errorText(row: number, field: "error_message" | "error_stack", column: "ErrorMessage" | "ErrorStack"): void {
    const text = this.#fields.text(field);
    if (text) this.batch.setDerived(column, row, text);
  }

  /** Texts stay as they are; other values are stored as their JSON. */
  #document(row: number, base: number, field: "input_data" | "output_data", column: "Input" | "Output"): void {
    const { texts, batch } = this;
    const { kind, start, end } = texts.rangeOf(row, numberOf[field]);
    if (kind === JsonKind.TEXT) batch.deriveColumn(column).setRange(row, base + start + 1, end - start - 2);
    else if (kind === JsonKind.ESCAPED) {
      const text = this.#values.unescaped(base + start);
      batch.deriveColumn(column).setRange(row, text.start, text.length);
    } else if (texts.depthOf(numberOf[field]) <= this.#limits.maxDepth) {
      batch.setDerived(column, row, JSON.stringify(texts.value(row, numberOf[field])));
    } else {
      const message = `is nested deeper than max_depth ${this.#limits.maxDepth}`;
      this.#problems.add(this.#fields.loc(field), message, "too_deep");
    }
  }
}

const nilUuid = "00000000-0000-0000-0000-000000000000";

/** Columns that nearly every span fills. */
function columnsOf(batch: SpanBatch) {
  return {
    spanIdTail: batch.deriveColumn("SpanIdTail"),
    parentSpanIdTail: batch.deriveColumn("ParentSpanIdTail"),
    kind: batch.deriveColumn("OperationKind"),
  };
}

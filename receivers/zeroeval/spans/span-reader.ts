import { randomUUID } from "node:crypto";
import { sessionUuid, storedProjectId } from "../../../pipeline/ids.ts";
import { attributeOfField, promptVersionAttribute } from "../../../pipeline/kept-fields.ts";
import { takeBatch } from "../../../pipeline/span-batch/batch-pool.ts";
import type { TextColumn, TokenColumn } from "../../../pipeline/span-batch/derived.ts";
import type { MapColumn } from "../../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { inlineSignal } from "../../../processors/signals/inline/normalise.ts";
import { isDeeper } from "../read/depth.ts";
import { Fields } from "../read/fields.ts";
import type { Problems } from "../read/problems.ts";
import { readTags, type TagLimits, type Tags } from "../read/tags.ts";
import { addNanos, type Nanos, nanosBetween } from "../read/times.ts";
import { isZeroHalf, readUuid, uuidBytes } from "../read/uuid-bytes.ts";
import { readFields } from "./span-fields.ts";
import { ValueWriter } from "./value-writer.ts";

/** How much a span may say. */
export interface SpanLimits extends TagLimits {
  /** How deep arrays and objects nest in a value. */
  readonly maxDepth: number;
  readonly maxAttributes: number;
}

/** What is said of the trace and the session of a span, beside what its row holds. */
export interface SpanContext {
  /** Of the span. */
  readonly row: number;
  /** "" where the span names none: then it is the session of its trace. */
  readonly sessionId: string;
  readonly traceTags: Tags | undefined;
  readonly sessionTags: Tags | undefined;
}

const maxKindLength = 64;
const statuses = ["unset", "ok", "error"] as const;
const noTags: Tags = new Map();
const scopeName = "zeroeval";
// What a span of an SDK takes in the batch's memory is about what it takes as JSON.
const attributesPerSpan = 12;

/**
 * Writes JSON spans (SpanCreate of the API) into a batch. Everything is checked; a batch with problems is not to be used.
 *
 * What a field says stands in its column; `attributes` are the span's attributes, and what has no column becomes one of them
 * (`pipeline/kept-fields.ts`). The columns that are filled here are left alone by `genai`, which fills the others from the
 * attributes.
 */
export class SpanReader {
  readonly batch: SpanBatch;
  /** Of spans that say something of their trace or session. */
  readonly contexts: SpanContext[] = [];
  readonly #limits: SpanLimits;
  readonly #fields: Fields;
  readonly #problems: Problems;
  readonly #values: ValueWriter;
  readonly #keys = new Map<string, number>();
  readonly #resources = new Map<string, number>();
  readonly #start: Nanos = { low: 0, high: 0 };
  readonly #end: Nanos = { low: 0, high: 0 };
  readonly #project: number;
  readonly #columns: Columns;
  /** Of the request: which UUID each session has. */
  readonly #sessions = new Map<string, string>();

  /** @param bytes of the body that the spans come from */
  constructor(project: string, spans: number, bytes: number, limits: SpanLimits, problems: Problems) {
    this.#limits = limits;
    this.#problems = problems;
    this.#fields = new Fields(problems);
    const batch = takeBatch(new Uint8Array(0), spans, attributesPerSpan);
    this.batch = batch;
    batch.reserve(spans);
    // Room for all of it at once; ids and nested values take somewhat more than their JSON.
    batch.arena.reserve(Math.ceil(bytes * 1.25));
    batch.arena.length = 0;
    this.#values = new ValueWriter(batch.arena);
    this.#columns = columnsOf(batch);
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

  /** Adds item `index` of the body. */
  add(item: unknown, index: number): void {
    const fields = this.#fields;
    if (!fields.begin(item, index)) return;
    const row = this.batch.length++;
    this.batch.reserve(0);
    this.#ids(row);
    this.batch.nameIndex[row] = this.batch.names.internText(fields.requiredText("name"));
    this.#times(row);
    this.#clearRest(row);
    const attributes = fields.object("attributes");
    this.#kindAndStatus(row, attributes);
    this.#texts(row);
    const cost = fields.number("cost", 0);
    if (cost !== undefined) this.batch.setDerived("Cost", row, cost);
    const sessionId = this.#session(row);
    this.#tags(row, sessionId);
    this.#signals(row);
    this.#attributes(row, item, attributes);
  }

  #ids(row: number): void {
    const { batch } = this;
    const fields = this.#fields;
    if (fields.requiredUuid("trace_id")) batch.traceId.set(uuidBytes, 16 * row);
    // A UUID that was made is one.
    if (fields.uuid("id") || readUuid(randomUUID())) this.#halves(row, batch.spanId, this.#columns.spanIdTail);
    const hasParent = fields.value("parent_span_id") !== nilUuid && fields.uuid("parent_span_id");
    if (hasParent) this.#halves(row, batch.parentSpanId, this.#columns.parentSpanIdTail);
    else batch.parentSpanId.fill(0, 8 * row, 8 * row + 8);
  }

  /** Writes `uuidBytes` to the column of first halves, and to that of second halves where it is not an id of OTLP. */
  #halves(row: number, firsts: Uint8Array, seconds: TextColumn): void {
    for (let i = 0; i < 8; i++) firsts[8 * row + i] = uuidBytes[i]!;
    if (isZeroHalf(8)) return;
    const { arena } = this.batch;
    const at = arena.reserve(8);
    for (let i = 0; i < 8; i++) arena.bytes[at + i] = uuidBytes[8 + i]!;
    seconds.setRange(row, at, 8);
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

  #kindAndStatus(row: number, attributes: Readonly<Record<string, unknown>> | undefined): void {
    const sent = this.#fields.text("kind");
    const byAttribute = attributes?.["kind"];
    // No kind is read as generic. It is not written: a span sent again without its kind keeps the one it has.
    // SDKs fill in `generic` where their caller said nothing; an attribute that somebody wrote says more.
    const isUnsaid = sent === undefined || sent === "" || sent === "generic";
    const kind = isUnsaid && typeof byAttribute === "string" ? byAttribute.slice(0, maxKindLength) : (sent ?? "");
    if (kind.length > maxKindLength) {
      this.#problems.add(this.#fields.loc("kind"), `must have at most ${maxKindLength} characters`, "out_of_range");
    }
    this.#columns.kind.set(row, kind);
    const status = this.#fields.oneOf("status", statuses);
    // That nothing was said and that it was said to be unset look the same in the column: see #kept.
    this.batch.statusCode[row] = status === undefined ? 0 : statuses.indexOf(status);
    if (this.#project >= 0) this.batch.deriveColumn("ProjectId").setIndex(row, this.#project);
  }

  #texts(row: number): void {
    const fields = this.#fields;
    this.#document(row, "input_data", "Input");
    this.#document(row, "output_data", "Output");
    const code = fields.text("error_code");
    if (code) this.batch.setDerived("ErrorType", row, code);
    const message = fields.text("error_message");
    if (message) this.batch.setDerived("ErrorMessage", row, message);
    const stack = fields.text("error_stack");
    if (stack) this.batch.setDerived("ErrorStack", row, stack);
  }

  /** Texts stay as they are; other values are stored as their JSON. */
  #document(row: number, field: string, column: "Input" | "Output"): void {
    const value = this.#fields.value(field);
    if (value === undefined) return;
    if (typeof value === "string") this.batch.setDerived(column, row, value);
    else if (!this.#isTooDeep(value, field)) this.batch.setDerived(column, row, JSON.stringify(value));
  }

  #isTooDeep(value: unknown, ...place: string[]): boolean {
    if (!isDeeper(value, this.#limits.maxDepth)) return false;
    const message = `is nested deeper than max_depth ${this.#limits.maxDepth}`;
    this.#problems.add(this.#fields.loc(...place), message, "too_deep");
    return true;
  }

  /** @returns the session's UUID, or "" */
  #session(row: number): string {
    const fields = this.#fields;
    const session = fields.object("session");
    const plain = fields.text("session_id");
    const id = session === undefined ? plain : session["id"];
    if (session !== undefined && (typeof id !== "string" || id === "")) {
      const isMissing = id === undefined || id === null || id === "";
      const [message, type] = isMissing ? ["is required", "missing"] : ["must be a string", "invalid_type"];
      this.#problems.add(fields.loc("session", "id"), message!, type!);
    }
    if (typeof id !== "string" || id === "") return "";
    const uuid = this.#uuidOfSession(id);
    this.#columns.sessionId.set(row, uuid);
    const named = session?.["name"];
    if (named !== undefined && named !== null && typeof named !== "string") {
      this.#problems.add(fields.loc("session", "name"), "must be a string", "invalid_type");
    }
    const name = (typeof named === "string" && named) || fields.text("session_name") || "";
    if (name !== "") this.#columns.sessionName.set(row, name);
    else if (!readUuid(id)) this.#columns.sessionName.set(row, id);
    return uuid;
  }

  #uuidOfSession(id: string): string {
    let uuid = this.#sessions.get(id);
    if (uuid === undefined) {
      uuid = sessionUuid(id);
      this.#sessions.set(id, uuid);
    }
    return uuid;
  }

  #tags(row: number, sessionId: string): void {
    const own = this.#readTags("tags");
    this.#columns.tags.set(row, own ?? noTags);
    const traceTags = this.#readTags("trace_tags");
    const ofSession = this.#readTags("session_tags");
    const session = this.#fields.value("session") as { readonly tags?: unknown } | undefined;
    const inSession =
      typeof session === "object" && session.tags
        ? readTags(session.tags, () => this.#fields.loc("session", "tags"), this.#limits, this.#problems)
        : undefined;
    const sessionTags = inSession === undefined ? ofSession : new Map([...inSession, ...(ofSession ?? [])]);
    const hasTraceTags = traceTags !== undefined && traceTags.size > 0;
    const hasSessionTags = sessionTags !== undefined && sessionTags.size > 0;
    if (!hasTraceTags && !hasSessionTags) return;
    this.contexts.push({
      row,
      sessionId,
      traceTags: hasTraceTags ? traceTags : undefined,
      sessionTags: hasSessionTags ? sessionTags : undefined,
    });
  }

  #readTags(field: string): Tags | undefined {
    const value = this.#fields.value(field);
    if (value === undefined) return undefined;
    return readTags(value, () => this.#fields.loc(field), this.#limits, this.#problems);
  }

  #signals(row: number): void {
    const signals = this.#fields.object("signals");
    if (signals === undefined) return;
    for (const key of Object.keys(signals)) {
      const signal = inlineSignal(key, signals[key] as never);
      if ("problem" in signal) this.#problems.add(this.#fields.loc("signals", key), signal.problem, "invalid_value");
      else this.batch.signals.push({ row, entity: "span", name: signal.name, value: signal.value, source: "sdk" });
    }
  }

  #attributes(
    row: number,
    item: Readonly<Record<string, unknown>>,
    sent: Readonly<Record<string, unknown>> = {},
  ): void {
    const { batch } = this;
    const table = batch.attributes;
    const start = table.length;
    for (const key of Object.keys(sent)) {
      const value = sent[key];
      if (typeof value === "object" && value !== null && this.#isTooDeep(value, "attributes", key)) continue;
      this.#values.push(table, this.#keyIndex(key), value);
    }
    const linked = promptVersionOf(sent);
    if (linked !== undefined) this.#values.push(table, this.#keyIndex(promptVersionAttribute), linked);
    this.#kept(item);
    batch.attributeStart[row] = start;
    batch.attributeEnd[row] = table.length;
    batch.resourceIndex[row] = this.#resourceOf(sent["service.name"]);
    const count = table.length - start;
    if (count <= this.#limits.maxAttributes) return;
    const message = `has ${count} attributes, more than max_attributes_per_span ${this.#limits.maxAttributes}`;
    this.#problems.add(this.#fields.loc("attributes"), message, "out_of_range");
  }

  /** Fields without a column. */
  #kept(item: Readonly<Record<string, unknown>>): void {
    if (item["status"] === "unset") {
      this.#values.push(this.batch.attributes, this.#keyIndex(attributeOfField("status")), "unset");
    }
    for (const key in item) {
      if (readFields.has(key)) continue;
      const value = item[key];
      if (value === null || !this.#isFieldValid(key)) continue;
      if (Array.isArray(value) && value.length === 0) continue;
      if (typeof value === "object" && this.#isTooDeep(value, key)) continue;
      this.#values.push(this.batch.attributes, this.#keyIndex(attributeOfField(key)), value);
    }
  }

  #isFieldValid(key: string): boolean {
    const fields = this.#fields;
    switch (key) {
      case "code":
      case "code_filepath":
      case "experiment_result_id":
        return fields.text(key) !== undefined;
      case "code_lineno":
        return fields.integer(key) !== undefined;
      case "ab_choices":
        return this.#areChoices(fields.value(key));
      default:
        return true;
    }
  }

  #areChoices(choices: unknown): boolean {
    const isList = Array.isArray(choices) && choices.every((choice) => typeof choice === "object" && choice !== null);
    if (!isList) this.#problems.add(this.#fields.loc("ab_choices"), "must be an array of objects", "invalid_type");
    return isList;
  }

  #keyIndex(key: string): number {
    let index = this.#keys.get(key);
    if (index === undefined) {
      index = this.batch.attributes.keys.internText(key);
      this.#keys.set(key, index);
    }
    return index;
  }

  /** The resource of spans of a service: what the span says of it is where other senders say it. */
  #resourceOf(service: unknown): number {
    const name = typeof service === "string" ? service : "";
    let index = this.#resources.get(name);
    if (index !== undefined) return index;
    const { resourceAttributes, resources } = this.batch;
    const attributeStart = resourceAttributes.length;
    if (name !== "") this.#values.push(resourceAttributes, resourceAttributes.keys.internText("service.name"), name);
    const attributeEnd = resourceAttributes.length;
    const nothing = { droppedAttributesCount: 0, schemaUrlStart: 0, schemaUrlLength: 0 };
    index = resources.push({ attributeStart, attributeEnd, ...nothing }) - 1;
    this.#resources.set(name, index);
    return index;
  }
}

const nilUuid = "00000000-0000-0000-0000-000000000000";

/** Columns that nearly every span fills. */
interface Columns {
  readonly spanIdTail: TextColumn;
  readonly parentSpanIdTail: TextColumn;
  readonly kind: TokenColumn;
  readonly sessionId: TextColumn;
  readonly sessionName: TextColumn;
  readonly tags: MapColumn;
}

function columnsOf(batch: SpanBatch): Columns {
  return {
    spanIdTail: batch.deriveColumn("SpanIdTail"),
    parentSpanIdTail: batch.deriveColumn("ParentSpanIdTail"),
    kind: batch.deriveColumn("OperationKind"),
    sessionId: batch.deriveColumn("SessionId"),
    sessionName: batch.deriveColumn("SessionName"),
    tags: batch.deriveColumn("Tags"),
  };
}

/** The version of a prompt that SDKs name in `attributes.zeroeval`. */
function promptVersionOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const decoration = attributes["zeroeval"];
  if (typeof decoration !== "object" || decoration === null) return undefined;
  const id = (decoration as { readonly prompt_version_id?: unknown }).prompt_version_id;
  return typeof id === "string" && id !== "" && !(promptVersionAttribute in attributes) ? id : undefined;
}

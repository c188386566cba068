import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { parseJson } from "../../../extensions/api/http/body.ts";
import { storedProjectId, storedTraceId, uuidOfSpan, uuidOfTrace } from "../../../pipeline/ids.ts";
import { releaseBatch } from "../../../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { ZeroevalConfig } from "../config.ts";
import type { EntityWriter } from "../entities/entity-writer.ts";
import type { LookUp } from "../look-up.ts";
import type { Pipeline } from "../pipeline.ts";
import { arrayBody, Problems } from "../read/problems.ts";
import { mayBePricedLate, wholeSpan } from "./late-cost.ts";
import { type ProcessedSpan, processedSpans } from "./processed.ts";
import { type SpanIds, spanAnswer } from "./span-answer.ts";
import { joinedSpan } from "./span-fields.ts";
import { type SpanContext, SpanReader } from "./span-reader.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** The neighbours of the intake of spans. */
export interface SpanIntakePorts {
  readonly config: ZeroevalConfig;
  readonly pipeline: Pipeline;
  readonly entities: EntityWriter;
  readonly lookUp: LookUp;
}

/** Takes POST /spans. */
export class SpanIntake {
  readonly #ports: SpanIntakePorts;

  constructor(ports: SpanIntakePorts) {
    this.#ports = ports;
  }

  /**
   * Stores the spans of a body, or nothing of it.
   *
   * @returns SpanRead of each, in the order of the request
   * @throws {ApiError} 400 with everything that is wrong
   * @throws what the pipeline throws
   */
  async post(body: Buffer, caller: Caller): Promise<readonly object[]> {
    const { config } = this.#ports;
    const items = arrayBody(parseJson(body), config.max_spans_per_request);
    if (items.length === 0) return [];
    const problems = new Problems(config.max_listed_problems);
    const reader = new SpanReader(caller.projectId, items.length, body.length, limitsOf(config), problems);
    const spans = readAll(items, reader);
    if (problems.count > 0) {
      releaseBatch(reader.batch);
      this.#ports.pipeline.rejected(items.length);
      problems.throwAny();
    }
    const { batch } = reader;
    const ids = idsOf(batch);
    const arrived = new Date(batch.receivedTimeMs).toISOString();
    let processed: readonly ProcessedSpan[] = [];
    batch.whenProcessed = (seen) => {
      processed = processedSpans(seen, (row) => saidBy(spans[row]!));
    };
    const tags = this.#ports.entities.writeTags(reader.contexts, batch, storedProjectId(caller.projectId));
    // Both at once; a failure of either is the request's.
    await Promise.all([this.#ports.pipeline.consume(batch), tags]);
    await this.#tagSessionsOfTraces(caller, reader.contexts, ids);
    const stored = [...(await this.#stored(caller, ids, items.length))];
    await this.#priceLate(caller, spans, ids, processed, stored);
    const frame = { project: caller.projectId, arrived };
    return spans
      .flatMap((span, row) => (span.isReplaced ? [] : span.indexes.map((index) => [index, row] as const)))
      .toSorted(([one], [other]) => one - other)
      .map(([, row]) => stored[row] ?? spanAnswer(spans[row]!.item, ids[row]!, processed[row], frame));
  }

  /** Tags of the session, of spans that do not name it: their trace may. Where it does not yet, nobody knows whose they are. */
  async #tagSessionsOfTraces(caller: Caller, contexts: readonly SpanContext[], ids: readonly SpanIds[]): Promise<void> {
    const unnamed = contexts.flatMap(({ row, sessionId, sessionTags }) =>
      sessionId === "" && sessionTags !== undefined
        ? [{ trace: storedTraceId(ids[row]!.trace), tags: sessionTags }]
        : [],
    );
    if (unnamed.length === 0) return;
    const { lookUp, entities } = this.#ports;
    const sessions = await lookUp.sessionsOfTraces(caller.projectId, [...new Set(unnamed.map(({ trace }) => trace))]);
    const tagged = unnamed.flatMap(({ trace, tags }) => {
      const sessionId = sessions.get(trace);
      return sessionId === undefined ? [] : [{ sessionId, tags }];
    });
    await entities.writeSessionTags(tagged, storedProjectId(caller.projectId));
  }

  /** Prices spans again whose tokens came after the rest of them. Their answers in `stored` are made anew. */
  async #priceLate(
    caller: Caller,
    spans: readonly ReadSpan[],
    ids: readonly SpanIds[],
    processed: readonly ProcessedSpan[],
    stored: (object | undefined)[],
  ): Promise<void> {
    const { lookUp, config, pipeline } = this.#ports;
    const rows = spans.flatMap(({ item, isReplaced }, row) =>
      !isReplaced && mayBePricedLate(item, processed[row]) ? [row] : [],
    );
    if (rows.length === 0) return;
    const known = await this.#known(caller, ids, rows, stored);
    const late = rows.flatMap((row, index) => {
      const whole = known[index] && wholeSpan(spans[row]!.item, known[index] as JsonObject);
      return whole === undefined ? [] : [{ row, whole }];
    });
    if (late.length === 0) return;
    const problems = new Problems(0);
    const reader = new SpanReader(caller.projectId, late.length, 0, limitsOf(config), problems);
    for (const [index, { whole }] of late.entries()) reader.add(whole, index);
    // Together its writes may say more than one write may: then it stays without a cost.
    if (problems.count > 0) return releaseBatch(reader.batch);
    await pipeline.consume(reader.batch);
    const priced = await lookUp.spans(
      caller.projectId,
      late.map(({ row }) => ids[row]!),
    );
    for (const [index, { row }] of late.entries()) stored[row] = priced[index];
  }

  async #known(
    caller: Caller,
    ids: readonly SpanIds[],
    rows: readonly number[],
    stored: readonly (object | undefined)[],
  ): Promise<readonly (object | undefined)[]> {
    if (stored.length > 0) return rows.map((row) => stored[row]);
    return this.#ports.lookUp.spans(
      caller.projectId,
      rows.map((row) => ids[row]!),
    );
  }

  async #stored(caller: Caller, ids: readonly SpanIds[], count: number): Promise<readonly (object | undefined)[]> {
    const { lookUp, config } = this.#ports;
    return count > config.answer_lookup_max_spans ? [] : lookUp.spans(caller.projectId, ids);
  }
}

/** A row of the batch, and which items of the request it stands for. */
interface ReadSpan {
  readonly item: JsonObject;
  readonly indexes: number[];
  /** A later row says the same span. */
  isReplaced: boolean;
}

/** Reads every item. One that says a span again is joined with what was said before, and its row takes the other's place. */
function readAll(items: readonly unknown[], reader: SpanReader): readonly ReadSpan[] {
  const spans: ReadSpan[] = [];
  const rowOf = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    const before = key === undefined ? undefined : rowOf.get(key);
    const earlier = before === undefined ? undefined : spans[before]!;
    const whole = earlier === undefined ? item : joinedSpan(earlier.item, item as JsonObject);
    const row = reader.batch.length;
    reader.add(whole, index);
    if (reader.batch.length === row) continue;
    spans.push({ item: whole as JsonObject, indexes: [...(earlier?.indexes ?? []), index], isReplaced: false });
    if (earlier !== undefined) {
      earlier.isReplaced = true;
      reader.batch.drop(before!);
    }
    if (key !== undefined) rowOf.set(key, row);
  }
  return spans;
}

function keyOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { id, trace_id: trace } = item as JsonObject;
  return typeof id === "string" && typeof trace === "string" ? `${trace} ${id}`.toLowerCase() : undefined;
}

function saidBy({ item }: ReadSpan) {
  const isSaid = (field: string): boolean => item[field] !== undefined && item[field] !== null;
  return { input: isSaid("input_data"), output: isSaid("output_data") };
}

function limitsOf(config: ZeroevalConfig) {
  return {
    maxDepth: config.max_depth,
    maxAttributes: config.max_attributes_per_span,
    maxTags: config.max_tags,
    maxTagLength: config.max_tag_length,
  };
}

/** Read before the batch is given away. */
function idsOf(batch: SpanBatch): readonly SpanIds[] {
  const spans = batch.derivedColumn("SpanIdTail");
  const parents = batch.derivedColumn("ParentSpanIdTail");
  const { bytes } = batch.arena;
  const hex = (from: Uint8Array, start: number, width: number): string =>
    Buffer.from(from.buffer, from.byteOffset + start, width).toString("hex");
  return Array.from({ length: batch.length }, (_, row) => {
    const tail = (spans?.lengthAt(row) ?? -1) < 0 ? "" : hex(bytes, spans!.startAt(row), 8);
    const parentTail = (parents?.lengthAt(row) ?? -1) < 0 ? "" : hex(bytes, parents!.startAt(row), 8);
    const parent = hex(batch.parentSpanId, 8 * row, 8) + parentTail;
    return {
      trace: uuidOfTrace(hex(batch.traceId, 16 * row, 16)),
      id: uuidOfSpan(hex(batch.spanId, 8 * row, 8) + tail),
      parent: /^0*$/.test(parent) ? null : uuidOfSpan(parent),
    };
  });
}

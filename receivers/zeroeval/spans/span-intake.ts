import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { ApiReply } from "../../../extensions/api/http/route.ts";
import { storedProjectId, storedTraceId } from "../../../pipeline/ids.ts";
import { releaseBatch } from "../../../pipeline/span-batch/batch-pool.ts";
import { giveBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";
import type { ZeroevalConfig } from "../config.ts";
import type { TaggedTrace } from "../entities/entity-rows.ts";
import { type EntityWriter, startOf } from "../entities/entity-writer.ts";
import type { ZeroevalInstruments } from "../instruments.ts";
import type { LookUp } from "../look-up.ts";
import type { Pipeline } from "../pipeline.ts";
import { Problems } from "../read/problems.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { mayBePricedLate, wholeSpan } from "./late-cost.ts";
import type { ProcessedSpans } from "./processed.ts";
import { SessionIds } from "./session-ids.ts";
import { type SpanIds, spanIdsOf } from "./span-ids.ts";
import { type SpanLimits, SpanReader } from "./span-reader.ts";
import type { SpanTexts } from "./span-texts.ts";

type JsonObject = Readonly<Record<string, unknown>>;
type Stored = Map<number, object>;

/** The neighbours of the intake of spans. */
export interface SpanIntakePorts {
  readonly config: ZeroevalConfig;
  readonly pipeline: Pipeline;
  readonly entities: EntityWriter;
  readonly lookUp: LookUp;
  readonly instruments: ZeroevalInstruments;
}

/** A row of the batch whose cost may follow from what was said of its span before. */
interface LateSpan {
  readonly row: number;
  readonly ids: SpanIds;
}

/** Takes POST /spans. */
export class SpanIntake {
  readonly #ports: SpanIntakePorts;
  readonly #limits: SpanLimits;
  readonly #sessions = new SessionIds();

  constructor(ports: SpanIntakePorts) {
    this.#ports = ports;
    this.#limits = limitsOf(ports.config);
  }

  /**
   * Stores the spans of a body, or nothing of it.
   *
   * @param body given away
   * @returns SpanRead of each, in the order of the request
   * @throws {ApiError} 400 with everything that is wrong
   * @throws what the pipeline throws
   */
  async post(body: Buffer, caller: Caller): Promise<ApiReply> {
    try {
      return await this.#store(body, this.#read(body, caller), caller);
    } finally {
      giveBuffer(body);
    }
  }

  /** @throws {ApiError} 400 */
  #read(body: Buffer, caller: Caller): SpanReader {
    const problems = new Problems(this.#ports.config.max_listed_problems);
    const reader = new SpanReader(caller.projectId, body, this.#limits, problems, this.#sessions);
    try {
      reader.read();
      if (problems.count > 0) this.#ports.pipeline.rejected(reader.items);
      problems.throwAny();
    } catch (error) {
      releaseBatch(reader.batch);
      throw error;
    }
    return reader;
  }

  async #store(body: Buffer, reader: SpanReader, caller: Caller): Promise<ApiReply> {
    const { batch, contexts, texts } = reader;
    const { entities, pipeline, lookUp, config, instruments } = this.#ports;
    const frame = { project: caller.projectId, arrived: new Date(batch.receivedTimeMs).toISOString() };
    const answers = new AnswerWriter(texts, frame, body.length);
    const rows = reader.answeredRows();
    // Read before the batch is given away.
    const ids = reader.items > config.answer_lookup_max_spans ? [] : rows.map((row) => spanIdsOf(batch, row));
    const unnamed = unnamedSessions(reader);
    let late: readonly LateSpan[] = [];
    let isWaiting = true;
    batch.whenProcessed = (seen) => {
      // Afterwards body and answer are memory of other requests.
      if (isWaiting) late = lateSpans(texts, rows, answers.write(seen, rows));
    };
    const tags = entities.writeTags(contexts, batch, storedProjectId(caller.projectId));
    try {
      // Both at once; a failure of either is the request's.
      await Promise.all([pipeline.consume(batch), tags]);
      instruments.leftOutSignals(reader.signals.leftOut);
    } finally {
      isWaiting = false;
    }
    if (!answers.isWritten) this.#writeUnprocessed(body, reader, caller, answers);
    await this.#tagSessionsOfTraces(caller, unnamed);
    const found = ids.length === 0 ? [] : await lookUp.spans(caller.projectId, ids);
    const stored = new Map(found.flatMap((span, index) => (span === undefined ? [] : [[rows[index]!, span] as const])));
    await this.#priceLate(caller, texts, late, stored);
    const answer = reader.hasRepeated || stored.size > 0 ? joined(reader, answers, stored) : answers.whole;
    return new ApiReply(200, answer, { "content-type": "application/json; charset=utf-8" }, () => answers.release());
  }

  /** Where processors hold spans back, nobody knows yet what becomes of them: the answer is what was sent. */
  #writeUnprocessed(body: Buffer, first: SpanReader, caller: Caller, answers: AnswerWriter): void {
    const problems = new Problems(0);
    const again = new SpanReader(caller.projectId, body, this.#limits, problems, this.#sessions, first.madeIds);
    again.read();
    answers.write(again.batch, first.answeredRows());
    releaseBatch(again.batch);
  }

  /** Tags of the session, of spans that do not name it: their trace may. Where it does not yet, they wait for that. */
  async #tagSessionsOfTraces(caller: Caller, unnamed: readonly TaggedTrace[]): Promise<void> {
    if (unnamed.length === 0) return;
    const { lookUp, entities } = this.#ports;
    const project = storedProjectId(caller.projectId);
    const traceIds = [...new Set(unnamed.map(({ traceId }) => traceId))];
    const sessions = await lookUp.sessionsOfTraces(caller.projectId, traceIds);
    const known = unnamed.flatMap(({ traceId, tags }) => {
      const sessionId = sessions.get(traceId);
      return sessionId === undefined ? [] : [{ sessionId, tags }];
    });
    const waiting = unnamed.filter(({ traceId }) => !sessions.has(traceId));
    await Promise.all([entities.writeSessionTags(known, project), entities.writeWaitingTags(waiting, project)]);
  }

  /** Prices spans again whose tokens came after the rest of them. Their answers in `stored` are made anew. */
  async #priceLate(caller: Caller, texts: SpanTexts, late: readonly LateSpan[], stored: Stored): Promise<void> {
    if (late.length === 0) return;
    const { lookUp, pipeline } = this.#ports;
    const known =
      stored.size > 0
        ? late.map(({ row }) => stored.get(row))
        : await lookUp.spans(
            caller.projectId,
            late.map(({ ids }) => ids),
          );
    const whole = late.flatMap(({ row, ids }, index) => {
      const span = known[index] && wholeSpan(texts.object(row), known[index] as JsonObject);
      return span === undefined ? [] : [{ row, ids, span }];
    });
    if (whole.length === 0) return;
    const problems = new Problems(0);
    const json = Buffer.from(JSON.stringify(whole.map(({ span }) => span)));
    const reader = new SpanReader(caller.projectId, json, this.#limits, problems, this.#sessions);
    reader.read();
    // Together its writes may say more than one write may: then it stays without a cost.
    if (problems.count > 0) return releaseBatch(reader.batch);
    await pipeline.consume(reader.batch);
    const priced = await lookUp.spans(
      caller.projectId,
      whole.map(({ ids }) => ids),
    );
    for (const [index, { row }] of whole.entries()) if (priced[index]) stored.set(row, priced[index]);
  }
}

/** Tags of sessions that only the traces of their spans can name. */
function unnamedSessions({ batch, contexts }: SpanReader): readonly TaggedTrace[] {
  return contexts.flatMap(({ row, sessionId, sessionTags }) =>
    sessionId === "" && sessionTags !== undefined
      ? [{ traceId: storedTraceId(spanIdsOf(batch, row).trace), start: startOf(batch, row), tags: sessionTags }]
      : [],
  );
}

function lateSpans(texts: SpanTexts, rows: readonly number[], processed: ProcessedSpans): readonly LateSpan[] {
  return rows
    .filter((row) => mayBePricedLate(texts, row, processed))
    .map((row) => ({ row, ids: spanIdsOf(processed.batch, row) }));
}

/** One answer for each item of the request: what is stored, or else what was written of its row. */
function joined({ rowOfItem }: SpanReader, answers: AnswerWriter, stored: Stored): Buffer {
  const parts = rowOfItem.flatMap((row, item) => {
    const span = stored.get(row);
    const text = span === undefined ? answers.ofRow(row) : Buffer.from(JSON.stringify(span));
    return item === 0 ? [text] : [comma, text];
  });
  return Buffer.concat([open, ...parts, close]);
}

const [open, comma, close] = [Buffer.from("["), Buffer.from(","), Buffer.from("]")];

function limitsOf(config: ZeroevalConfig): SpanLimits {
  return {
    maxSpans: config.max_spans_per_request,
    maxDepth: config.max_depth,
    maxAttributes: config.max_attributes_per_span,
    maxSignals: config.max_signals_per_span,
    maxRepeatedBytes: config.max_repeated_bytes,
    maxTags: config.max_tags,
    maxTagLength: config.max_tag_length,
  };
}

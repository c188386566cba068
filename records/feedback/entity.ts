import { evaluationTable, feedbackTable } from "../../exporters/clickhouse/schema/records.ts";
import { badRequest, notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid, sessionUuid, storedSpanId, storedTraceId, uuidOfSpan } from "../../pipeline/ids.ts";
import { hoursOfTraces, startsOfSpan } from "../../query/places.ts";
import { allOf, ofProject, param, raw, type Sql, sql } from "../../query/sql.ts";
import type { Evaluation } from "../judges/evaluations.ts";
import type { Judge } from "../judges/of-prompt.ts";
import { objectOf, orNull } from "../store/json.ts";
import type { Records } from "../store/records.ts";
import { anyRow } from "../store/spans.ts";
import type { Feedback } from "./feedback.ts";
import type { EntityItem } from "./schemas.ts";

/** A span, a trace or a session. */
export interface Entity {
  readonly type: "span" | "trace" | "session";
  /** UUID. */
  readonly id: string;
}

/** @throws {ApiError} 400 the id of a span or trace is no UUID */
export function entityOf(type: Entity["type"], text: string): Entity {
  const id = type === "session" ? sessionUuid(text) : parseUuid(text);
  if (id === undefined) throw badRequest([{ loc: ["path", "entity_id"], msg: "must be a UUID", type: "invalid_uuid" }]);
  return { type, id };
}

/** Feedback and evaluations of an entity and all spans in it. */
export interface EntityFindings {
  readonly feedback: readonly Feedback[];
  readonly evaluations: readonly Evaluation[];
  readonly feedbackCount: number;
  readonly evaluationCount: number;
}

/** Reads the oldest `limit` of each kind. @throws {ApiError} 404 nobody knows the entity */
export async function findingsOf(
  records: Records,
  project: string,
  entity: Entity,
  limit: number,
): Promise<EntityFindings> {
  const { tables } = records.reader;
  const where = spansOf(entity, project, tables.spans);
  const selection = { project, where };
  const page = { ...selection, limit };
  const [feedback, evaluations, feedbackCount, evaluationCount] = await Promise.all([
    records.list(feedbackTable, { ...page, orderBy: "CreatedAt, FeedbackId" }),
    records.list(evaluationTable, { ...page, orderBy: "CreatedAt, EvaluationId" }),
    records.count(feedbackTable, selection),
    records.count(evaluationTable, selection),
  ]);
  if (feedbackCount + evaluationCount === 0 && !(await isKnown(records, project, entity))) throw notFound(entity.type);
  return { feedback, evaluations, feedbackCount, evaluationCount };
}

/** Whether there is a span of it, or somebody has made it without one. */
async function isKnown(records: Records, project: string, entity: Entity): Promise<boolean> {
  const { tables } = records;
  const isThere = async (table: string, ...where: readonly Sql[]): Promise<boolean> =>
    (await records.rows(anyRow(table, project, allOf([...where, ownRows(entity)])))).length > 0;
  if (entity.type === "span") {
    const started = await startsOfSpan(records, storedSpanId(entity.id));
    return started !== undefined && isThere(tables.spans, ...started);
  }
  if (records.hasRollUps) {
    const isTrace = entity.type === "trace";
    const hours = isTrace ? hoursOfTraces(tables, [storedTraceId(entity.id)]) : [];
    if (await isThere(isTrace ? tables.traces : tables.sessions, ...hours)) return true;
  }
  return isThere(tables.spans);
}

/** Rows of the table of spans that make the entity; its row in the roll-up has the same id. */
function ownRows({ type, id }: Entity): Sql {
  if (type === "span") return sql`SpanId = ${param("String", storedSpanId(id))}`;
  if (type === "trace") return sql`TraceId = ${param("String", storedTraceId(id))}`;
  return sql`SessionId = ${param("String", id)}`;
}

/** Rows of records that are about the entity's spans. */
function spansOf(entity: Entity, project: string, spans: string): Sql {
  if (entity.type !== "session") return ownRows(entity);
  return sql`TraceId != '' AND TraceId IN (SELECT TraceId FROM ${raw(spans)}
      WHERE ${ofProject(project)} AND ${ownRows(entity)})`;
}

export function humanItem(feedback: Feedback): EntityItem {
  return {
    kind: "human_feedback",
    id: feedback.FeedbackId,
    span_id: feedback.SpanId === "" ? null : uuidOfSpan(feedback.SpanId),
    thumbs_up: feedback.ThumbsUp,
    reason: orNull(feedback.Reason),
    expected_output: orNull(feedback.ExpectedOutput),
    judge_id: orNull(feedback.JudgeId),
    created_at: feedback.CreatedAt,
    created_by: { id: feedback.CreatedBy, email: null, name: null },
    source_type: feedback.SourceType,
  };
}

export function judgeItem(evaluation: Evaluation, judge: Judge | undefined): EntityItem {
  return {
    kind: "judge_evaluation",
    id: evaluation.EvaluationId,
    span_id: uuidOfSpan(evaluation.SpanId),
    automation_id: evaluation.JudgeId,
    judge_name: judge?.Name ?? null,
    evaluation_result: evaluation.Result,
    evaluation_reason: evaluation.Reason,
    confidence_score: evaluation.Confidence,
    model_used: orNull(evaluation.Model),
    evaluation_duration_ms: evaluation.DurationMs,
    score: evaluation.Score,
    evaluation_type: evaluation.EvaluationType,
    score_min: evaluation.ScoreMin,
    score_max: evaluation.ScoreMax,
    pass_threshold: evaluation.PassThreshold,
    criteria_scores: objectOf(evaluation.CriteriaScores),
    created_at: evaluation.CreatedAt,
  };
}

import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { evaluationTable, feedbackTable } from "../../exporters/clickhouse/schema/records.ts";
import { storedTime } from "../../extensions/api/http/timestamps.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../query/sql.ts";
import type { Page } from "../store/page.ts";
import type { Records } from "../store/records.ts";

export type Evaluation = RowOf<typeof evaluationTable>;
export type Feedback = RowOf<typeof feedbackTable>;

/** Which evaluations of a judge. */
export interface EvaluationFilter {
  /** Nanoseconds since the epoch, inclusive. */
  readonly start?: bigint | undefined;
  readonly end?: bigint | undefined;
  readonly result?: boolean | undefined;
  /** Whether somebody has commented on it. */
  readonly hasFeedback?: boolean | undefined;
}

/** How many spans a judge has judged. */
export interface Tally {
  readonly count: number;
  readonly positive: number;
}

const newestFirst = "CreatedAt DESC, EvaluationId";

/** What judges found, and what people said about that. */
export class Evaluations {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** A page, newest first, and how many there are in all. */
  async page(
    project: string,
    judgeId: string,
    filter: EvaluationFilter,
    page: Page,
  ): Promise<{ readonly rows: readonly Evaluation[]; readonly total: number }> {
    const where = conditionOf(project, judgeId, filter, this.#records.nameOf(feedbackTable));
    const selection = { project, match: { JudgeId: judgeId }, where };
    const [rows, total] = await Promise.all([
      this.#records.list(evaluationTable, { ...selection, orderBy: newestFirst, ...page }),
      this.#records.count(evaluationTable, selection),
    ]);
    return { rows, total };
  }

  /** Newest first. @param spanId as stored */
  ofSpan(project: string, spanId: string): Promise<Evaluation[]> {
    return this.#records.list(evaluationTable, { project, match: { SpanId: spanId }, orderBy: newestFirst });
  }

  /** What `judgeId` found of a span: the judged one or the one of the judge's own call. The newest counts. */
  async of(project: string, judgeId: string, spanId: string): Promise<Evaluation | undefined> {
    const id = param("String", spanId);
    const where = sql`(SpanId = ${id} OR JudgeCallSpanId = ${id})`;
    const match = { JudgeId: judgeId };
    const [row] = await this.#records.list(evaluationTable, { project, match, where, orderBy: newestFirst, limit: 1 });
    return row;
  }

  /** What a judge found in the call that the span is of; the newest counts. @param spanId as stored */
  async ofCall(project: string, spanId: string): Promise<Evaluation | undefined> {
    if (spanId === "") return undefined;
    const match = { JudgeCallSpanId: spanId };
    const [row] = await this.#records.list(evaluationTable, { project, match, orderBy: newestFirst, limit: 1 });
    return row;
  }

  /** By id of the judge. */
  async tallies(project: string, judgeIds: readonly string[]): Promise<ReadonlyMap<string, Tally>> {
    const statement = tallies(this.#records.nameOf(evaluationTable), project, judgeIds);
    const rows = await this.#records.rows<{ JudgeId: string; Count: number; Positive: number }>(statement);
    return new Map(rows.map(({ JudgeId, Count, Positive }) => [JudgeId, { count: Count, positive: Positive }]));
  }

  /** The newest comment of a person on each evaluation, by its id. */
  async comments(project: string, evaluations: readonly Evaluation[]): Promise<ReadonlyMap<string, Feedback>> {
    if (evaluations.length === 0) return new Map();
    const judges = param("Array(String)", [...new Set(evaluations.map(({ JudgeId }) => JudgeId))]);
    const spans = param("Array(String)", [...new Set(evaluations.map(({ SpanId }) => SpanId))]);
    const where = sql`JudgeId IN ${judges} AND SpanId IN ${spans} AND SourceType = 'human'`;
    const feedback = await this.#records.list(feedbackTable, { project, where, orderBy: "UpdatedAt, FeedbackId" });
    const found = evaluations.flatMap((evaluation) => {
      const about = feedback.findLast((comment) => isAbout(comment, evaluation));
      return about === undefined ? [] : [[evaluation.EvaluationId, about] as const];
    });
    return new Map(found);
  }
}

/** Feedback that came before its evaluation is about whatever the judge found of the span. */
function isAbout(comment: Feedback, { JudgeId, SpanId, EvaluationId }: Evaluation): boolean {
  if (comment.JudgeId !== JudgeId || comment.SpanId !== SpanId) return false;
  return comment.EvaluationId === "" || comment.EvaluationId === EvaluationId;
}

function conditionOf(project: string, judgeId: string, filter: EvaluationFilter, feedback: string): Sql {
  const { start, end, result, hasFeedback } = filter;
  const bound = (nanos: bigint): Sql => sql`${param("DateTime64(9, 'UTC')", storedTime(nanos))}`;
  const comments = (field: string, condition: string): Sql => sql`(SELECT ${raw(field)} FROM ${raw(feedback)} FINAL
      WHERE ${ofProject(project)} AND JudgeId = ${param("String", judgeId)}
      AND SourceType = 'human' AND NOT IsDeleted AND ${raw(condition)})`;
  const commented = sql`(EvaluationId IN ${comments("EvaluationId", "EvaluationId != ''")}
    OR SpanId IN ${comments("SpanId", "EvaluationId = '' AND SpanId != ''")})`;
  return allOf([
    start === undefined ? undefined : sql`CreatedAt >= ${bound(start)}`,
    end === undefined ? undefined : sql`CreatedAt <= ${bound(end)}`,
    result === undefined ? undefined : sql`Result = ${param("Bool", result)}`,
    hasFeedback === undefined ? undefined : hasFeedback ? commented : sql`NOT ${commented}`,
  ]);
}

export function tallies(table: string, project: string, judgeIds: readonly string[]): Statement {
  return statementOf(sql`SELECT JudgeId, count() AS Count, countIf(Result) AS Positive
    FROM ${raw(table)} FINAL
    WHERE ${ofProject(project)}
    AND JudgeId IN ${param("Array(String)", judgeIds)}
    AND NOT IsDeleted
    GROUP BY JudgeId`);
}

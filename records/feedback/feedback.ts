import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { feedbackTable } from "../../exporters/clickhouse/schema/records.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import type { Evaluations } from "../judges/evaluations.ts";
import type { Judges } from "../judges/judges.ts";
import type { Judge } from "../judges/of-prompt.ts";
import { derivedId } from "../store/derived-id.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Records, Scope } from "../store/records.ts";
import type { Completion, Resolver } from "./resolve.ts";
import { checkFitsJudge, checkNeedsJudge, withoutEmpty } from "./rules.ts";
import type { FeedbackBody } from "./schemas.ts";

export type Feedback = RowOf<typeof feedbackTable>;

/** What people say of completions and of what judges found. */
export class FeedbackBook {
  readonly #records: Records;
  readonly #resolver: Resolver;
  readonly #judges: Judges;
  readonly #evaluations: Evaluations;
  readonly #locks = new KeyedLock();

  constructor(records: Records, resolver: Resolver, judges: Judges, evaluations: Evaluations) {
    this.#records = records;
    this.#resolver = resolver;
    this.#judges = judges;
    this.#evaluations = evaluations;
  }

  /**
   * Stores feedback. The same author's on the same completion, and on the same judge, is changed: what is not said stays.
   *
   * @throws {ApiError} 400 members that do not fit; 404 prompt, judge or completion
   */
  async give(scope: Scope, slug: string, completionId: string, sent: FeedbackBody): Promise<Feedback> {
    const body = withoutEmpty(sent);
    checkNeedsJudge(body);
    const { project } = scope;
    const judge = body.judge_id == null ? undefined : await this.#judges.get(project, body.judge_id);
    if (judge !== undefined) checkFitsJudge(body, judge);
    const completion = await this.#resolver.completion(project, completionId);
    const { PromptId } = await this.#resolver.prompt(scope, slug, completion);
    // A completion of another prompt is none of this one; a judge's is found under its own prompt as well.
    if (judge === undefined && (completion.promptId ?? PromptId) !== PromptId) throw notFound("completion");
    return this.#store(scope, body, { PromptId, completionId, completion, judge });
  }

  /**
   * Stores feedback on a span, whatever its prompt, otherwise as `give`. On the span of a judge's own call it is about what
   * the judge found.
   *
   * @throws {ApiError} 400 members that do not fit; 404 the span, or the judge
   */
  async giveOnSpan(scope: Scope, spanId: string, sent: FeedbackBody): Promise<Feedback> {
    const body = withoutEmpty(sent);
    const { project } = scope;
    const completion = await this.#resolver.completion(project, spanId);
    const judgeId = body.judge_id ?? (await this.#evaluations.ofCall(project, completion.spanId))?.JudgeId;
    checkNeedsJudge({ ...body, judge_id: judgeId });
    const judge = judgeId === undefined ? undefined : await this.#judges.get(project, judgeId);
    if (judge !== undefined) checkFitsJudge(body, judge);
    const PromptId = judge?.TaskId ?? completion.promptId ?? "";
    return this.#store(scope, body, { PromptId, completionId: spanId, completion, judge });
  }

  async #store(scope: Scope, body: FeedbackBody, found: Found): Promise<Feedback> {
    const { PromptId, completionId, completion, judge } = found;
    const { project, author } = scope;
    const about =
      judge === undefined
        ? { ...completion, evaluationId: "" }
        : await this.#judged(project, judge.JudgeId, completion);
    const parts = judge === undefined ? [PromptId, about.identity, ""] : ["", about.identity, judge.JudgeId];
    const FeedbackId = derivedId("feedback", project, ...parts, author);
    return this.#locks.run(FeedbackId, () =>
      this.#put(scope, body, {
        FeedbackId,
        PromptId,
        PromptVersionId: about.versionId,
        CompletionId: completionId,
        SpanId: about.spanId,
        TraceId: about.traceId,
        JudgeId: judge?.JudgeId ?? "",
        EvaluationId: about.evaluationId,
      }),
    );
  }

  /** The completion that a judge's evaluation is about, also where the span of the judge's own call was named. */
  async #judged(project: string, judgeId: string, completion: Completion): Promise<Judged> {
    const { spanId } = completion;
    const evaluation = spanId === "" ? undefined : await this.#evaluations.of(project, judgeId, spanId);
    if (evaluation === undefined) return { ...completion, evaluationId: "" };
    const { SpanId, TraceId, EvaluationId } = evaluation;
    return { ...completion, identity: SpanId, spanId: SpanId, traceId: TraceId, evaluationId: EvaluationId };
  }

  async #put(scope: Scope, body: FeedbackBody, subject: Subject): Promise<Feedback> {
    const before = await this.#records.find(feedbackTable, scope.project, { FeedbackId: subject.FeedbackId });
    const said = saidIn(body);
    const row =
      before === undefined
        ? this.#records.fresh(feedbackTable, scope, { ...nothingSaid, ...subject, ...said })
        : this.#records.changed(before, scope, { ...subject, ...said });
    await this.#records.put(feedbackTable, row);
    return row;
  }
}

/** What feedback is about, as it was found. */
interface Found {
  /** Empty: no prompt. */
  readonly PromptId: string;
  /** As it was sent. */
  readonly completionId: string;
  readonly completion: Completion;
  readonly judge: Judge | undefined;
}

/** A completion and what a judge found of it; empty: nothing yet. */
interface Judged extends Completion {
  readonly evaluationId: string;
}

type Subject = Pick<
  Feedback,
  "FeedbackId" | "PromptId" | "PromptVersionId" | "CompletionId" | "SpanId" | "TraceId" | "JudgeId" | "EvaluationId"
>;

const nothingSaid = {
  Reason: "",
  ExpectedOutput: "",
  Metadata: "{}",
  ExpectedScore: null,
  ScoreDirection: "",
  CriteriaFeedback: "",
  SourceType: "human",
} as const;

function saidIn(body: FeedbackBody) {
  return {
    ThumbsUp: body.thumbs_up,
    ...(body.reason == null ? {} : { Reason: body.reason }),
    ...(body.expected_output == null ? {} : { ExpectedOutput: body.expected_output }),
    ...(body.metadata == null ? {} : { Metadata: JSON.stringify(body.metadata) }),
    ...(body.expected_score == null ? {} : { ExpectedScore: body.expected_score }),
    ...(body.score_direction == null ? {} : { ScoreDirection: body.score_direction }),
    ...(body.criteria_feedback == null ? {} : { CriteriaFeedback: JSON.stringify(body.criteria_feedback) }),
  };
}

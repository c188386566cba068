import { badRequest, type Problem } from "../../extensions/api/http/errors.ts";
import { criteriaOf } from "../judges/judges.ts";
import type { Judge } from "../judges/of-prompt.ts";
import { problem } from "../judges/schemas.ts";
import type { FeedbackBody } from "./schemas.ts";

const ofScoredJudges = ["expected_score", "score_direction", "criteria_feedback"] as const;

/** Members that say something: null and a `criteria_feedback` without a criterion do not. */
export function withoutEmpty(body: FeedbackBody): FeedbackBody {
  const { criteria_feedback: criteria, ...rest } = body;
  return { ...rest, criteria_feedback: criteria && Object.keys(criteria).length > 0 ? criteria : null };
}

/** @throws {ApiError} 400 members that need a judge, and there is none */
export function checkNeedsJudge(body: FeedbackBody): void {
  if (body.judge_id != null) return;
  const members = given(body);
  if (members.length > 0) throw badRequest([problem("judge_id", `is required with ${members.join(", ")}`, "missing")]);
}

/** @throws {ApiError} 400 members that do not fit the judge */
export function checkFitsJudge(body: FeedbackBody, judge: Judge): void {
  const problems =
    judge.EvaluationType === "binary"
      ? given(body).map((member) => problem(member, "is for scored judges, and this one says yes or no"))
      : [...scoreProblems(body, judge), ...criteriaProblems(body, judge)];
  if (problems.length > 0) throw badRequest(problems);
}

function given(body: FeedbackBody): readonly string[] {
  return ofScoredJudges.filter((member) => body[member] != null);
}

function scoreProblems({ expected_score: score }: FeedbackBody, { ScoreMin: min, ScoreMax: max }: Judge): Problem[] {
  if (score == null || min === null || max === null || (score >= min && score <= max)) return [];
  return [problem("expected_score", `must be from ${min} to ${max}`, "out_of_range")];
}

function criteriaProblems({ criteria_feedback: feedback }: FeedbackBody, judge: Judge): Problem[] {
  const known = new Set(criteriaOf(judge).map(({ key }) => key));
  const unknown = Object.keys(feedback ?? {}).filter((key) => !known.has(key));
  return unknown.map((key) => ({
    loc: ["body", "criteria_feedback", key],
    msg: known.size === 0 ? "the judge has no criteria" : `must be one of ${[...known].join(", ")}`,
    type: "unknown_criterion",
  }));
}

import { randomUUID } from "node:crypto";
import { judgeTable } from "../../exporters/clickhouse/schema/records.ts";
import { badRequest, notFound } from "../../extensions/api/http/errors.ts";
import { plainModelId } from "../prompts/models.ts";
import type { Prompt, Prompts } from "../prompts/prompts.ts";
import type { PromptVersions } from "../prompts/versions.ts";
import { objectOf } from "../store/json.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import { type Criterion, type CriterionBody, inferCriteria, sorted } from "./criteria.ts";
import { type Judge, taskOfJudge } from "./of-prompt.ts";
import { type JudgeBody, type JudgePatch, problem, scaleOf } from "./schemas.ts";

const defaultBackfill = 100;

/** Judges as data: what they are told and what they look at. */
export class Judges {
  readonly #records: Records;
  readonly #prompts: Prompts;
  readonly #versions: PromptVersions;
  /** What is changed at the same time is changed one after the other: no change undoes another, or a removal. */
  readonly #locks = new KeyedLock();

  constructor(records: Records, prompts: Prompts, versions: PromptVersions) {
    this.#records = records;
    this.#prompts = prompts;
    this.#versions = versions;
  }

  /** @throws {ApiError} 400 scale; 404 the target prompt */
  async create(scope: Scope, body: JudgeBody): Promise<Judge> {
    const EvaluationType = body.evaluation_type ?? "binary";
    const scale = scaleOf(EvaluationType, body);
    const target = body.target_prompt_id ?? "";
    if (target !== "") await this.#prompts.get(scope.project, target);
    const JudgeId = randomUUID();
    const prompt = await this.#prompts.ensure(scope, taskOfJudge(JudgeId));
    await this.#versions.ensure(scope, prompt, { content: body.template, model_id: body.evaluation_model });
    const judge = this.#records.fresh(judgeTable, scope, {
      JudgeId,
      Name: body.name,
      SampleRate: body.sample_rate,
      Filter: JSON.stringify(body.filter),
      Template: body.template,
      EvaluationType,
      ...scale,
      Temperature: body.temperature ?? 0,
      TargetPromptId: target,
      EvaluationModel: plainModelId(body.evaluation_model),
      Backfill: body.backfill ?? defaultBackfill,
      Criteria: body.criteria ? JSON.stringify(body.criteria) : "",
      IsPaused: false,
      TaskId: prompt.PromptId,
    });
    await this.#records.put(judgeTable, judge);
    return judge;
  }

  /** Members that are there and not null replace what was. @throws {ApiError} 400, 404 */
  patch(scope: Scope, judgeId: string, patch: JudgePatch): Promise<Judge> {
    return this.#change(scope, judgeId, (judge) => this.#patched(scope, judge, patch));
  }

  async #patched(scope: Scope, judge: Judge, patch: JudgePatch): Promise<Partial<Judge>> {
    const { EvaluationType, JudgeId } = judge;
    if ((patch.evaluation_type ?? EvaluationType) !== EvaluationType)
      throw badRequest([problem("evaluation_type", `is ${EvaluationType} and cannot change; make another judge`)]);
    if (patch.target_prompt_id) await this.#prompts.get(scope.project, patch.target_prompt_id);
    if (patch.template) {
      const prompt = await this.#prompts.ensure(scope, taskOfJudge(JudgeId));
      await this.#versions.ensure(scope, prompt, { content: patch.template, model_id: patch.evaluation_model });
    }
    const scale = EvaluationType === "binary" ? {} : scaleOf(EvaluationType, scaleAfter(judge, patch));
    return { ...changesOf(patch), ...scale };
  }

  /** Says which prompt a judge judges. @throws {ApiError} 404 */
  link(scope: Scope, judgeId: string, prompt: Prompt): Promise<Judge> {
    return this.#change(scope, judgeId, async () => ({ TargetPromptId: prompt.PromptId }));
  }

  /** @throws {ApiError} 404 */
  async remove(scope: Scope, judgeId: string): Promise<void> {
    await this.#alone(scope, judgeId, (judge) => this.#records.remove(judgeTable, judge, scope));
  }

  #change(scope: Scope, judgeId: string, fieldsOf: (judge: Judge) => Promise<Partial<Judge>>): Promise<Judge> {
    return this.#alone(scope, judgeId, async (judge) => {
      const row = this.#records.changed(judge, scope, await fieldsOf(judge));
      await this.#records.put(judgeTable, row);
      return row;
    });
  }

  #alone<T>({ project }: Scope, judgeId: string, task: (judge: Judge) => Promise<T>): Promise<T> {
    return this.#locks.run(`${project} ${judgeId}`, async () => task(await this.get(project, judgeId)));
  }

  /** @throws {ApiError} 404 */
  async get(project: string, JudgeId: string): Promise<Judge> {
    const judge = await this.#records.find(judgeTable, project, { JudgeId });
    if (judge === undefined) throw notFound("judge");
    return judge;
  }

  /** As many as an answer names. */
  all(project: string): Promise<Judge[]> {
    return this.list(project, { limit: this.#records.limits.max_parts, offset: 0 });
  }

  list(project: string, page: Page): Promise<Judge[]> {
    return this.#records.list(judgeTable, { project, orderBy: "CreatedAt, JudgeId", ...page });
  }
}

/** What a judge looks at: nothing where it says yes or no. */
export function criteriaOf({ EvaluationType, Criteria, Template }: Judge): readonly Criterion[] {
  if (EvaluationType === "binary") return [];
  return Criteria === "" ? inferCriteria(Template) : sorted(JSON.parse(Criteria) as CriterionBody[]);
}

/** The filter as it was sent. */
export function filterOf({ Filter }: Judge): unknown {
  return objectOf(Filter);
}

/** What is not changed stays, the threshold too: one that is outside the new scale then is refused. */
function scaleAfter({ ScoreMin, ScoreMax, PassThreshold }: Judge, patch: JudgePatch) {
  return {
    score_min: patch.score_min ?? ScoreMin,
    score_max: patch.score_max ?? ScoreMax,
    pass_threshold: patch.pass_threshold ?? PassThreshold,
  };
}

function changesOf(patch: JudgePatch): Partial<Judge> {
  const { name, sample_rate, filter, template, temperature, target_prompt_id, backfill, criteria, is_paused } = patch;
  return {
    ...(name == null ? {} : { Name: name }),
    ...(sample_rate == null ? {} : { SampleRate: sample_rate }),
    ...(filter == null ? {} : { Filter: JSON.stringify(filter) }),
    ...(template == null ? {} : { Template: template }),
    ...(temperature == null ? {} : { Temperature: temperature }),
    ...(target_prompt_id == null ? {} : { TargetPromptId: target_prompt_id }),
    ...(patch.evaluation_model == null ? {} : { EvaluationModel: plainModelId(patch.evaluation_model) }),
    ...(backfill == null ? {} : { Backfill: backfill }),
    ...(criteria == null ? {} : { Criteria: JSON.stringify(criteria) }),
    ...(is_paused == null ? {} : { IsPaused: is_paused }),
  };
}

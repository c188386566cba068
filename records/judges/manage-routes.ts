import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { promptName } from "../prompts/parts.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { projectParam, scopeIn } from "../store/scope.ts";
import type { Evaluations } from "./evaluations.ts";
import type { Judges } from "./judges.ts";
import type { Judge } from "./of-prompt.ts";
import { judgeOf } from "./read.ts";
import { judgeBody, judgePatch, judgeRead } from "./schemas.ts";

/** What the routes of judges are made of. */
export interface JudgeServices {
  readonly judges: Judges;
  readonly evaluations: Evaluations;
  readonly prompts: Prompts;
}

const tag = "Judges";
const ofProject = z.object({ project_id: projectParam });
export const judgeParams = z.object({ project_id: projectParam, judge_id: uuid.describe("Id of the judge.") });
const linkParams = judgeParams.extend({ prompt_id: promptName });
const failures = { 400: errorBody, 404: errorBody } as const;
const base = "/signals/projects/:project_id";

/** Routes that make, show and change judges. */
export function manageRoutes(services: JudgeServices): readonly Route[] {
  return [...readRoutes(services), ...writeRoutes(services)];
}

async function shown({ evaluations }: JudgeServices, project: string, judges: readonly Judge[]) {
  const ids = judges.map(({ JudgeId }) => JudgeId);
  const tallies = ids.length === 0 ? new Map() : await evaluations.tallies(project, ids);
  return judges.map((judge) => judgeOf(judge, tallies.get(judge.JudgeId)));
}

async function one(services: JudgeServices, project: string, judge: Judge) {
  return (await shown(services, project, [judge]))[0];
}

function readRoutes(services: JudgeServices): readonly Route[] {
  const { judges } = services;
  return [
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/judges",
      permission: "read",
      tag,
      summary: "Judges of a project, oldest first",
      params: ofProject,
      query: queryOf({ limit: limitOf(1_000, 1_000), offset }),
      responses: { 200: z.array(judgeRead), ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        return shown(services, project, await judges.list(project, query));
      },
    }),
    defineRoute({
      method: "GET",
      path: `${base}/automations`,
      permission: "read",
      tag,
      summary: "Judges of a project, oldest first, as command lines read them",
      params: ofProject,
      query: queryOf({ limit: limitOf(1_000, 1_000), offset }),
      responses: { 200: z.object({ automations: z.array(judgeRead).describe("The judges.") }), ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        return { automations: await shown(services, project, await judges.list(project, query)) };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/judges/:judge_id",
      aliases: [`${base}/automations/:judge_id`],
      permission: "read",
      tag,
      summary: "A judge",
      params: judgeParams,
      responses: { 200: judgeRead, ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeIn(caller, params.project_id);
        return one(services, project, await judges.get(project, params.judge_id));
      },
    }),
  ];
}

function writeRoutes(services: JudgeServices): readonly Route[] {
  const { judges, prompts } = services;
  return [
    defineRoute({
      method: "POST",
      path: `${base}/automations`,
      permission: "write",
      tag,
      summary: "Makes a judge",
      description: "The judge is kept; its evaluations come once something runs it.",
      params: ofProject,
      body: judgeBody,
      responses: { 200: judgeRead, ...failures },
      handle: async ({ caller, params, body }) => {
        const scope = scopeIn(caller, params.project_id);
        return judgeOf(await judges.create(scope, body));
      },
    }),
    defineRoute({
      method: "PATCH",
      path: `${base}/automations/:judge_id`,
      permission: "write",
      tag,
      summary: "Changes a judge",
      params: judgeParams,
      body: judgePatch,
      responses: { 200: judgeRead, ...failures },
      handle: async ({ caller, params, body }) => {
        const scope = scopeIn(caller, params.project_id);
        return one(services, scope.project, await judges.patch(scope, params.judge_id, body));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: `${base}/automations/:judge_id`,
      permission: "write",
      tag,
      summary: "Takes a judge away",
      description: "What it has found stays.",
      params: judgeParams,
      responses: { 204: z.undefined(), ...failures },
      handle: async ({ caller, params }) => {
        await judges.remove(scopeIn(caller, params.project_id), params.judge_id);
        return new ApiReply(204, undefined);
      },
    }),
    defineRoute({
      method: "POST",
      path: `${base}/prompts/:prompt_id+/judges/:judge_id/link`,
      permission: "write",
      tag,
      summary: "Lets a judge judge a prompt",
      params: linkParams,
      responses: { 200: judgeRead, ...failures },
      handle: async ({ caller, params }) => {
        const scope = scopeIn(caller, params.project_id);
        const prompt = await prompts.get(scope.project, params.prompt_id);
        return one(services, scope.project, await judges.link(scope, params.judge_id, prompt));
      },
    }),
  ];
}

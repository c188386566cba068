import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { judgeOfPrompt } from "../judges/of-prompt.ts";
import { orNull } from "../store/json.ts";
import type { Records, Scope } from "../store/records.ts";
import { projectParam, scopeIn, scopeOf } from "../store/scope.ts";
import { discoverTasks } from "./discover.ts";
import { providerOf } from "./models.ts";
import { promptItem, promptItemOf, promptObject, promptObjectOf, versionItem, versionItemOf } from "./object.ts";
import {
  ensureBody,
  hashParams,
  modelBody,
  numberParams,
  pinBody,
  projectPromptParams,
  promptParams,
  promptQuery,
  tagItem,
  tagParams,
  taskParams,
} from "./parts.ts";
import type { Preference, Prompt, Prompts, PromptVersion } from "./prompts.ts";
import { latestTag, type PromptVersions } from "./versions.ts";

/** What these routes are made of. */
export interface PromptServices {
  readonly records: Records;
  readonly prompts: Prompts;
  readonly versions: PromptVersions;
}

const tag = "Prompts";
const notFound = { 404: errorBody } as const;
const answersPrompt = { 200: promptObject, 400: errorBody, ...notFound } as const;

/** Routes of prompts, their versions, tags and models. */
export function promptRoutes(services: PromptServices): readonly Route[] {
  return [...readRoutes(services), ...writeRoutes(services), ...listRoutes(services)];
}

/** The answer for one version. */
async function answer(
  { records, versions }: PromptServices,
  project: string,
  prompt: Prompt,
  version: PromptVersion,
  askedTag: string | null = null,
): Promise<z.output<typeof promptObject>> {
  const latest = askedTag === latestTag ? version : await versions.highest(project, prompt);
  const judge = await judgeOfPrompt(records, project, prompt);
  return promptObjectOf(prompt, version, { tag: askedTag, latest: latest?.Version ?? 0, judge });
}

async function tagged(
  services: PromptServices,
  scope: Scope,
  [name, preference]: readonly [string, Preference],
  askedTag: string,
) {
  const prompt = await services.prompts.get(scope.project, name, preference);
  const version = await services.versions.tagged(scope.project, prompt, askedTag);
  return answer(services, scope.project, prompt, version, askedTag);
}

function readRoutes(services: PromptServices): readonly Route[] {
  const { prompts, versions } = services;
  return [
    defineRoute({
      method: "GET",
      path: "/v1/prompts/:slug+",
      permission: "read",
      tag,
      summary: "A version of a prompt, by number or tag",
      params: promptParams,
      query: promptQuery,
      responses: answersPrompt,
      handle: async ({ caller, params, query }) => {
        const scope = scopeOf(caller);
        if (query.version === undefined) return tagged(services, scope, [params.slug, "slug"], query.tag);
        const prompt = await prompts.get(scope.project, params.slug);
        const version = await versions.numbered(scope.project, prompt, query.version);
        return answer(services, scope.project, prompt, version);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/tasks/:task+/prompt/latest",
      permission: "read",
      tag,
      summary: "The newest version of a task's prompt",
      params: taskParams,
      responses: answersPrompt,
      handle: ({ caller, params }) => tagged(services, scopeOf(caller), [params.task, "task"], latestTag),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/tasks/:task+/prompt/versions/by-hash/:hash",
      permission: "read",
      tag,
      summary: "The version of a content",
      params: hashParams,
      responses: answersPrompt,
      handle: async ({ caller, params }) => {
        const { project } = scopeOf(caller);
        const prompt = await prompts.get(project, params.task, "task");
        return answer(services, project, prompt, await versions.hashed(project, prompt, params.hash));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/prompt-versions/:version_id/model",
      permission: "read",
      tag,
      summary: "The model of a version",
      description:
        "`model` is null: SDKs that read one send the calls of a model to this server, which is no gateway. `model_id` says which model the version is meant for.",
      params: z.object({ version_id: uuid.describe("Id of the version.") }),
      responses: { 200: modelAnswer, 400: errorBody, ...notFound },
      handle: async ({ caller, params }) => {
        const { ModelId } = await versions.withId(scopeOf(caller).project, params.version_id);
        return { model_id: orNull(ModelId), model: null, provider: providerOf(ModelId) };
      },
    }),
  ];
}

const modelAnswer = z
  .object({
    model_id: z.string().nullable().describe("The model that the version is meant for."),
    model: z.null().describe("Where calls of the model should go through this server: nowhere."),
    provider: z.string().nullable().describe("Who makes the model, as far as its name tells."),
  })
  .meta({ id: "PromptModel" });

function writeRoutes(services: PromptServices): readonly Route[] {
  const { prompts, versions } = services;
  return [
    defineRoute({
      method: "POST",
      path: "/v1/tasks/:task+/prompt/versions/ensure",
      permission: "write",
      tag,
      summary: "Makes a version of a content, unless it is there",
      description:
        "Makes the task where it is not known. A content that has a version keeps its number, model and metadata.",
      params: taskParams,
      body: ensureBody,
      responses: { 200: promptObject, 400: errorBody },
      handle: async ({ caller, params, body }) => {
        const scope = scopeOf(caller);
        const prompt = await prompts.ensure(scope, params.task);
        return answer(services, scope.project, prompt, await versions.ensure(scope, prompt, body));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/projects/:project_id/prompts/:slug+/tags/:tag::pin",
      permission: "write",
      tag,
      summary: "Gives a tag to a version",
      params: tagParams,
      body: pinBody,
      responses: { 200: tagItem, 400: errorBody, ...notFound },
      handle: async ({ caller, params, body }) => {
        const scope = scopeIn(caller, params.project_id);
        const prompt = await prompts.get(scope.project, params.slug);
        return versions.pin(scope, prompt, params.tag, body.version);
      },
    }),
    defineRoute({
      method: "PATCH",
      path: "/projects/:project_id/prompts/:slug+/versions/:version",
      permission: "write",
      tag,
      summary: "Changes the model of a version",
      params: numberParams,
      body: modelBody,
      responses: answersPrompt,
      handle: async ({ caller, params, body }) => {
        const scope = scopeIn(caller, params.project_id);
        const prompt = await prompts.get(scope.project, params.slug);
        const version = await versions.setModel(scope, prompt, params.version, body.model_id);
        return answer(services, scope.project, prompt, version);
      },
    }),
  ];
}

function listRoutes(services: PromptServices): readonly Route[] {
  const { records, prompts, versions } = services;
  return [
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/prompts",
      // What command lines list as prompts.
      aliases: ["/projects/:project_id/tuning/tasks"],
      permission: "read",
      tag,
      summary: "Prompts of a project, oldest first",
      description: "Tasks that only spans of the last week name are among them.",
      params: z.object({ project_id: projectParam }),
      query: queryOf({ limit: limitOf(1_000, 1_000), offset }),
      responses: { 200: z.array(promptItem), 400: errorBody, ...notFound },
      handle: async ({ caller, params, query }) => {
        const scope = scopeIn(caller, params.project_id);
        // A list that changes something is not for keys that may only read.
        if (caller.access === "read_write") await discoverTasks(records, prompts, scope);
        const page = await prompts.list(scope.project, query);
        const highest = await versions.highestOf(
          scope.project,
          page.map(({ PromptId }) => PromptId),
        );
        return page.map((prompt) => promptItemOf(prompt, highest.get(prompt.PromptId)));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/prompts/:slug+/versions",
      permission: "read",
      tag,
      summary: "Versions of a prompt, by number",
      params: projectPromptParams,
      responses: { 200: z.array(versionItem), ...notFound },
      handle: async ({ caller, params }) => {
        const { project } = scopeIn(caller, params.project_id);
        const all = await versions.all(project, await prompts.get(project, params.slug));
        return all.map(versionItemOf);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/prompts/:slug+/tags",
      permission: "read",
      tag,
      summary: "Tags of a prompt",
      params: projectPromptParams,
      responses: { 200: z.array(tagItem), ...notFound },
      handle: async ({ caller, params }) => {
        const { project } = scopeIn(caller, params.project_id);
        return versions.tags(project, await prompts.get(project, params.slug));
      },
    }),
  ];
}

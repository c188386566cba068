import { z } from "zod";
import type { Judge } from "../judges/of-prompt.ts";
import { jsonObject, objectOf, orNull } from "../store/json.ts";
import type { Prompt, PromptVersion } from "./prompts.ts";

const id = z.guid();
const time = z.string().describe("ISO 8601 in UTC.");

/** A version of a prompt with all the names under which clients look for its parts. */
export const promptObject = z
  .object({
    id: id.describe("Id of the version."),
    version_id: id.describe("Id of the version."),
    prompt_id: id.describe("Id of the prompt."),
    prompt: z.string().describe("Slug of the prompt."),
    prompt_slug: z.string().describe("Slug of the prompt."),
    task_id: id.describe("Id of the task."),
    task_name: z.string().describe("Name of the task, as it was given."),
    version: z.int().min(1).describe("Number of the version, from 1 without gaps."),
    tag: z.string().nullable().describe("The tag that was asked for."),
    is_latest: z.boolean().describe("Whether no version has a higher number."),
    content: z.string().describe("The text."),
    content_hash: z.string().describe("Lower-case hex SHA-256 of the normalised text."),
    metadata: jsonObject.describe("What the client said, with prompt_slug and version_id."),
    model_id: z.string().nullable().describe("The model that the version is meant for."),
    model: z.string().nullable().describe("The same as model_id."),
    evaluation_type: z.enum(["binary", "scored"]).nullable().describe("Of a judge's prompt."),
    score_min: z.number().nullable().describe("Of a scored judge's prompt."),
    score_max: z.number().nullable().describe("Of a scored judge's prompt."),
    pass_threshold: z.number().nullable().describe("Of a scored judge's prompt."),
    temperature: z.number().nullable().describe("Of a judge's prompt."),
    created_by: z.string().nullable().describe("Id of the key that made it."),
    updated_by: z.string().nullable().describe("Id of the key that changed it last."),
    created_at: time.describe("When it was made, ISO 8601 in UTC."),
    updated_at: time.describe("When it was changed last, ISO 8601 in UTC."),
  })
  .meta({ id: "PromptVersion" });

/** What the object says besides the two rows. */
export interface PromptContext {
  /** The tag that was asked for. */
  readonly tag: string | null;
  /** The prompt's highest number. */
  readonly latest: number;
  /** The judge whose prompt it is. */
  readonly judge: Judge | undefined;
}

export function promptObjectOf(
  { Slug, PromptId, TaskName }: Prompt,
  version: PromptVersion,
  { tag, latest, judge }: PromptContext,
): z.output<typeof promptObject> {
  const { VersionId } = version;
  const model = orNull(version.ModelId);
  return {
    id: VersionId,
    version_id: VersionId,
    prompt_id: PromptId,
    prompt: Slug,
    prompt_slug: Slug,
    task_id: PromptId,
    task_name: TaskName,
    version: version.Version,
    tag,
    is_latest: version.Version >= latest,
    content: version.Content,
    content_hash: version.ContentHash,
    metadata: { ...objectOf(version.Metadata), prompt_slug: Slug, version_id: VersionId },
    model_id: model,
    model,
    evaluation_type: judge?.EvaluationType ?? null,
    score_min: judge?.ScoreMin ?? null,
    score_max: judge?.ScoreMax ?? null,
    pass_threshold: judge?.PassThreshold ?? null,
    temperature: judge?.Temperature ?? null,
    created_by: orNull(version.CreatedBy),
    updated_by: orNull(version.UpdatedBy),
    created_at: version.CreatedAt,
    updated_at: version.UpdatedAt,
  };
}

/** A version as lists show it. */
export const versionItem = promptObject
  .pick({ id: true, content: true, content_hash: true, version: true, model_id: true, created_at: true })
  .meta({ id: "PromptVersionItem" });

export function versionItemOf(version: PromptVersion): z.output<typeof versionItem> {
  return {
    id: version.VersionId,
    content: version.Content,
    content_hash: version.ContentHash,
    version: version.Version,
    model_id: orNull(version.ModelId),
    created_at: version.CreatedAt,
  };
}

/** A prompt as lists show it. */
export const promptItem = z
  .object({
    id: id.describe("Id of the prompt."),
    prompt_id: id.describe("Id of the prompt."),
    task_id: id.describe("Id of the task."),
    slug: z.string().describe("Slug of the prompt."),
    prompt_slug: z.string().describe("Slug of the prompt."),
    name: z.string().describe("Name of the task."),
    task_name: z.string().describe("Name of the task."),
    latest_version: z.int().nullable().describe("The highest number; null where there is no version."),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Prompt" });

export function promptItemOf(prompt: Prompt, latest: number | undefined): z.output<typeof promptItem> {
  const { PromptId, Slug, TaskName, CreatedAt, UpdatedAt } = prompt;
  return {
    id: PromptId,
    prompt_id: PromptId,
    task_id: PromptId,
    slug: Slug,
    prompt_slug: Slug,
    name: TaskName,
    task_name: TaskName,
    latest_version: latest ?? null,
    created_at: CreatedAt,
    updated_at: UpdatedAt,
  };
}

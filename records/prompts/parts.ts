import { z } from "zod";
import { intOf, queryOf } from "../../extensions/api/http/params.ts";
import { jsonObject } from "../store/json.ts";
import { projectParam } from "../store/scope.ts";
import { normalizeContent } from "./content.ts";

/**
 * Longest name of a task and longest text of a prompt, in UTF-16 units. As all lengths of texts they are part of the schema
 * that clients know, not of an installation; `max_request_body_size` bounds them together.
 */
const maxNameLength = 500;
const maxContentLength = 4_000_000;
const maxVersion = 2 ** 31 - 1;

/** A slug, the name of a task or a UUID in a path. */
export const promptName = z
  .string()
  .max(maxNameLength)
  .refine((name) => name.trim() !== "", "must not be empty")
  .describe("Slug of a prompt, exact name of a task, or UUID of either.");

const tag = z
  .string()
  .max(200)
  .regex(/^[a-z0-9-]+$/, "must be of a-z, 0-9 and -");

/** 64 hexadecimal digits. Output: lower case. */
export const hash = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits")
  .transform((text) => text.toLowerCase());

export const versionNumber = z.int().min(1).max(maxVersion);

const modelId = z.string().max(255).nullable();

export const promptParams = z.object({ slug: promptName });
export const taskParams = z.object({ task: promptName });
export const hashParams = z.object({ task: promptName, hash: hash.describe("SHA-256 of a content.") });
export const projectPromptParams = z.object({ project_id: projectParam, slug: promptName });
export const tagParams = z.object({ project_id: projectParam, slug: promptName, tag: tag.describe("The tag.") });
export const numberParams = z.object({
  project_id: projectParam,
  slug: promptName,
  version: intOf(1, maxVersion).describe("Number of the version."),
});

export const promptQuery = queryOf({
  version: intOf(1, maxVersion).optional().describe("Number of the version; wins over tag."),
  tag: tag.default("latest").describe("Tag of the version."),
});

export const ensureBody = z.object({
  content: z
    .string()
    .max(maxContentLength)
    .refine((text) => normalizeContent(text) !== "", "must not be empty")
    .describe("The text of the prompt."),
  content_hash: hash.nullish().describe("The client's own hash of the content; it finds the version too."),
  model_id: modelId.optional().describe("The model that a new version is meant for."),
  metadata: jsonObject.nullish().describe("Kept with a new version."),
});

export const pinBody = z.object({ version: versionNumber.describe("Number of the version.") });
export const modelBody = z.object({ model_id: modelId.describe("The model that the version is meant for, or null.") });

export const tagItem = z
  .object({ tag: z.string().describe("The tag."), version: versionNumber.describe("Number of the version.") })
  .meta({ id: "PromptTag" });

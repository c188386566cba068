import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { promptHashTable, promptTagTable, promptVersionTable } from "../../exporters/clickhouse/schema/records.ts";
import { badRequest, notFound } from "../../extensions/api/http/errors.ts";
import { param, sql } from "../../query/sql.ts";
import type { JsonObject } from "../store/json.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Records, Scope } from "../store/records.ts";
import { contentHash } from "./content.ts";
import { plainModelId } from "./models.ts";
import type { Prompt, PromptVersion } from "./prompts.ts";

/** What a version is made of. */
export interface VersionDraft {
  readonly content: string;
  /** The client's, 64 hex digits. */
  readonly content_hash?: string | null | undefined;
  readonly model_id?: string | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
}

/** The tag of the highest number, which nobody pins. */
export const latestTag = "latest";

/** A tag of a prompt and the number of the version that it names. */
export interface TagOfVersion {
  readonly tag: string;
  readonly version: number;
}

/** Versions of prompts: numbers from 1 without gaps, each content once. */
export class PromptVersions {
  readonly #records: Records;
  readonly #logger: Logger;
  readonly #locks = new KeyedLock();

  constructor(records: Records, logger: Logger) {
    this.#records = records;
    this.#logger = logger;
  }

  /**
   * The version of a content, which gets the next number where there is none.
   *
   * Numbers are claimed one after the other. Who claims a number has seen what stands at all smaller ones, so a content
   * cannot get two numbers, and none is left out. In one process the lock only spares claims that would lose.
   */
  ensure(scope: Scope, prompt: Prompt, draft: VersionDraft): Promise<PromptVersion> {
    const hash = contentHash(draft.content);
    return this.#locks.run(`${scope.project} ${prompt.PromptId}`, async () => {
      const highest = await this.highest(scope.project, prompt);
      const version =
        (await this.#ofContent(scope.project, prompt, hash)) ??
        (await this.#append(scope, prompt, draft, (highest?.Version ?? 0) + 1));
      await this.#noteHash(scope, version, draft.content_hash?.toLowerCase());
      return version;
    });
  }

  async #append(scope: Scope, prompt: Prompt, draft: VersionDraft, from: number): Promise<PromptVersion> {
    const ContentHash = contentHash(draft.content);
    const VersionId = randomUUID();
    for (let Version = from; ; Version++) {
      const row = this.#records.fresh(promptVersionTable, scope, {
        PromptId: prompt.PromptId,
        Version,
        VersionId,
        Content: draft.content,
        ContentHash,
        ModelId: plainModelId(draft.model_id),
        Metadata: JSON.stringify(draft.metadata ?? {}),
      });
      const winner = await this.#records.claim(promptVersionTable, row);
      if (winner.ContentHash === ContentHash) return winner;
    }
  }

  /** Whitespace is not the same in all languages: a client's own hash finds the version too. */
  async #noteHash(scope: Scope, version: PromptVersion, hash: string | undefined): Promise<void> {
    if (hash === undefined || hash === version.ContentHash) return;
    const { PromptId, Version } = version;
    const match = { PromptId, ContentHash: hash };
    const known = await this.#records.find(promptHashTable, scope.project, match);
    if (known?.Version === Version) return;
    this.#logger.warn(
      { prompt: PromptId, version: Version, hash },
      "api: a client hashes the content of a prompt in another way",
    );
    await this.#records.put(promptHashTable, this.#records.fresh(promptHashTable, scope, { ...match, Version }));
  }

  /** The version with the highest number; undefined where there is none. */
  async highest(project: string, { PromptId }: Prompt): Promise<PromptVersion | undefined> {
    const selection = { project, match: { PromptId }, orderBy: "Version DESC", limit: 1 };
    const [version] = await this.#records.list(promptVersionTable, selection);
    return version;
  }

  /** @throws {ApiError} 404 there is no such number */
  async numbered(project: string, { PromptId }: Prompt, Version: number): Promise<PromptVersion> {
    return found(await this.#records.find(promptVersionTable, project, { PromptId, Version }));
  }

  /** @throws {ApiError} 404 no version has the tag */
  async tagged(project: string, prompt: Prompt, tag: string): Promise<PromptVersion> {
    if (tag === latestTag) return found(await this.highest(project, prompt));
    const pinned = await this.#records.find(promptTagTable, project, { PromptId: prompt.PromptId, Tag: tag });
    return this.numbered(project, prompt, found(pinned).Version);
  }

  /** The version of a hash, the server's or a client's. @throws {ApiError} 404 */
  async hashed(project: string, prompt: Prompt, hash: string): Promise<PromptVersion> {
    const version = await this.#ofContent(project, prompt, hash);
    if (version !== undefined) return version;
    const match = { PromptId: prompt.PromptId, ContentHash: hash };
    const other = await this.#records.find(promptHashTable, project, match);
    return this.numbered(project, prompt, found(other).Version);
  }

  /** @throws {ApiError} 404 */
  async withId(project: string, VersionId: string): Promise<PromptVersion> {
    return found(await this.withIdIfAny(project, VersionId));
  }

  withIdIfAny(project: string, VersionId: string): Promise<PromptVersion | undefined> {
    return this.#records.find(promptVersionTable, project, { VersionId });
  }

  all(project: string, { PromptId }: Prompt): Promise<PromptVersion[]> {
    return this.#records.list(promptVersionTable, { project, match: { PromptId }, orderBy: "Version" });
  }

  /** `latest` first, then those that are pinned, by name. */
  async tags(project: string, prompt: Prompt): Promise<readonly TagOfVersion[]> {
    const highest = await this.highest(project, prompt);
    const pinned = await this.#records.list(promptTagTable, { project, match: { PromptId: prompt.PromptId } });
    const latest = highest === undefined ? [] : [{ tag: latestTag, version: highest.Version }];
    return [...latest, ...pinned.map(({ Tag, Version }) => ({ tag: Tag, version: Version }))];
  }

  /** @throws {ApiError} 404 no such version; 400 `latest` */
  async pin(scope: Scope, prompt: Prompt, tag: string, number: number): Promise<TagOfVersion> {
    if (tag === latestTag)
      throw badRequest([
        { loc: ["path", "tag"], msg: "latest moves by itself and cannot be pinned", type: "invalid_value" },
      ]);
    const { PromptId, Version } = await this.numbered(scope.project, prompt, number);
    const row = this.#records.fresh(promptTagTable, scope, { PromptId, Tag: tag, Version });
    await this.#records.put(promptTagTable, row);
    return { tag, version: Version };
  }

  /** @throws {ApiError} 404 no such version */
  async setModel(scope: Scope, prompt: Prompt, number: number, modelId: string | null): Promise<PromptVersion> {
    const version = await this.numbered(scope.project, prompt, number);
    const row = this.#records.changed(version, scope, { ModelId: plainModelId(modelId) });
    await this.#records.put(promptVersionTable, row);
    return row;
  }

  /** The highest number of each prompt of a page. */
  async highestOf(project: string, promptIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const where = sql`PromptId IN ${param("Array(String)", promptIds)}`;
    const fields = ["PromptId", "Version"] as const;
    const rows = await this.#records.list(promptVersionTable, { project, where, fields });
    // In the order of their numbers, so the last one of a prompt is the highest.
    return new Map(rows.map(({ PromptId, Version }) => [PromptId, Version]));
  }

  async #ofContent(project: string, { PromptId }: Prompt, ContentHash: string): Promise<PromptVersion | undefined> {
    return this.#records.find(promptVersionTable, project, { PromptId, ContentHash });
  }
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw notFound("prompt version");
  return row;
}

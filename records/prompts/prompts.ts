import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { promptTable, type promptVersionTable } from "../../exporters/clickhouse/schema/records.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import { anyOf, param, sql } from "../../query/sql.ts";
import { derivedId } from "../store/derived-id.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import { slugCandidates } from "./slug.ts";

export type Prompt = RowOf<typeof promptTable>;
export type PromptVersion = RowOf<typeof promptVersionTable>;

/** What wins where a text is the slug of one prompt and the task of another. */
export type Preference = "slug" | "task";

/** Tasks and their prompts. */
export class Prompts {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** The prompt that a slug, the exact name of a task, or a prompt's or task's UUID means. */
  async find(project: string, name: string, preference: Preference = "slug"): Promise<Prompt | undefined> {
    const id = parseUuid(name);
    const text = param("String", name);
    const where = anyOf([
      sql`Slug = ${text}`,
      sql`TaskName = ${text}`,
      ...(id === undefined ? [] : [sql`PromptId = ${param("String", id)}`]),
    ]);
    const found = await this.#records.list(promptTable, { project, where, limit: 3 });
    const bySlug = found.find(({ Slug }) => Slug === name);
    const byTask = found.find(({ TaskName }) => TaskName === name);
    const first = preference === "slug" ? (bySlug ?? byTask) : (byTask ?? bySlug);
    return first ?? found[0];
  }

  /** @throws {ApiError} 404 there is none */
  async get(project: string, name: string, preference?: Preference): Promise<Prompt> {
    const prompt = await this.find(project, name, preference);
    if (prompt === undefined) throw notFound("prompt");
    return prompt;
  }

  /** The prompt of a task, which is made where it is not known. */
  async ensure(scope: Scope, taskName: string): Promise<Prompt> {
    return (await this.find(scope.project, taskName, "task")) ?? this.#create(scope, taskName);
  }

  list(project: string, page: Page): Promise<Prompt[]> {
    return this.#records.list(promptTable, { project, orderBy: "CreatedAt, Slug", ...page });
  }

  /**
   * The id is made of the name, so all who create a task at once create the same one; the slug is whichever is free first,
   * in an order that is the same for all of them.
   */
  async #create(scope: Scope, taskName: string): Promise<Prompt> {
    const PromptId = derivedId("prompt", scope.project, taskName);
    for (const Slug of slugCandidates(taskName)) {
      const row = this.#records.fresh(promptTable, scope, { Slug, PromptId, TaskName: taskName });
      const owner = await this.#records.claim(promptTable, row);
      if (owner.PromptId === PromptId) return owner;
    }
    throw new Error("unreachable: there is always another slug");
  }
}

import { completionTable } from "../../exporters/clickhouse/schema/records.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import type { Prompt, Prompts } from "../prompts/prompts.ts";
import type { PromptVersions } from "../prompts/versions.ts";
import type { Records, Scope } from "../store/records.ts";
import { findSpan, type SpanLink } from "../store/spans.ts";

/** The completion that feedback is about. */
export interface Completion {
  /** Names it once, whichever of its ids was sent. */
  readonly identity: string;
  /** As stored; empty: no span. */
  readonly spanId: string;
  readonly traceId: string;
  /** Empty: not known. */
  readonly versionId: string;
  /** The prompt it belongs to, where that is known. */
  readonly promptId: string | undefined;
  /** What its span calls its prompt or task. */
  readonly names: readonly string[];
}

/** Finds what a path of feedback means. */
export class Resolver {
  readonly #records: Records;
  readonly #prompts: Prompts;
  readonly #versions: PromptVersions;

  constructor(records: Records, prompts: Prompts, versions: PromptVersions) {
    this.#records = records;
    this.#prompts = prompts;
    this.#versions = versions;
  }

  /** A span, by its id or by what the provider called its completion; else a logged completion. @throws {ApiError} 404 */
  async completion(project: string, id: string): Promise<Completion> {
    const span = await findSpan(this.#records, project, id);
    if (span !== undefined) return this.#ofSpan(project, span);
    const completionId = parseUuid(id);
    const logged =
      completionId === undefined
        ? undefined
        : await this.#records.find(completionTable, project, { CompletionId: completionId });
    if (logged === undefined) throw notFound("completion");
    const { CompletionId, PromptId, PromptVersionId, SpanId } = logged;
    const behind = SpanId === "" ? undefined : await findSpan(this.#records, project, SpanId);
    return {
      identity: behind?.spanId ?? CompletionId,
      spanId: SpanId,
      traceId: behind?.traceId ?? "",
      versionId: PromptVersionId,
      promptId: PromptId,
      names: [],
    };
  }

  /**
   * The prompt of a path. One that only the span names becomes one now.
   *
   * @throws {ApiError} 404 there is none
   */
  async prompt(scope: Scope, name: string, completion: Completion): Promise<Prompt> {
    const prompt = await this.#prompts.find(scope.project, name);
    if (prompt !== undefined) return prompt;
    if (completion.promptId === undefined && completion.names.includes(name)) return this.#prompts.ensure(scope, name);
    throw notFound("prompt");
  }

  async #ofSpan(project: string, span: SpanLink): Promise<Completion> {
    const { spanId, traceId, names } = span;
    const version =
      span.versionId === undefined ? undefined : await this.#versions.withIdIfAny(project, span.versionId);
    return {
      identity: spanId,
      spanId,
      traceId,
      names,
      versionId: version?.VersionId ?? "",
      promptId: version?.PromptId ?? (await this.#promptOf(project, names)),
    };
  }

  async #promptOf(project: string, names: readonly string[]): Promise<string | undefined> {
    for (const name of names) {
      const prompt = await this.#prompts.find(project, name, "task");
      if (prompt !== undefined) return prompt.PromptId;
    }
    return undefined;
  }
}

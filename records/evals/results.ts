import { evalResultTable, evalScoreTable } from "../../exporters/clickhouse/schema/eval-records.ts";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../query/sql.ts";
import { derivedId } from "../store/derived-id.ts";
import { type JsonObject, jsonObject } from "../store/json.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import type { Evals } from "./evals.ts";
import type { ResultDraft } from "./schemas.ts";

export type Result = RowOf<typeof evalResultTable>;

/** Parameters of a statement travel in its address, which has bounds. */
const idsPerStatement = 1_000;

function* partsOf(ids: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += idsPerStatement) yield ids.slice(start, start + idsPerStatement);
}

function oneOfResults(ids: readonly string[]): Sql {
  return sql`ResultId IN (${param("Array(String)", ids)})`;
}

function idsOf(rows: readonly Pick<Result, "ResultId">[]): string[] {
  return rows.map(({ ResultId }) => ResultId);
}

/** How many rows of a repetition have a result. */
export interface RepetitionTally {
  readonly Repetition: number;
  readonly ResultCount: number;
  readonly ErrorCount: number;
}

/** What the tasks of evals made of rows. */
export class Results {
  readonly #records: Records;
  readonly #evals: Evals;

  constructor(records: Records, evals: Evals) {
    this.#records = records;
    this.#evals = evals;
  }

  /**
   * Stores results. One of the same row and repetition is replaced and keeps its id; its scores are gone where it is another
   * one now, so that SDKs, which leave out what has a score, score it again.
   *
   * @throws {ApiError} 404 the eval
   */
  async put(scope: Scope, EvalId: string, drafts: readonly ResultDraft[]): Promise<Result[]> {
    await this.#evals.get(scope.project, EvalId);
    const fresh = drafts.map((draft) => {
      const Repetition = draft.repetition_number ?? 1;
      return this.#records.fresh(evalResultTable, scope, {
        EvalId,
        Repetition,
        RowId: draft.row_id,
        ResultId: derivedId("eval result", scope.project, EvalId, String(Repetition), draft.row_id),
        Result: draft.result == null ? "" : JSON.stringify(draft.result),
        TraceId: draft.trace_id ?? "",
        HasError: draft.result != null && isFailure(draft.result),
      });
    });
    const found = await this.#select(scope.project, EvalId, idsOf(fresh), ["ResultId", "Result", "CreatedAt"]);
    const before = new Map(found.map((row) => [row.ResultId, row]));
    const rows = fresh.map((row) => ({ ...row, CreatedAt: before.get(row.ResultId)?.CreatedAt ?? row.CreatedAt }));
    await this.#records.putAll(evalResultTable, rows);
    const others = rows.filter(({ ResultId, Result }) => (before.get(ResultId)?.Result ?? Result) !== Result);
    await this.#dropScores(scope, EvalId, idsOf(others));
    return rows;
  }

  async #dropScores(scope: Scope, EvalId: string, ids: readonly string[]): Promise<void> {
    for (const part of partsOf(ids)) {
      const scores = await this.#records.list(evalScoreTable, {
        project: scope.project,
        match: { EvalId },
        where: oneOfResults(part),
      });
      const dropped = scores.map((score) => this.#records.changed(score, scope, { IsDeleted: true }));
      await this.#records.putAll(evalScoreTable, dropped);
    }
  }

  /** Oldest first, of one repetition or of all. @throws {ApiError} 404 the eval */
  async list(project: string, EvalId: string, Repetition: number | undefined, page: Page): Promise<Result[]> {
    await this.#evals.get(project, EvalId);
    const match = Repetition === undefined ? { EvalId } : { EvalId, Repetition };
    return this.#records.list(evalResultTable, { project, match, orderBy: "Repetition, CreatedAt, RowId", ...page });
  }

  /** Which of `ids` are results of the eval. */
  async known(project: string, EvalId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#select(project, EvalId, ids, ["ResultId"]);
    return new Set(idsOf(rows));
  }

  async #select(
    project: string,
    EvalId: string,
    ids: readonly string[],
    fields: readonly ("ResultId" | "Result" | "CreatedAt")[],
  ): Promise<Result[]> {
    const found: Result[] = [];
    for (const part of partsOf(ids)) {
      const selection = { project, match: { EvalId }, where: oneOfResults(part), fields };
      found.push(...(await this.#records.list(evalResultTable, selection)));
    }
    return found;
  }

  tally(project: string, evalId: string): Promise<RepetitionTally[]> {
    return this.#records.rows<RepetitionTally>(tallyResults(this.#records.nameOf(evalResultTable), project, evalId));
  }
}

/** Numbers of results by repetition. @param from the table's quoted name with its database */
export function tallyResults(from: string, project: string, evalId: string): Statement {
  return statementOf(sql`SELECT Repetition, count() AS ResultCount, countIf(HasError) AS ErrorCount
    FROM ${raw(from)} FINAL
    WHERE ${ofProject(project)} AND EvalId = ${param("String", evalId)} AND NOT IsDeleted
    GROUP BY Repetition
    ORDER BY Repetition`);
}

/** SDKs say under `_runtime` how the call went. */
function isFailure({ _runtime }: JsonObject): boolean {
  const { error } = jsonObject.safeParse(_runtime).data ?? {};
  return error !== undefined && error !== null && error !== "";
}

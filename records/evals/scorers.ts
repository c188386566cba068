import { evalScorerTable, evalScoreTable } from "../../exporters/clickhouse/schema/eval-records.ts";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { ofProject, param, raw, type Statement, sql, statementOf } from "../../query/sql.ts";
import { derivedId } from "../store/derived-id.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import type { Evals } from "./evals.ts";
import type { Results } from "./results.ts";
import type { ScoreDraft, ScorerDraft } from "./schemas.ts";

export type Scorer = RowOf<typeof evalScorerTable>;
export type Score = RowOf<typeof evalScoreTable>;

/** What a scorer found, in short. */
export interface ScoreTally {
  readonly ScorerId: string;
  readonly ScoreCount: number;
  /** Means by name of the output. */
  readonly Averages: Readonly<Record<string, number>>;
}

/** Scorers of evals and what they found. */
export class Scorers {
  readonly #records: Records;
  readonly #evals: Evals;
  readonly #results: Results;
  readonly #locks = new KeyedLock();

  constructor(records: Records, evals: Evals, results: Results) {
    this.#records = records;
    this.#evals = evals;
    this.#results = results;
  }

  /** Stores a scorer; one of the same name is replaced and keeps its id. @throws {ApiError} 404 the eval */
  async put(scope: Scope, EvalId: string, draft: ScorerDraft): Promise<Scorer> {
    await this.#evals.get(scope.project, EvalId);
    const ScorerId = derivedId("eval scorer", scope.project, EvalId, draft.name);
    return this.#locks.run(ScorerId, async () => {
      // Made in its turn: with the time of before, it would be older than a change that was waited for, and lost.
      const row = this.#records.fresh(evalScorerTable, scope, {
        EvalId,
        Name: draft.name,
        ScorerId,
        Code: draft.code ?? "",
        Description: draft.description ?? "",
        Mode: draft.scoring_mode ?? "row",
        Outputs: JSON.stringify(draft.outputs ?? []),
        OutputFormats: JSON.stringify(draft.output_formats ?? {}),
      });
      await this.#records.put(evalScorerTable, row);
      return row;
    });
  }

  /** @throws {ApiError} 404 */
  setFormats(scope: Scope, EvalId: string, ScorerId: string, formats: object): Promise<Scorer> {
    return this.#locks.run(ScorerId, async () => {
      const before = await this.get(scope.project, EvalId, ScorerId);
      const row = this.#records.changed(before, scope, { OutputFormats: JSON.stringify(formats) });
      await this.#records.put(evalScorerTable, row);
      return row;
    });
  }

  /** @throws {ApiError} 404 */
  async get(project: string, EvalId: string, ScorerId: string): Promise<Scorer> {
    const scorer = await this.#records.find(evalScorerTable, project, { EvalId, ScorerId });
    if (scorer === undefined) throw notFound("scorer");
    return scorer;
  }

  /** Oldest first. @throws {ApiError} 404 the eval */
  async list(project: string, EvalId: string): Promise<Scorer[]> {
    await this.#evals.get(project, EvalId);
    const orderBy = "CreatedAt, Name";
    return this.#records.list(evalScorerTable, {
      project,
      match: { EvalId },
      orderBy,
      limit: this.#records.limits.max_parts,
    });
  }

  /** Stores scores; one of the same result is replaced. @throws {ApiError} 404 the scorer, or a result of the eval */
  async putScores(scope: Scope, EvalId: string, ScorerId: string, drafts: readonly ScoreDraft[]): Promise<Score[]> {
    await this.get(scope.project, EvalId, ScorerId);
    const known = await this.#results.known(
      scope.project,
      EvalId,
      drafts.map((draft) => draft.eval_result_id),
    );
    if (drafts.some((draft) => !known.has(draft.eval_result_id))) throw notFound("eval result");
    const rows = drafts.map((draft) =>
      this.#records.fresh(evalScoreTable, scope, {
        EvalId,
        ScorerId,
        ResultId: draft.eval_result_id,
        ScoreId: derivedId("eval score", scope.project, EvalId, ScorerId, draft.eval_result_id),
        Value: draft.score_value,
        ValueType: draft.score_type ?? "text",
        TraceId: draft.trace_id ?? "",
      }),
    );
    await this.#records.putAll(evalScoreTable, rows);
    return rows;
  }

  /** Oldest first. @throws {ApiError} 404 the scorer */
  async scores(project: string, EvalId: string, ScorerId: string, page: Page): Promise<Score[]> {
    await this.get(project, EvalId, ScorerId);
    const orderBy = "CreatedAt, ResultId";
    return this.#records.list(evalScoreTable, { project, match: { EvalId, ScorerId }, orderBy, ...page });
  }

  tally(project: string, evalId: string): Promise<ScoreTally[]> {
    return this.#records.rows<ScoreTally>(tallyScores(this.#records.nameOf(evalScoreTable), project, evalId));
  }
}

/**
 * Numbers of scores by scorer, and means of the outputs that are numbers or say yes (1) or no (0): the raw texts of the JSON
 * are looked at, as versions of ClickHouse differ in what they take for a number. A score that is one itself is the output "".
 *
 * @param from the table's quoted name with its database
 */
export function tallyScores(from: string, project: string, evalId: string): Statement {
  return statementOf(sql`SELECT ScorerId, count() AS ScoreCount, avgMap(Numbers) AS Averages
    FROM (
      SELECT ScorerId, CAST(arrayFilter(pair -> isFinite(pair.2), arrayMap(
        pair -> (pair.1, multiIf(pair.2 = 'true', 1, pair.2 = 'false', 0, toFloat64OrDefault(pair.2, nan))),
        if(JSONType(Value) = 'Object', JSONExtractKeysAndValuesRaw(Value), [('', Value)])
      )), 'Map(String, Float64)') AS Numbers
      FROM ${raw(from)} FINAL
      WHERE ${ofProject(project)} AND EvalId = ${param("String", evalId)} AND NOT IsDeleted
    )
    GROUP BY ScorerId
    ORDER BY ScorerId`);
}

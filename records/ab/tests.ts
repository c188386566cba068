import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { abChoiceTable, abTestTable } from "../../exporters/clickhouse/schema/records.ts";
import { ofProject, param, raw, type Statement, sql, statementOf } from "../../query/sql.ts";
import { derivedId } from "../store/derived-id.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import { type ChoiceBody, storedEntityId } from "./schemas.ts";

export type AbTest = RowOf<typeof abTestTable>;
export type AbChoice = RowOf<typeof abChoiceTable>;

const msOfDay = 86_400_000;

/** When a test ends, in milliseconds since the epoch; Infinity: never. */
export function endOf({ StartedAt, DurationDays }: AbTest): number {
  return DurationDays === null ? Number.POSITIVE_INFINITY : Date.parse(StartedAt) + DurationDays * msOfDay;
}

export function statusOf(test: AbTest, nowMs: number): "running" | "completed" {
  return nowMs < endOf(test) ? "running" : "completed";
}

/** Tests and who got which variant. */
export class AbTests {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /**
   * Notes a choice. The first one of a name starts its test; how long it runs and what its variants are is what was said
   * last. A choice of the same entity again takes the place of the one before.
   */
  async choose(scope: Scope, body: ChoiceBody): Promise<{ readonly test: AbTest; readonly choice: AbChoice }> {
    const test = await this.#test(scope, body);
    const entityId = storedEntityId(body);
    const ChoiceId = derivedId("ab_choice", scope.project, body.choice_name, body.entity_type, entityId);
    const choice = this.#records.fresh(abChoiceTable, scope, {
      ChoiceName: body.choice_name,
      ChoiceId,
      EntityType: body.entity_type,
      EntityId: entityId,
      VariantKey: body.variant_key,
      VariantValue: JSON.stringify(body.variant_value ?? null),
    });
    await this.#records.put(abChoiceTable, choice);
    return { test, choice };
  }

  list(project: string, page: Page): Promise<AbTest[]> {
    return this.#records.list(abTestTable, { project, orderBy: "StartedAt, ChoiceName", ...page });
  }

  /** Choices by variant, by name of the test; those that came after a test's end do not count. */
  async counts(project: string, tests: readonly AbTest[]): Promise<ReadonlyMap<string, Record<string, number>>> {
    const counted = new Map(tests.map(({ ChoiceName }) => [ChoiceName, {} as Record<string, number>]));
    const tables = { choices: this.#records.nameOf(abChoiceTable), tests: this.#records.nameOf(abTestTable) };
    const statement = choiceCounts(tables, project, [...counted.keys()]);
    for (const { ChoiceName, VariantKey, Count } of await this.#records.rows<ChoiceCount>(statement))
      counted.get(ChoiceName)![VariantKey] = Count;
    return counted;
  }

  async #test(scope: Scope, body: ChoiceBody): Promise<AbTest> {
    const ChoiceName = body.choice_name;
    const said = {
      DurationDays: body.duration_days ?? null,
      Variants: JSON.stringify(body.variants ?? {}),
      Weights: JSON.stringify(body.weights ?? {}),
    };
    const known = await this.#records.find(abTestTable, scope.project, { ChoiceName });
    const test = known ?? (await this.#start(scope, ChoiceName, said));
    const differs = (Object.keys(said) as (keyof typeof said)[]).some((field) => test[field] !== said[field]);
    if (!differs) return test;
    const changed = this.#records.changed(test, scope, said);
    await this.#records.put(abTestTable, changed);
    return changed;
  }

  #start(
    scope: Scope,
    ChoiceName: string,
    said: Pick<AbTest, "DurationDays" | "Variants" | "Weights">,
  ): Promise<AbTest> {
    const TestId = derivedId("ab_test", scope.project, ChoiceName);
    const StartedAt = new Date().toISOString();
    return this.#records.claim(
      abTestTable,
      this.#records.fresh(abTestTable, scope, { ChoiceName, TestId, StartedAt, ...said }),
    );
  }
}

interface ChoiceCount {
  readonly ChoiceName: string;
  readonly VariantKey: string;
  readonly Count: number;
}

export function choiceCounts(
  tables: { readonly choices: string; readonly tests: string },
  project: string,
  names: readonly string[],
): Statement {
  return statementOf(sql`SELECT ChoiceName, VariantKey, count() AS Count
    FROM (SELECT ChoiceName, VariantKey, UpdatedAt FROM ${raw(tables.choices)} FINAL
      WHERE ${ofProject(project)} AND ChoiceName IN ${param("Array(String)", names)} AND NOT IsDeleted) AS choice
    INNER JOIN (SELECT ChoiceName, StartedAt, DurationDays FROM ${raw(tables.tests)} FINAL
      WHERE ${ofProject(project)} AND NOT IsDeleted) AS test USING ChoiceName
    WHERE DurationDays IS NULL OR UpdatedAt < StartedAt + toIntervalSecond(toInt64(DurationDays * 86400))
    GROUP BY ChoiceName, VariantKey`);
}

import { expect, test } from "vitest";
import { evalScorerTable } from "../../../exporters/clickhouse/schema/eval-records.ts";
import type { RowOf } from "../../../exporters/clickhouse/schema/record-table.ts";
import type { Store } from "../../../extensions/api/api.ts";
import type { Reader } from "../../../query/reader.ts";
import { recordsSchema } from "../../../records/config.ts";
import type { Evals } from "../../../records/evals/evals.ts";
import type { Results } from "../../../records/evals/results.ts";
import { Scorers } from "../../../records/evals/scorers.ts";
import { Records } from "../../../records/store/records.ts";

test("a scorer that is sent while its formats are being changed is the newest afterwards", async () => {
  const stored: RowOf<typeof evalScorerTable>[] = [];
  let answer = (_rows: unknown[]): void => undefined;
  const store: Pick<Store, "assertReady" | "table" | "insert"> = {
    assertReady: () => undefined,
    table: (name) => name,
    insert: async (_table, rows) => void stored.push(...(rows as unknown as typeof stored)),
  };
  const reader = { rows: () => new Promise((resolve) => (answer = resolve)) } as unknown as Reader;
  const evals = { get: async () => ({}) } as unknown as Evals;
  const records = new Records(store as Store, reader, recordsSchema.parse({}));
  const scorers = new Scorers(records, evals, {} as Results);
  const scope = { project: "p", author: "k" };
  const fields = { EvalId: "e", Name: "n", Code: "old", Description: "", Mode: "row", Outputs: "[]" } as const;
  const sent = { name: "n", code: "new" };
  const first = scorers.put(scope, "e", { ...sent, code: "old" });
  const before = records.fresh(evalScorerTable, scope, {
    ...fields,
    ScorerId: (await first).ScorerId,
    OutputFormats: "{}",
  });

  const changed = scorers.setFormats(scope, "e", before.ScorerId, { score: "percent" });
  const replaced = scorers.put(scope, "e", sent);
  // Both have gone as far as they can: the change waits for what it is made of, and the scorer for the change.
  await new Promise(setImmediate);
  answer([before]);
  await Promise.all([changed, replaced]);
  const newest = stored.toSorted((one, other) => (one.UpdatedAt < other.UpdatedAt ? -1 : 1)).at(-1);
  expect([stored.length, newest?.Code]).toEqual([3, "new"]);
});

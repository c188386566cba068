import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promptTable } from "../../exporters/clickhouse/schema/records.ts";
import type { Store } from "../../extensions/api/api.ts";
import { readsSchema } from "../../query/config.ts";
import { LoggedMessages } from "../../query/messages/logged-messages.ts";
import type { Reader, StoreTables } from "../../query/reader.ts";
import { CountedHours } from "../../query/settled/counted-hours.ts";
import type { Statement } from "../../query/sql.ts";
import { recordsSchema } from "../../records/config.ts";
import { Evals } from "../../records/evals/evals.ts";
import { Scorers } from "../../records/evals/scorers.ts";
import { Experiments } from "../../records/experiments/experiments.ts";
import { Judges } from "../../records/judges/judges.ts";
import { discoverTasks } from "../../records/prompts/discover.ts";
import { Records } from "../../records/store/records.ts";
import { findSpan } from "../../records/store/spans.ts";
import { TestApi } from "../extensions/api/support.ts";

let bounded: TestApi;
let usual: TestApi;
beforeAll(async () => {
  const datasets = { max_rows_per_request: 2, max_files_per_version: 2 };
  bounded = await TestApi.start(undefined, { config: { datasets, records: { max_batch_size: 2 } } });
  usual = await TestApi.start();
});
afterAll(() => Promise.all([bounded.extension.shutdown(), usual.extension.shutdown()]));

const uuid = "0af76519-16cd-43dd-8448-eb211c80319c";
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe("the size of a body", () => {
  const result = { row_id: "r", result: {} };
  const score = { eval_result_id: uuid, score_value: 1 };
  const file = { path: "a.parquet", content_base64: "eA==" };
  test.each([
    [`/v1/evals/${uuid}/results`, (n: number) => ({ results: times(n, result) })],
    [`/v1/evals/${uuid}/scorers/${uuid}/scores`, (n: number) => times(n, score)],
    ["/v1/datasets/d/data", (n: number) => ({ data: times(n, { a: "b" }) })],
    ["/v1/datasets/d/versions", (n: number) => ({ files: times(n, file) })],
  ])("of POST %s is that of its option", async (path, bodyOf) => {
    const isTooLong = async (api: TestApi, count: number): Promise<boolean> => {
      const answer = await api.post(path, JSON.stringify(bodyOf(count)), { "content-type": "application/json" });
      return (await answer.text()).includes("Too big");
    };
    const found = [await isTooLong(bounded, 2), await isTooLong(bounded, 3), await isTooLong(usual, 3)];
    expect(found).toEqual([false, true, false]);
  });
});

/** Records of which there are none, and what they were asked for. */
function emptyRecords(options: object) {
  const statements: Statement[] = [];
  const tables = { spans: "spans" } as StoreTables;
  const reader: Reader = {
    tables,
    bounds: readsSchema.parse({}),
    countedHours: new CountedHours(),
    loggedMessages: new LoggedMessages(),
    rows: async (statement) => {
      statements.push(statement);
      return [];
    },
  };
  const store = {
    ...{ assertReady: () => undefined, table: (name: string) => name },
    client: async () => ({ insert: async () => undefined }),
  } as unknown as Store;
  return { records: new Records(store, reader, recordsSchema.parse(options)), statements };
}

describe("max_parts", () => {
  const none = undefined as never;
  test.each<[string, (records: Records) => Promise<unknown>]>([
    ["metrics of an eval", (records) => new Evals(records, none, none).metrics("p", "e")],
    [
      "scorers of an eval",
      (records) => new Scorers(records, { get: async () => undefined } as never, none).list("p", "e"),
    ],
    ["evaluators of an experiment", (records) => new Experiments(records, none).evaluators("p", "e")],
    ["metrics of an experiment", (records) => new Experiments(records, none).metrics("p", "e")],
    ["judges that are named", (records) => new Judges(records, none, none).all("p")],
  ])("bounds the %s", async (_what, read) => {
    const { records, statements } = emptyRecords({ max_parts: 7 });
    await read(records);
    expect(statements[0]?.query).toContain("LIMIT");
    expect(Object.values(statements[0]?.params ?? {})).toContain(7);
  });
});

describe("how far back spans are looked through", () => {
  test("is discovery_age for names of prompts, of which max_discovered_prompts are made at a time", async () => {
    const { records, statements } = emptyRecords({ discovery_age: "2m", max_discovered_prompts: 3 });
    await discoverTasks(records, undefined as never, { project: "p", author: "k" });
    expect(statements[0]?.query).toMatch(/toIntervalSecond\(120\)[\s\S]*LIMIT 3$/);
  });

  test("is attribute_search_age for ids of completions", async () => {
    const { records, statements } = emptyRecords({ attribute_search_age: "3m" });
    await findSpan(records, "p", "chatcmpl-1");
    expect(statements.at(-1)?.query).toContain("toIntervalSecond(180)");
  });
});

describe("claim_timeout", () => {
  test("is how long a winner is looked for; then 503 is answered", async () => {
    const claim = async (claim_timeout: string) => {
      const { records, statements } = emptyRecords({ claim_timeout });
      const row = records.fresh(promptTable, { project: "p", author: "k" }, { Slug: "s", PromptId: "i", TaskName: "" });
      await expect(records.claim(promptTable, row)).rejects.toMatchObject({ status: 503 });
      return statements.length;
    };
    expect(await claim("0s")).toBe(2);
    expect(await claim("75ms")).toBeGreaterThan(2);
  });
});

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { recordSchemas } from "../../../exporters/clickhouse/schema/records.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { until } from "../../support/until.ts";
import { type Answer, startApi, type TestApi } from "../support.ts";

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
}, 60_000);
afterAll(() => clickhouse.stop());

let databases = 0;

/** The APIs of `count` processes that start at the same time over a database that is not there. */
async function startTogether(count: number): Promise<{ apis: readonly TestApi[]; database: string }> {
  const database = `${clickhouse.database}_${databases++}`;
  const apis = await Promise.all(Array.from({ length: count }, () => startApi({ url: clickhouse.url, database })));
  onTestFinished(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await clickhouse.command(`DROP DATABASE IF EXISTS ${database} SYNC`);
  });
  return { apis, database };
}

/** Sends `count` requests at the same time, in turns to each of `apis`. */
function together(
  apis: readonly TestApi[],
  count: number,
  send: (api: TestApi, n: number) => Promise<Answer>,
): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => send(apis[n % apis.length]!, n)));
}

const statuses = (answers: readonly Answer[]): readonly number[] => answers.map(({ status }) => status).toSorted();

describe("the first requests to a new database, sent to two processes as soon as they start", () => {
  test("find every table there, made once", async () => {
    const { apis, database } = await startTogether(2);
    const paths = ["/v1/datasets", "/v1/evals", "/v1/prompts/none", "/projects/{project_id}/judges"];
    const answers = await together(apis, 2 * paths.length, (api, n) => api.get(paths[n >> 1]!));
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 200, 404, 404]);
    const steps = await clickhouse.query<{ name: string; versions: number[] }>(
      `SELECT TableName AS name, arraySort(groupArray(Version)) AS versions
        FROM ${database}.schema_migrations FINAL GROUP BY name`,
    );
    for (const { table } of recordSchemas) expect(steps).toContainEqual({ name: table, versions: [1] });
  }, 60_000);

  test("give each content of a prompt one number, without gaps", async () => {
    const { apis } = await startTogether(2);
    const answers = await together(apis, 40, (api, n) =>
      api.post("/v1/tasks/new/prompt/versions/ensure", { content: `content ${n >> 1}` }),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    const numbers = new Map(answers.map(({ body }) => [body.content as string, body.version as number]));
    expect([...numbers.values()].toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
    for (const { body } of answers) expect(body.version).toBe(numbers.get(body.content));
    expect(new Set(answers.map(({ body }) => body.prompt_id)).size).toBe(1);
  }, 60_000);

  test("give tasks whose names make one slug slugs of their own", async () => {
    const { apis } = await startTogether(2);
    const names = Array.from({ length: 10 }, (_, n) => `New task${"!".repeat(n)}`);
    const answers = await together(apis, 20, (api, n) =>
      api.post(`/v1/tasks/${encodeURIComponent(names[n >> 1]!)}/prompt/versions/ensure`, { content: "same" }),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    const slugs = new Map(answers.map(({ body }) => [body.task_name as string, body.prompt_slug as string]));
    const numbered = names.slice(1).map((_, n) => `new-task-${n + 2}`);
    expect([...slugs.values()].toSorted()).toEqual(["new-task", ...numbered].toSorted());
    for (const { body } of answers) expect([body.prompt_slug, body.version]).toEqual([slugs.get(body.task_name), 1]);
  }, 60_000);

  test("give a dataset's name to one of many, and each push a number without gaps", async () => {
    const { apis } = await startTogether(2);
    const made = await together(apis, 20, (api, n) => api.post("/v1/datasets", { name: "new", description: `${n}` }));
    expect(statuses(made)).toEqual([expect.toBeOneOf([200, 201]), ...Array.from({ length: 19 }, () => 409)]);
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    const pushed = await together(apis, 20, (api, n) => api.post("/v1/datasets/new/data", { data: [{ n: `${n}` }] }));
    const numbers = pushed.map(({ body }) => body.version_number as number).toSorted((one, other) => one - other);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  }, 60_000);

  test("start one A/B test, and keep every choice", async () => {
    const { apis, database } = await startTogether(2);
    const chosen = await together(apis, 20, (api, n) =>
      api.post("/ab-choices", {
        ...{ entity_type: "session", entity_id: `s${n}`, choice_name: "new" },
        ...{ variant_key: "a", variant_value: 1, variants: { a: 1 }, weights: { a: 1 }, duration_days: 1 },
      }),
    );
    expect(new Set(statuses(chosen))).toEqual(new Set([200]));
    const counts = `SELECT (SELECT count() FROM ${database}.ab_tests) AS tests, (SELECT count() FROM ${database}.ab_choices FINAL) AS choices`;
    expect(await clickhouse.query(counts)).toEqual([{ tests: "1", choices: "20" }]);
  }, 60_000);

  test("change a judge member by member", async () => {
    const { apis } = await startTogether(1);
    const filter = { object_type: "span", properties: { kind: "llm" } };
    const judges = "/signals/projects/{project_id}/automations";
    const made = await together(apis, 10, (api, n) =>
      api.post(judges, { name: `j${n}`, sample_rate: 1, filter, template: `is it ${n}?` }),
    );
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(10);
    const changes = [{ name: "other" }, { sample_rate: 0.5 }, { temperature: 1 }, { backfill: 7 }, { is_paused: true }];
    const [api] = apis as [TestApi];
    const path = `${judges}/${made[0]!.body.id}`;
    expect(statuses(await Promise.all(changes.map((change) => api.patch(path, change))))).toEqual([
      200, 200, 200, 200, 200,
    ]);
    const changed = { name: "other", sample_rate: 0.5, temperature: 1, is_paused: true };
    expect((await api.get(path)).body).toMatchObject(changed);
  }, 60_000);
});

test.skipIf(externalClickHouse)(
  "a server that is away at the start gets the tables when it is back",
  async () => {
    await clickhouse.kill();
    const { apis } = await startTogether(1);
    const [api] = apis as [TestApi];
    expect((await api.post("/v1/datasets", { name: "later", description: "" })).status).toBe(503);
    await clickhouse.restart();
    await until(async () => (await api.get("/v1/datasets")).status === 200);
    expect((await api.post("/v1/datasets", { name: "later", description: "" })).status).toBeLessThan(300);
  },
  60_000,
);

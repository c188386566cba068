import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, sqlTexts, startApi, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
}, 60_000);
afterAll(() => store.stop());

const create = (name: string, key?: "b" | "reader") => api.post("/v1/datasets", { name, description: "d" }, key);
const push = (name: string, data: unknown, key?: "b" | "reader") =>
  api.post(`/v1/datasets/${encodeURIComponent(name)}/data`, { data }, key);
const rowsOf = ({ body }: Answer): Record<string, string>[] => body.rows.map(({ data }: { data: never }) => data);

describe("datasets", () => {
  test("are made once: a name that is taken is 409", async () => {
    const { status, body } = await create("capitals");
    expect([status, body]).toMatchObject([200, { name: "capitals", description: "d" }]);
    expect((await create("capitals")).status).toBe(409);
    expect((await api.get("/v1/datasets/capitals")).body).toEqual(body);
    expect((await api.get(`/v1/datasets/${body.id}`)).body).toEqual(body);
    expect((await api.get("//v1/datasets/capitals/")).body).toEqual(body);
  });

  test("have no rows before the first push, and a version for each", async () => {
    await create("pushed");
    expect((await api.get("/v1/datasets/pushed/data")).status).toBe(404);
    const first = await push("pushed", [{ q: "1+1", a: "2" }]);
    expect(first.body).toMatchObject({ version_number: 1, row_count: 1 });
    const second = await push("pushed", [{ q: "2+2" }, { q: "3+3", n: 5, o: { x: [1] }, b: true, z: null }]);
    expect(second.body.version_number).toBe(2);
    const newest = await api.get("/v1/datasets/pushed/data?limit=10000&offset=0");
    expect(newest.body).toMatchObject({ totalRows: 2, version: { id: second.body.id, version_number: 2 } });
    expect(rowsOf(newest)).toEqual([{ q: "2+2" }, { q: "3+3", n: "5", o: '{"x":[1]}', b: "true", z: "null" }]);
    const old = await api.get("/v1/datasets/pushed/data?version_number=1");
    expect(rowsOf(old)).toEqual([{ q: "1+1", a: "2" }]);
    const numbers = (await api.get("/v1/datasets/pushed/versions")).body.map(
      ({ version_number: number }: { version_number: number }) => number,
    );
    expect(numbers).toEqual([1, 2]);
  });

  test("of many rows are paged, in the order in which they were sent", async () => {
    await create("large");
    const data = Array.from({ length: 25_000 }, (_, n) => ({ n: String(n) }));
    expect((await push("large", data)).status).toBe(200);
    const ids = new Set<string>();
    for (let offset = 0; offset < 25_000; offset += 10_000) {
      const page = await api.get(`/v1/datasets/large/data?limit=10000&offset=${offset}`);
      expect(page.body.totalRows).toBe(25_000);
      expect(rowsOf(page)).toEqual(data.slice(offset, offset + 10_000));
      for (const { row_id: id } of page.body.rows) ids.add(id);
    }
    expect(ids.size).toBe(25_000);
    expect((await api.get("/v1/datasets/large/data?offset=2147483647")).body.rows).toEqual([]);
  }, 60_000);

  test("pushed through two processes at once get numbers without gaps, and each version its own rows", async () => {
    await create("crowd");
    const second = await startApi(store.clickhouse);
    await expect.poll(async () => (await second.get("/v1/datasets/crowd")).status, { timeout: 20_000 }).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        [api, second][n % 2]!.post("/v1/datasets/crowd/data", { data: [{ n: String(n) }] }),
      ),
    );
    await second.stop();
    const numbers = answers.map(({ body }) => body.version_number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    for (const [n, { body }] of answers.entries()) {
      const page = await api.get(`/v1/datasets/crowd/data?version_number=${body.version_number}`);
      expect(rowsOf(page)).toEqual([{ n: String(n) }]);
    }
  }, 60_000);

  test("made by many at once are made by one", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create("race")));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
  });

  test.each<[number, string, string, unknown?]>([
    [400, "POST", "/v1/datasets", {}],
    [400, "POST", "/v1/datasets", { name: " " }],
    [400, "POST", "/v1/datasets", { name: 5 }],
    [404, "GET", "/v1/datasets/unknown"],
    [404, "GET", "/v1/datasets/unknown/data"],
    [404, "POST", "/v1/datasets/unknown/data", { data: [{ a: "b" }] }],
    [400, "POST", "/v1/datasets/capitals/data", { data: [] }],
    [400, "POST", "/v1/datasets/capitals/data", { data: ["x"] }],
    [400, "POST", "/v1/datasets/capitals/data", { data: { a: "b" } }],
    [400, "POST", "/v1/datasets/capitals/data", {}],
    [404, "GET", "/v1/datasets/pushed/data?version_number=9"],
    [400, "GET", "/v1/datasets/pushed/data?version_number=0"],
    [400, "GET", "/v1/datasets/pushed/data?limit=10001"],
    [400, "GET", "/v1/datasets/pushed/data?limit=1000000000"],
    [400, "GET", "/v1/datasets/pushed/data?offset=-1"],
  ])("%i for %s %s with %j", async (status, method, path, body) => {
    const answer = await api.call(method, path, body);
    expect([answer.status, Object.keys(answer.body)]).toEqual([status, ["detail"]]);
  });

  test.each<[unknown, (string | number)[], string]>([
    [{}, ["name"], "missing"],
    [{ name: 5 }, ["name"], "invalid_type"],
    [{ name: " " }, ["name"], "invalid_value"],
    [{ name: "n", description: 5 }, ["description"], "invalid_type"],
    [{ slug: 5 }, ["slug"], "invalid_type"],
    [{ slug: "s", visibility: "public" }, ["visibility"], "invalid_value"],
    ["n", [], "invalid_type"],
  ])("of %j are not made: the answer says where it is wrong", async (body, path, type) => {
    const answer = await api.post("/v1/datasets", JSON.stringify(body));
    expect([answer.status, answer.body]).toMatchObject([400, { detail: [{ loc: ["body", ...path], type }] }]);
  });

  test("belong to their project, and are not written with a key that may only read", async () => {
    await create("private");
    await push("private", [{ a: "b" }]);
    expect((await api.get("/v1/datasets/private", "b")).status).toBe(404);
    expect((await api.get("/v1/datasets/private/data", "b")).status).toBe(404);
    expect((await push("private", [{ a: "c" }], "b")).status).toBe(404);
    expect((await create("private", "b")).status).toBe(200);
    expect((await create("x", "reader")).status).toBe(403);
    expect((await push("private", [{ a: "c" }], "reader")).status).toBe(403);
    expect((await api.get("/v1/datasets", "b")).body).toHaveLength(1);
  });

  test.each(sqlTexts)("%s is text in a name, a column and a value", async (text) => {
    expect((await create(text)).status).toBe(200);
    expect((await push(text, [{ [text]: text }])).status).toBe(200);
    expect(rowsOf(await api.get(`/v1/datasets/${encodeURIComponent(text)}/data`))).toEqual([{ [text]: text }]);
    for (const name of ["version_number", "limit", "offset"])
      expect((await api.get(`/v1/datasets/pushed/data?${name}=${encodeURIComponent(text)}`)).status).toBe(400);
  });
});

describe("experiments", () => {
  const unknown = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";
  let version: string;
  let row: string;
  let experiment: string;
  let evaluator: string;
  let result: string;

  beforeAll(async () => {
    await create("exam");
    version = (await push("exam", [{ q: "1" }])).body.id;
    row = (await api.get("/v1/datasets/exam/data")).body.rows[0].row_id;
    const sent = { dataset_version_id: version, name: "run", description: "d", parameters: { t: 0 } };
    experiment = (await api.post("/v1/experiments", sent)).body.id;
    const judge = { experiment_id: experiment, name: "exact", description: "", evaluation_mode: "row" };
    evaluator = (await api.post(`/v1/experiments/${experiment}/evaluators`, judge)).body.id;
    const out = { dataset_row_id: row, result: "1", result_type: "text", trace_id: null, run_number: 1 };
    result = (await api.post(`/v1/experiments/${experiment}/results`, out)).body.id;
  });

  test("are read back with all that SDKs have sent", async () => {
    const value = {
      evaluator_id: evaluator,
      dataset_row_id: row,
      experiment_result_id: result,
      evaluation_value: "true",
      evaluation_type: "text",
    };
    const { status, body } = await api.post(`/v1/experiments/${experiment}/evaluations`, value);
    expect([status, body]).toMatchObject([200, value]);
    const column = {
      evaluator_id: evaluator,
      experiment_id: experiment,
      run_number: 1,
      evaluation_results: { f1: 0.5 },
    };
    const metric = { metric_name: "mean", experiment_id: experiment, run_number: 2, results: { mean: 1 } };
    const runs = { metric_name: "pass@k", experiment_id: experiment, total_runs: 3, results: { k: 2 } };
    expect((await api.post("/v1/column-evaluations", column)).body.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await api.post("/v1/column-metrics", metric)).body.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await api.post("/v1/run-metrics", runs)).body.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await api.get(`/v1/experiments/${experiment}`)).body).toMatchObject({
      id: experiment,
      dataset_version_id: version,
      name: "run",
      alias: null,
      parameters: { t: 0 },
      evaluators: [{ id: evaluator, name: "exact", evaluation_mode: "row" }],
      metrics: [
        { kind: "column_evaluation", name: evaluator, run_number: 1, results: { f1: 0.5 } },
        { kind: "column_metric", name: "mean", run_number: 2 },
        { kind: "run_metric", name: "pass@k", run_number: 3 },
      ],
    });
    expect((await api.get(`/v1/experiments/${experiment}/results`)).body).toMatchObject([
      { id: result, dataset_row_id: row, result: "1", trace_id: null, run_number: 1 },
    ]);
    expect((await api.get(`/v1/experiments/${experiment}/evaluations`)).body).toMatchObject([value]);
    expect((await api.get("/v1/experiments")).body.map(({ id }: { id: string }) => id)).toContain(experiment);
  });

  test.each<[number, string, object]>([
    [404, "", { dataset_version_id: unknown, name: "x" }],
    [400, "", { dataset_version_id: "x", name: "x" }],
    [400, "", { dataset_version_id: unknown }],
    [404, `/${unknown}/results`, { dataset_row_id: "r", result: "x" }],
    [400, "/x/results", { dataset_row_id: "r", result: "x" }],
    [400, "/EXPERIMENT/results", { dataset_row_id: "r" }],
    [400, "/EXPERIMENT/results", { result: "r" }],
    [400, "/EXPERIMENT/results", { dataset_row_id: "r", result: "x", run_number: 1.5 }],
    [200, "/EXPERIMENT/results", { dataset_row_id: "r", result: { a: 1 }, trace_id: "" }],
    [400, "/EXPERIMENT/evaluators", { name: "x", evaluation_mode: "cell" }],
    [404, `/${unknown}/evaluators`, { name: "x", evaluation_mode: "run" }],
    [404, "/EXPERIMENT/evaluations", { evaluator_id: unknown, experiment_result_id: "RESULT", evaluation_value: "1" }],
    [
      404,
      "/EXPERIMENT/evaluations",
      { evaluator_id: "EVALUATOR", experiment_result_id: unknown, evaluation_value: "" },
    ],
    [400, "/EXPERIMENT/evaluations", { evaluator_id: "EVALUATOR", experiment_result_id: "RESULT" }],
  ])("%i for POST /v1/experiments%s with %j", async (status, path, body) => {
    const fill = (text: string): string =>
      text.replace("EXPERIMENT", experiment).replace("EVALUATOR", evaluator).replace("RESULT", result);
    expect((await api.post(fill(`/v1/experiments${path}`), fill(JSON.stringify(body)))).status).toBe(status);
  });

  test.each([
    ["/v1/column-evaluations", { evaluator_id: unknown, evaluation_results: {} }],
    ["/v1/column-metrics", { metric_name: "m", results: {} }],
    ["/v1/run-metrics", { metric_name: "m", results: {} }],
  ])("%s of an experiment that is not known is 404, and without results 400", async (path, body) => {
    expect((await api.post(path, { ...body, experiment_id: unknown })).status).toBe(404);
    const { results: _, evaluation_results: __, ...rest } = { results: 0, evaluation_results: 0, ...body };
    expect((await api.post(path, { ...rest, experiment_id: experiment })).status).toBe(400);
    expect((await api.post(path, { ...body, experiment_id: experiment }, "reader")).status).toBe(403);
    expect((await api.post(path, { ...body, experiment_id: experiment }, "b")).status).toBe(404);
  });

  test("belong to their project", async () => {
    for (const path of ["", "/results", "/evaluations"])
      expect((await api.get(`/v1/experiments/${experiment}${path}`, "b")).status).toBe(404);
    expect((await api.get("/v1/experiments", "b")).body).toEqual([]);
    expect((await api.post("/v1/experiments", { dataset_version_id: version, name: "x" }, "b")).status).toBe(404);
  });

  test.each(sqlTexts)("%s is text", async (text) => {
    const sent = { dataset_version_id: version, name: text, alias: text, description: text, parameters: text };
    const { id } = (await api.post("/v1/experiments", sent)).body;
    await api.post(`/v1/experiments/${id}/results`, { dataset_row_id: text, result: text, trace_id: text });
    expect((await api.get(`/v1/experiments/${id}`)).body).toMatchObject(sent);
    expect((await api.get(`/v1/experiments/${id}/results`)).body).toMatchObject([{ result: text, trace_id: text }]);
    expect((await api.get(`/v1/experiments/${encodeURIComponent(text)}`)).status).toBe(400);
  });
});

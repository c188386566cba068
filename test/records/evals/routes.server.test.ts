import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evalRead, resultRead, scoreRead, scorerRead, summaryRead } from "../../../records/evals/schemas.ts";
import { projects, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
let dataset: string;

beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
  dataset = (await api.post("/v1/datasets", { name: "capitals" })).body.id;
}, 60_000);
afterAll(() => store.stop());

const create = async (more: object = {}) =>
  (await api.post("/v1/evals", { project_id: projects.a, dataset_id: dataset, name: "solve", ...more })).body;
const result = (row_id: string, prediction: string | undefined, repetition_number = 1) => ({
  row_id,
  repetition_number,
  result: prediction === undefined ? { _runtime: { error: "boom" } } : { prediction },
});
const submit = (id: string, ...results: object[]) => api.post(`/v1/evals/${id}/results`, { results });
const scorer = async (id: string, name = "exact") => (await api.post(`/v1/evals/${id}/scorers`, { name })).body;
const score = (id: string, scorerId: string, resultId: string, value: unknown) =>
  api.post(`/v1/evals/${id}/scorers/${scorerId}/scores`, [{ eval_result_id: resultId, score_value: value }]);

describe("evals", () => {
  test("is pending, says how far it is, and is listed by dataset and state", async () => {
    const made = await create({ config: { temperature: 0 }, total_repetitions: 2 });
    expect(evalRead.parse(made)).toEqual(made);
    expect(made).toMatchObject({ status: "pending", total_repetitions: 2, completed_at: null });
    const patched = await api.patch(`/v1/evals/${made.id}`, { status: "completed" });
    expect(patched.body).toMatchObject({ status: "completed", config: { temperature: 0 }, name: "solve" });
    expect(patched.body.completed_at).not.toBeNull();
    expect((await api.get(`/v1/evals/${made.id}`)).body).toEqual(patched.body);
    const listed = await api.get(`/v1/evals?dataset_id=${dataset}&status=completed`);
    expect(listed.body.map(({ id }: { id: string }) => id)).toEqual([made.id]);
    expect((await api.patch(`/v1/evals/${made.id}`, { status: "done" })).status).toBe(400);
  });

  test("a result sent again keeps its id and place, and loses its scores where it is another one", async () => {
    const { id } = await create();
    const first = (await submit(id, result("r1", "Paris"), result("r2", undefined), result("r1", "Rome", 2))).body;
    expect(first.map(({ has_error }: { has_error: boolean }) => has_error)).toEqual([false, true, false]);
    const { id: scorerId } = await scorer(id);
    for (const row of first) expect((await score(id, scorerId, row.id, '{"exact": 1}')).status).toBe(200);
    const again = (await submit(id, result("r1", "Paris"), result("r2", "Madrid"))).body;
    expect(again.map((row: { id: string }) => row.id)).toEqual([first[0].id, first[1].id]);
    const results = (await api.get(`/v1/evals/${id}/results?repetition=1`)).body;
    expect(results.map((row: unknown) => resultRead.parse(row))).toMatchObject([
      { row_id: "r1", result: { prediction: "Paris" } },
      { row_id: "r2", result: { prediction: "Madrid" }, has_error: false },
    ]);
    const scores = (await api.get(`/v1/evals/${id}/scorers/${scorerId}/scores`)).body;
    expect(scores.map((row: unknown) => scoreRead.parse(row).eval_result_id)).toEqual([first[0].id, first[2].id]);
    expect((await api.get(`/v1/evals/${id}/results?limit=1&offset=2`)).body).toMatchObject([{ repetition_number: 2 }]);
  });

  test("a scorer is one of its name, and its formats can be changed", async () => {
    const { id } = await create();
    const made = await scorer(id);
    expect(scorerRead.parse(made)).toEqual(made);
    expect((await scorer(id)).id).toBe(made.id);
    const path = `/v1/evals/${id}/scorers/${made.id}/output-formats`;
    expect((await api.patch(path, { output_formats: { exact: "percentage" } })).status).toBe(200);
    expect((await api.get(`/v1/evals/${id}/scorers`)).body).toMatchObject([
      { output_formats: { exact: "percentage" } },
    ]);
    expect((await api.patch(path, { output_formats: { exact: "stars" } })).status).toBe(400);
  });

  test("its summary counts results and errors, and averages what is a number", async () => {
    const { id } = await create();
    const [one, two] = (await submit(id, result("r1", "Paris"), result("r2", undefined))).body;
    const [json, plain] = [await scorer(id, "json"), await scorer(id, "plain")];
    await score(id, json.id, one.id, '{"exact": 1, "ok": true, "why": "x"}');
    await score(id, json.id, two.id, '{"exact": 0, "ok": true}');
    await score(id, plain.id, one.id, "0.25");
    await score(id, plain.id, two.id, "none");
    await api.post(`/v1/evals/${id}/column-metrics`, { metric_name: "acc", run_number: 1, results: { acc: 0.4 } });
    await api.post(`/v1/evals/${id}/column-metrics`, {
      metric_name: "acc",
      repetition_number: 1,
      results: { acc: 0.5 },
    });
    await api.post(`/v1/evals/${id}/eval-metrics`, { metric_name: "best", total_runs: 2, results: { best: 1 } });
    const { body } = await api.get(`/v1/evals/${id}/summary`);
    expect(summaryRead.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      result_count: 2,
      error_count: 1,
      repetitions: [{ repetition_number: 1, result_count: 2, error_count: 1 }],
      scorers: [
        { name: "json", score_count: 2, averages: { exact: 0.5, ok: 1 } },
        { name: "plain", score_count: 2, averages: { plain: 0.25 } },
      ],
      column_metrics: [{ metric_name: "acc", repetition_number: 1, results: { acc: 0.5 } }],
      eval_metrics: [{ metric_name: "best", total_repetitions: 2 }],
    });
  });

  test("what is not there, or is another project's, is not found", async () => {
    const { id } = await create();
    const [row] = (await submit(id, result("r1", "Paris"))).body;
    const { id: scorerId } = await scorer(id);
    const other = await create();
    const { id: otherScorer } = await scorer(other.id);
    const answers = [
      await api.post("/v1/evals", { dataset_id: randomUUID(), name: "x" }),
      await api.post("/v1/evals", { project_id: projects.b, dataset_id: dataset, name: "x" }),
      await api.post("/v1/evals", { dataset_id: dataset, name: "x" }, "b"),
      await api.post("/v1/evals", { dataset_id: dataset, dataset_version_id: randomUUID(), name: "x" }),
      await score(id, scorerId, randomUUID(), "1"),
      await score(other.id, otherScorer, row.id, "1"),
      await score(id, otherScorer, row.id, "1"),
      await api.post(`/v1/evals/${id}/results`, { results: [result("r2", "x")] }, "b"),
      await api.patch(`/v1/evals/${id}`, { status: "failed" }, "b"),
    ];
    for (const path of ["", "/results", "/scorers", "/summary", "/column-metrics", `/scorers/${scorerId}/scores`])
      answers.push(await api.get(`/v1/evals/${id}${path}`, "b"));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect((await api.get("/v1/evals", "b")).body).toEqual([]);
    expect((await api.patch(`/v1/evals/${id}`, { status: "failed" }, "reader")).status).toBe(403);
  });
});

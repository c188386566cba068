import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertSpans, projects, startStore, type TestApi } from "./support.ts";

/*
 * Requests in the order and shape in which zeroeval 0.6.132 (Python) and 0.1.17 (TypeScript) send them, and the members
 * that they read of the answers.
 */

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
}, 60_000);
afterAll(() => store.stop());

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe("the Python SDK", () => {
  test("ze.prompt: latest, ensure, by hash; a slash in the name is sent as it is", async () => {
    const task = "/v1/tasks/support agent/x".replace(" ", "%20");
    expect((await api.get(`${task}/prompt/latest`)).status).toBe(404);
    const hash = "652b7c016734eedbef52857a9b0ed99076468635861e3a29201b847f71e86da7";
    const sent = { content: "Hello {{name}}", content_hash: hash };
    const { body } = await api.post(`${task}/prompt/versions/ensure`, sent);
    expect(body).toMatchObject({ content: "Hello {{name}}", version: 1, is_latest: true, model_id: null });
    expect(body.metadata).toMatchObject({ prompt_slug: "support-agent-x", version_id: body.version_id });
    expect(body.version_id).toMatch(uuid);
    const latest = await api.get(`${task}/prompt/latest`);
    expect(latest.body).toMatchObject({ version_id: body.version_id, tag: "latest" });
    const byHash = await api.get(`${task}/prompt/versions/by-hash/${hash}`);
    expect(byHash.body).toMatchObject({ version_id: body.version_id, content: "Hello {{name}}" });
    const got = await api.get("/v1/prompts/support-agent-x?tag=latest");
    expect(got.body).toMatchObject({ version_id: body.version_id, version: 1, tag: "latest", is_latest: true });
    expect((await api.get(`/v1/prompt-versions/${body.version_id}/model`)).body.model).toBeNull();
  });

  test("send_feedback sends what was given alone; judges and spans are asked with their parameters", async () => {
    await api.post("/v1/tasks/py/prompt/versions/ensure", { content: "x" });
    await insertSpans(store.clickhouse, {
      spanId: "ab".repeat(16),
      responseId: "chatcmpl-1",
      attributes: { task: "py" },
    });
    const feedback = await api.post("/v1/prompts/py/completions/chatcmpl-1/feedback", { thumbs_up: true, reason: "r" });
    expect(feedback).toMatchObject({ status: 200, body: { completion_id: "chatcmpl-1", thumbs_up: true } });
    const judge = await api.post(`/signals/projects/${projects.a}/automations`, {
      name: "Helpful",
      sample_rate: 1,
      filter: { object_type: "span", properties: { kind: "llm" } },
      template: "Is it helpful?",
    });
    const query = "limit=100&offset=0&evaluation_result=true&feedback_state=with_user_feedback";
    const evaluations = await api.get(`/projects/${projects.a}/judges/${judge.body.id}/evaluations?${query}`);
    expect(evaluations.body).toEqual({ evaluations: [], total: 0, limit: 100, offset: 0 });
    const span = "abababab-abab-abab-abab-abababababab";
    const ofSpan = await api.get(`/projects/${projects.a}/spans/${span}/evaluations`);
    expect(ofSpan.body).toEqual({ span_id: span, evaluations: [] });
  });

  test("a dataset is pushed and pulled, and an experiment is written, with two slashes where the address ends in one", async () => {
    const named = { name: "capitals", description: "" };
    expect((await api.post("//v1/datasets", named)).status).toBe(200);
    expect((await api.post("//v1/datasets", named)).status).toBe(409);
    const version = (await api.post("//v1/datasets/capitals/data", { data: [{ q: "1", n: "2" }] })).body;
    expect(version).toMatchObject({ id: expect.stringMatching(uuid), version_number: 1 });
    expect((await api.get("/v1/datasets/capitals")).body).toMatchObject({ ...named, id: expect.stringMatching(uuid) });
    const data = (await api.get("/v1/datasets/capitals/data?limit=10000&offset=0")).body;
    expect(data).toMatchObject({ rows: [{ data: { q: "1", n: "2" } }], totalRows: 1, version: { version_number: 1 } });
    const run = { dataset_version_id: version.id, name: "solve", description: "", alias: "solve", parameters: {} };
    const experiment = (await api.post("/v1/experiments", run)).body.id;
    const row = { dataset_row_id: data.rows[0].row_id, result: "{'out': '1'}", result_type: "text", trace_id: null };
    const result = (await api.post(`/v1/experiments/${experiment}/results`, { ...row, run_number: 1 })).body.id;
    const judge = { experiment_id: experiment, name: "ok", description: "", evaluation_mode: "row" };
    const evaluator = (await api.post(`/v1/experiments/${experiment}/evaluators`, judge)).body.id;
    const value = { evaluator_id: evaluator, dataset_row_id: "", experiment_result_id: result, evaluation_value: "1" };
    const made = await api.post(`/v1/experiments/${experiment}/evaluations`, { ...value, evaluation_type: "text" });
    for (const id of [experiment, result, evaluator, made.body.id]) expect(id).toMatch(uuid);
  });

  test("ze.choose is told that its test runs", async () => {
    const { body } = await api.post("//ab-choices", {
      entity_type: "span",
      entity_id: "6f1c1d1e-0000-4000-8000-000000000001",
      choice_name: "tone",
      variant_key: "a",
      variant_value: "1",
      variants: { a: "1", b: "2" },
      weights: { a: 0.5, b: 0.5 },
      duration_days: 14,
    });
    expect(body).toEqual({ ab_choice_id: expect.stringMatching(uuid), test_status: "running" });
  });
});

describe("the TypeScript SDK", () => {
  test("prompt: latest twice, then ensure with the model of the newest version; the name is percent-encoded", async () => {
    const task = "/v1/tasks/team%2Fgreeter";
    for (const _ of [1, 2]) expect((await api.get(`${task}/prompt/latest`)).status).toBe(404);
    const { body } = await api.post(`${task}/prompt/versions/ensure`, {
      content: "You are a helpful assistant.",
      content_hash: "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de",
      model_id: null,
      metadata: null,
    });
    expect(body).toMatchObject({
      prompt: "team-greeter",
      task_id: expect.stringMatching(uuid),
      version: 1,
      content_hash: "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de",
      tag: null,
      is_latest: true,
    });
    // Spans come back with the id of the task where its name stood.
    const spanId = "cd".repeat(16);
    await insertSpans(store.clickhouse, { spanId, attributes: { task: body.task_id } });
    const given = await api.post("/v1/prompts/team-greeter/completions/cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd/feedback", {
      thumbs_up: false,
    });
    expect(given).toMatchObject({ status: 200, body: { prompt_id: body.prompt_id } });
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { project, type Row, type Signalbox, span, unknownId } from "./support.ts";

/* Sections 9 to 12 of the contract: prompts, feedback, judges, datasets, A/B tests. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

const ensure = (task: string, body: Row) => box.post(`/v1/tasks/${task}/prompt/versions/ensure`, body);

describe("prompts", () => {
  it.each([
    ["You are a helpful assistant.", "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de"],
    ["\n\nYou are a helpful assistant.  \r\n", "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de"],
    ["line one  \r\nline two\t\rline three\n\n", "26a5cd654e540e91433a2f237e2709743fc4753e764deb74ed37299c2f338ece"],
    ["Hello {{name}}", "652b7c016734eedbef52857a9b0ed99076468635861e3a29201b847f71e86da7"],
    ["Hello {{ name }}", "1cc8b4910ff8026121f71a45ce3e85ec9b0c8f4f8bacec9a1fa4e72386161d08"],
  ])("%j has the hash %s", async (content, content_hash) => {
    const made = await ensure("hashes", { content });
    expect(made.body).toMatchObject({ content_hash, prompt_slug: "hashes", metadata: { prompt_slug: "hashes" } });
    expect((await box.get(`/v1/tasks/hashes/prompt/versions/by-hash/${content_hash}`)).body["id"]).toBe(
      made.body["id"],
    );
  });

  it("have versions, tags and a model", async () => {
    const one = await ensure("Support Bot", { content: "one", model_id: "gpt-4o" });
    const two = await ensure("Support%20Bot", { content: "two" });
    expect([one.body, two.body]).toMatchObject([
      { version: 1, is_latest: true },
      { version: 2, task_name: "Support Bot" },
    ]);
    expect((await ensure("support-bot", { content: "one" })).body).toMatchObject({ version: 1, id: one.body["id"] });
    const base = `/projects/${project}/prompts/support-bot`;
    expect((await box.post(`${base}/tags/production:pin`, { version: 1 })).body).toMatchObject({ version: 1 });
    for (const [query, version] of [
      ["", 2],
      ["?tag=production", 1],
      ["?version=1", 1],
    ] as const) {
      expect((await box.get(`/v1/prompts/support-bot${query}`)).body["version"]).toBe(version);
    }
    const model = await box.get(`/v1/prompt-versions/${one.body["version_id"]}/model`);
    expect(model.body).toMatchObject({ model_id: "gpt-4o", model: null, provider: "openai" });
    expect((await box.get(`${base}/versions`)).rows.map(({ version }) => version)).toEqual([1, 2]);
  });

  it.each<[string, string, Row | undefined, number]>([
    ["GET", "/v1/prompts/nobody", undefined, 404],
    ["GET", "/v1/prompts/support-bot?version=0", undefined, 400],
    ["GET", "/v1/prompts/support-bot?version=99", undefined, 404],
    ["GET", "/v1/tasks/nobody/prompt/latest", undefined, 404],
    ["GET", "/v1/tasks/hashes/prompt/versions/by-hash/xyz", undefined, 400],
    ["GET", `/v1/tasks/hashes/prompt/versions/by-hash/${"0".repeat(64)}`, undefined, 404],
    ["GET", `/v1/prompt-versions/${unknownId}/model`, undefined, 404],
    ["POST", "/v1/tasks/t/prompt/versions/ensure", { content: " \n" }, 400],
    ["POST", "/v1/tasks/t/prompt/versions/ensure", { content: "x", content_hash: "short" }, 400],
    ["POST", `/projects/${project}/prompts/support-bot/tags/latest:pin`, { version: 1 }, 400],
    ["POST", `/projects/${project}/prompts/support-bot/tags/production:pin`, { version: 9 }, 404],
    ["POST", "/v1/chat/completions", {}, 501],
  ])("%s %s %j is %i", async (method, path, body, status) => {
    expect((await box.call(method, path, body)).status).toBe(status);
  });
});

describe("judges, feedback and the rest", () => {
  const judge = {
    ...{ name: "quality", sample_rate: 1, template: "Is it good?", evaluation_type: "scored" },
    filter: { object_type: "span", properties: { kind: "llm" } },
    criteria: [{ key: "tone", label: "Tone" }],
  };
  const automations = `/signals/projects/${project}/automations`;

  it.each<Row>([
    { filter: { object_type: "trace", properties: { kind: "llm" } } },
    { filter: { object_type: "span", properties: { kind: "http" } } },
    { filter: { object_type: "span", properties: { kind: "llm", sample_rate: 1 } } },
    { score_min: 5, score_max: 5 },
    { pass_threshold: 11 },
    { evaluation_type: "odd" },
    { sample_rate: 2 },
    { name: undefined },
  ])("a judge with %j is 400", async (fields) => {
    expect((await box.post(automations, { ...judge, ...fields })).status).toBe(400);
  });

  it("feedback follows its rules, and is changed when sent again", async () => {
    const made = (await box.post(automations, judge)).body;
    expect(made).toMatchObject({ score_min: 0, score_max: 10, pass_threshold: 7, is_paused: false });
    const judge_id = made["id"];
    expect((await box.get(`/projects/${project}/judges/${judge_id}/criteria`)).body).toMatchObject({
      evaluation_type: "scored",
      criteria: [{ key: "tone", label: "Tone" }],
    });
    expect((await box.get(`/projects/${project}/judges/${judge_id}/evaluations`)).body).toEqual({
      ...{ evaluations: [], total: 0, limit: 100, offset: 0 },
    });
    const version = (await ensure("fed", { content: "x" })).body;
    const [sent] = await box.spans(
      span({ kind: "llm", attributes: { task: "fed", zeroeval: { prompt_version_id: version["version_id"] } } }),
    );
    const path = `/v1/prompts/fed/completions/${sent!["id"]}/feedback`;
    const first = await box.post(path, { thumbs_up: true, reason: "good" });
    expect([first.status, first.body]).toMatchObject([200, { thumbs_up: true, metadata: {}, judge_id: null }]);
    const again = await box.post(path, { thumbs_up: false });
    expect(again.body).toMatchObject({ id: first.body["id"], thumbs_up: false, reason: "good" });
    for (const [body, status] of [
      [{}, 400],
      [{ thumbs_up: "yes" }, 400],
      [{ thumbs_up: true, expected_score: 5 }, 400],
      [{ thumbs_up: true, judge_id, expected_score: 11 }, 400],
      [{ thumbs_up: true, judge_id, score_direction: "sideways" }, 400],
      [{ thumbs_up: true, judge_id, criteria_feedback: { other: { expected_score: 1 } } }, 400],
      [{ thumbs_up: true, judge_id: unknownId }, 404],
    ] as const) {
      expect([body, (await box.post(path, body)).status]).toEqual([body, status]);
    }
    expect((await box.post(path.replace("/fed/", "/nobody/"), { thumbs_up: true })).status).toBe(404);
    const read = (await box.get(`/projects/${project}/feedback/trace/${sent!["trace_id"]}`)).body;
    expect(read).toMatchObject({ summary: { total: 1, human_feedback_count: 1, judge_evaluation_count: 0 } });
    expect((await box.get(`/projects/${project}/feedback/user/${unknownId}`)).status).toBe(400);
    expect((await box.get(`/projects/${project}/feedback/span/${unknownId}`)).status).toBe(404);
  });

  it("datasets have versions, and a name once", async () => {
    expect((await box.post("/v1/datasets", { name: "set", description: "d" })).status).toBeLessThan(300);
    expect((await box.post("/v1/datasets", { name: "set" })).status).toBe(409);
    const data = await box.post("/v1/datasets/set/data", { data: [{ q: "1" }, { q: "2" }] });
    expect(data.body).toMatchObject({ version_number: 1 });
    expect((await box.get("/v1/datasets/set/data?limit=1&offset=1")).body).toMatchObject({
      ...{ rows: [{ data: { q: "2" } }], totalRows: 2, version: { version_number: 1 } },
    });
    expect((await box.get("/v1/datasets/nobody")).status).toBe(404);
  });

  it("A/B choices are taken while the test runs", async () => {
    const choice = {
      entity_type: "span",
      entity_id: randomUUID(),
      choice_name: "c",
      variant_key: "a",
      variant_value: "1",
    };
    const more = { variants: { a: "1", b: "2" }, weights: { a: 0.5, b: 0.5 }, duration_days: 14 };
    const answer = await box.post("/ab-choices", { ...choice, ...more });
    expect(answer.body).toMatchObject({ test_status: "running", ab_choice_id: expect.any(String) });
    expect((await box.post("/ab-choices", {})).status).toBe(400);
  });
});

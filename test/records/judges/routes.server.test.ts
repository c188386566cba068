import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluationRead } from "../../../records/judges/read.ts";
import { judgeRead } from "../../../records/judges/schemas.ts";
import type { TestClickHouse } from "../../support/clickhouse.ts";
import { insertEvaluation, insertSpans, projects, sqlTexts, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
let clickhouse: TestClickHouse;
const project = `/projects/${projects.a}`;
const automations = `/signals${project}/automations`;
const filter = { object_type: "span", properties: { kind: "llm", tags: { env: ["prod"] } } };
const body = { name: "Polite", sample_rate: 0.5, filter, template: "Is it polite?" };
const scored = { ...body, evaluation_type: "scored", template: "1. Tone: polite\n2. Facts: right" };

beforeAll(async () => {
  store = await startStore();
  ({ api, clickhouse } = store);
}, 60_000);
afterAll(() => store.stop());

describe("judges", () => {
  test("are made with defaults and a prompt of their own", async () => {
    const { status, body: judge } = await api.post(automations, body);
    expect(status).toBe(200);
    expect(judgeRead.parse(judge)).toEqual(judge);
    expect(judge).toMatchObject({
      project_id: projects.a,
      name: "Polite",
      sample_rate: 0.5,
      filter,
      template: "Is it polite?",
      evaluation_count: 0,
      positive_evaluations: 0,
      positive_rate: 0,
      is_paused: false,
      evaluation_type: "binary",
      score_min: null,
      score_max: null,
      pass_threshold: null,
      temperature: 0,
      target_prompt_id: null,
      backfill: 100,
    });
    const prompt = await api.get(`/v1/prompts/judge-${judge.id.replaceAll("-", "")}`);
    expect(prompt.body).toMatchObject({
      task_id: judge.task_id,
      content: "Is it polite?",
      version: 1,
      evaluation_type: "binary",
      temperature: 0,
      score_min: null,
    });
  });

  test("that give a score pass from 70 % of their scale on", async () => {
    const { body: judge } = await api.post(automations, scored);
    expect(judge).toMatchObject({ score_min: 0, score_max: 10, pass_threshold: 7 });
    const other = await api.post(automations, { ...scored, score_min: 1, score_max: 5, temperature: 0.3 });
    expect(other.body.pass_threshold).toBeCloseTo(3.8);
    const prompt = await api.get(`/v1/prompts/judge-${other.body.id.replaceAll("-", "")}`);
    expect(prompt.body).toMatchObject({ evaluation_type: "scored", score_min: 1, score_max: 5, temperature: 0.3 });
  });

  test("are listed and read at both of their addresses", async () => {
    const { body: judge } = await api.post(automations, body);
    for (const path of [automations, `${project}/judges`]) {
      const answer = (await api.get(path, "reader")).body;
      const list = path === automations ? answer.automations : answer;
      expect(list.find(({ id }: { id: string }) => id === judge.id)).toEqual(judge);
      expect((await api.get(`${path}/${judge.id}`)).body).toEqual(judge);
    }
  });

  test("are changed member by member", async () => {
    const { body: judge } = await api.post(automations, scored);
    const patched = await api.patch(`${automations}/${judge.id}`, {
      is_paused: true,
      sample_rate: 0,
      name: null,
      template: "1. Depth: deep",
      score_max: 20,
    });
    expect(patched.body).toMatchObject({
      id: judge.id,
      name: "Polite",
      is_paused: true,
      sample_rate: 0,
      score_max: 20,
      pass_threshold: 7,
      created_at: judge.created_at,
    });
    expect(patched.body.modified_at > judge.modified_at).toBe(true);
    expect((await api.get(`${project}/judges/${judge.id}/criteria`)).body.criteria).toMatchObject([{ key: "depth" }]);
    const prompt = await api.get(`/v1/prompts/judge-${judge.id.replaceAll("-", "")}`);
    expect(prompt.body).toMatchObject({ version: 2, content: "1. Depth: deep" });
    expect((await api.patch(`${automations}/${judge.id}`, { score_max: 6 })).status).toBe(400);
    expect((await api.patch(`${automations}/${judge.id}`, { evaluation_type: "binary" })).status).toBe(400);
  });

  test("are linked to a prompt, and taken away", async () => {
    const { body: judge } = await api.post(automations, body);
    const { body: prompt } = await api.post("/v1/tasks/linked/prompt/versions/ensure", { content: "x" });
    const link = `/signals${project}/prompts/${prompt.prompt_id}/judges/${judge.id}/link`;
    expect((await api.post(link, undefined)).body).toMatchObject({ target_prompt_id: prompt.prompt_id });
    expect((await api.call("POST", link)).status).toBe(200);
    expect((await api.post(`/signals${project}/prompts/unknown/judges/${judge.id}/link`)).status).toBe(404);
    expect((await api.call("DELETE", `${automations}/${judge.id}`, undefined, "reader")).status).toBe(403);
    expect((await api.call("DELETE", `${automations}/${judge.id}`)).status).toBe(204);
    expect((await api.get(`${automations}/${judge.id}`)).status).toBe(404);
  });

  test("changed by many at once keep every change, and one that is taken away stays away", async () => {
    const { body: judge } = await api.post(automations, body);
    const at = `${automations}/${judge.id}`;
    const changes = { name: "new", sample_rate: 0.25, temperature: 1.5, is_paused: true, backfill: 7 };
    const patches = Object.entries(changes).map(([member, value]) => api.patch(at, { [member]: value }));
    expect((await Promise.all(patches)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { backfill: _, ...shown } = changes;
    expect((await api.get(at)).body).toMatchObject(shown);
    const rename = () => api.patch(at, { name: "back" });
    const [, taken] = await Promise.all([rename(), api.call("DELETE", at), rename(), rename()]);
    expect(taken.status).toBe(204);
    expect((await api.get(at)).status).toBe(404);
  });

  test("have the criteria that were given, else those of their template; none where they say yes or no", async () => {
    const criteria = [{ key: "x", label: "X", description: "about x", order: 2 }, { key: "w" }];
    const given = (await api.post(automations, { ...scored, criteria })).body;
    expect((await api.get(`${project}/judges/${given.id}/criteria`)).body).toEqual({
      judge_id: given.id,
      evaluation_type: "scored",
      score_min: 0,
      score_max: 10,
      pass_threshold: 7,
      criteria: [
        { key: "w", label: "w", description: null },
        { key: "x", label: "X", description: "about x" },
      ],
    });
    const inferred = (await api.post(automations, scored)).body;
    expect((await api.get(`${project}/judges/${inferred.id}/criteria`)).body.criteria).toMatchObject([
      { key: "tone", label: "Tone", description: "polite" },
      { key: "facts", label: "Facts" },
    ]);
    const binary = (await api.post(automations, { ...body, criteria })).body;
    expect((await api.get(`${project}/judges/${binary.id}/criteria`)).body).toMatchObject({
      evaluation_type: "binary",
      score_min: null,
      criteria: [],
    });
  });

  const without = (name: keyof typeof body): object => ({ ...body, [name]: undefined });
  test.each<[string, object]>([
    ["name", without("name")],
    ["name", { ...body, name: " " }],
    ["sample_rate", without("sample_rate")],
    ["sample_rate", { ...body, sample_rate: 1.1 }],
    ["sample_rate", { ...body, sample_rate: -0.1 }],
    ["filter", without("filter")],
    ["filter", { ...body, filter: { object_type: "trace", properties: { kind: "llm" } } }],
    ["filter", { ...body, filter: { object_type: "span", properties: { kind: "tool" } } }],
    ["filter", { ...body, filter: { object_type: "span", properties: { kind: "llm", sample_rate: 1 } } }],
    ["filter", { ...body, filter: { object_type: "span", properties: { kind: "llm", tags: { a: 1 } } } }],
    ["template", without("template")],
    ["template", { ...body, template: "\n" }],
    ["evaluation_type", { ...body, evaluation_type: "ternary" }],
    ["score_min", { ...scored, score_min: 10, score_max: 10 }],
    ["pass_threshold", { ...scored, pass_threshold: 11 }],
    ["temperature", { ...body, temperature: 2.5 }],
    ["target_prompt_id", { ...body, target_prompt_id: "x" }],
    ["backfill", { ...body, backfill: -1 }],
    ["criteria", { ...scored, criteria: [{ key: "a" }, { key: "a" }] }],
    ["criteria", { ...scored, criteria: [{ label: "no key" }] }],
  ])("are not made with a wrong %s: %j", async (member, wrong) => {
    const answer = await api.post(automations, wrong);
    expect([answer.status, answer.body.detail[0].loc.slice(0, 2)]).toEqual([400, ["body", member]]);
  });

  test("belong to their project, and are not written with a key that may only read", async () => {
    const { body: judge } = await api.post(automations, body);
    const others = `/signals/projects/${projects.b}/automations`;
    expect((await api.get(`${others}/${judge.id}`, "b")).status).toBe(404);
    expect((await api.get(others, "b")).body).toEqual({ automations: [] });
    expect((await api.get(others)).status).toBe(404);
    expect((await api.post(others, body)).status).toBe(404);
    expect((await api.post(automations, body, "reader")).status).toBe(403);
    expect((await api.patch(`${automations}/${judge.id}`, {}, "reader")).status).toBe(403);
    const target = (await api.post("/v1/tasks/b/prompt/versions/ensure", { content: "x" }, "b")).body.prompt_id;
    expect((await api.post(automations, { ...body, target_prompt_id: target })).status).toBe(404);
    expect((await api.get(`${automations}/x`)).status).toBe(400);
    expect((await api.get(`${automations}/${randomUUID()}`)).status).toBe(404);
  });

  test.each(sqlTexts)("%s is text in all that is kept", async (text) => {
    const sent = { ...scored, name: text, template: text, criteria: [{ key: text, label: text }] };
    const { body: judge } = await api.post(automations, { ...sent, filter: { ...filter, [text]: text } });
    expect(judge).toMatchObject({ name: text.trim(), template: text, filter: { [text]: text } });
    expect((await api.get(`${project}/judges/${judge.id}/criteria`)).body.criteria[0].label).toBe(text);
    const path = `${project}/judges/${judge.id}/evaluations`;
    for (const name of ["limit", "offset", "start_date", "end_date", "evaluation_result", "feedback_state"])
      expect((await api.get(`${path}?${name}=${encodeURIComponent(text)}`)).status, name).toBe(400);
  });
});

describe("evaluations", () => {
  let judge: string;
  const spanOf = (n: number): string => n.toString(16).padStart(32, "a");
  const uuidOf = (digits: string): string => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

  beforeAll(async () => {
    judge = (await api.post(automations, scored)).body.id;
    for (let n = 1; n <= 5; n++) {
      await insertSpans(clickhouse, { spanId: spanOf(n), attributes: { task: "linked" } });
      await insertEvaluation(clickhouse, {
        EvaluationId: uuidOf(spanOf(n + 100)),
        JudgeId: judge,
        SpanId: spanOf(n),
        TraceId: "2".repeat(32),
        Result: n % 2 === 0,
        Reason: `reason ${n}`,
        Confidence: 0.5,
        Score: n,
        ScoreMin: 0,
        ScoreMax: 10,
        PassThreshold: 7,
        CriteriaScores: '{"tone":{"score":3,"reason":"meh"}}',
        Model: "gpt-4o",
        EvaluationType: "scored",
        CreatedAt: `2026-01-0${n}T00:00:00Z`,
      });
    }
    const sent = { thumbs_up: true, judge_id: judge };
    await api.post(`/v1/prompts/linked/completions/${uuidOf(spanOf(3))}/feedback`, sent);
  });

  const page = (query: string) => api.get(`${project}/judges/${judge}/evaluations?${query}`);
  const scoresOf = (answer: { body: { evaluations: { score: number }[] } }) =>
    answer.body.evaluations.map(({ score }) => score);

  test("come newest first, with their number", async () => {
    const { body: answer } = await page("limit=2&offset=1");
    expect(answer).toMatchObject({ total: 5, limit: 2, offset: 1 });
    expect(scoresOf({ body: answer })).toEqual([4, 3]);
    for (const evaluation of answer.evaluations) expect(evaluationRead.parse(evaluation)).toEqual(evaluation);
    expect(answer.evaluations[0]).toMatchObject({
      span_id: uuidOf(spanOf(4)),
      judge_id: judge,
      automation_id: judge,
      judge_name: "Polite",
      evaluation_result: true,
      evaluation_reason: "reason 4",
      confidence_score: 0.5,
      score_min: 0,
      score_max: 10,
      pass_threshold: 7,
      model_used: "gpt-4o",
      criteria_scores: { tone: { score: 3, reason: "meh" } },
      user_feedback: null,
    });
    expect(answer.evaluations[1].user_feedback).toMatchObject({ thumbs_up: true });
  });

  test.each<[string, number[]]>([
    ["", [5, 4, 3, 2, 1]],
    ["evaluation_result=true", [4, 2]],
    ["evaluation_result=FALSE", [5, 3, 1]],
    ["start_date=2026-01-02T00:00:00Z&end_date=2026-01-04", [4, 3, 2]],
    ["feedback_state=with_user_feedback", [3]],
    ["feedback_state=without_user_feedback", [5, 4, 2, 1]],
    ["feedback_state=pending&evaluation_result=1", [4, 2]],
    ["offset=5", []],
  ])("?%s gives the scores %j", async (query, scores) => {
    const answer = await page(query);
    expect(scoresOf(answer)).toEqual(scores);
    if (!query.startsWith("offset")) expect(answer.body.total).toBe(scores.length);
  });

  test.each(["limit=0", "limit=501", "offset=-1", "evaluation_result=yes", "start_date=soon", "feedback_state=x"])(
    "?%s is 400",
    async (query) => {
      expect((await page(query)).status).toBe(400);
    },
  );

  test("of a span are listed; a span that is not known is 404", async () => {
    const { body: answer } = await api.get(`${project}/spans/${uuidOf(spanOf(3))}/evaluations`);
    expect(answer).toMatchObject({ span_id: uuidOf(spanOf(3)), evaluations: [{ score: 3 }] });
    await insertSpans(clickhouse, { spanId: spanOf(99) });
    expect((await api.get(`${project}/spans/${uuidOf(spanOf(99))}/evaluations`)).body.evaluations).toEqual([]);
    expect((await api.get(`${project}/spans/${randomUUID()}/evaluations`)).status).toBe(404);
    expect((await api.get(`${project}/spans/x/evaluations`)).status).toBe(400);
    const others = `/projects/${projects.b}`;
    expect((await api.get(`${others}/spans/${uuidOf(spanOf(3))}/evaluations`, "b")).status).toBe(404);
    expect((await api.get(`${others}/judges/${judge}/evaluations`, "b")).status).toBe(404);
  });

  test("are counted by their judge", async () => {
    expect((await api.get(`${automations}/${judge}`)).body).toMatchObject({
      evaluation_count: 5,
      positive_evaluations: 2,
      positive_rate: 0.4,
    });
  });
});

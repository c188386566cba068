import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entityFeedback, feedbackRead } from "../../../records/feedback/schemas.ts";
import type { TestClickHouse } from "../../support/clickhouse.ts";
import { insertEvaluation, insertSpans, projects, sqlTexts, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
let clickhouse: TestClickHouse;
let binary: string;
let scored: string;
const project = `/projects/${projects.a}`;

const hex = (): string => randomUUID().replaceAll("-", "");
const uuidOf = (digits: string): string =>
  digits.padEnd(32, "0").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
const give = (slug: string, completion: string, body: unknown = { thumbs_up: true }, key?: "b" | "reader" | "second") =>
  api.post(`/v1/prompts/${encodeURIComponent(slug)}/completions/${encodeURIComponent(completion)}/feedback`, body, key);

async function judge(body: object): Promise<string> {
  const { status, body: made } = await api.post(`/signals${project}/automations`, {
    name: "j",
    sample_rate: 1,
    filter: { object_type: "span", properties: { kind: "llm" } },
    template: "1. Tone: is it polite\n2. Facts: is it right",
    ...body,
  });
  expect(status).toBe(200);
  return made.id;
}

beforeAll(async () => {
  store = await startStore();
  ({ api, clickhouse } = store);
  for (const task of ["support", "other"])
    await api.post(`/v1/tasks/${task}/prompt/versions/ensure`, { content: `You are ${task}` });
  binary = await judge({});
  scored = await judge({ evaluation_type: "scored", score_min: 1, score_max: 5 });
}, 60_000);
afterAll(() => store.stop());

/** A span of the prompt `support`, made with its first version. */
async function decorated(more: object = {}): Promise<string> {
  const { body } = await api.get("/v1/prompts/support");
  const spanId = hex();
  const zeroeval = JSON.stringify({ task: "support", prompt_slug: "support", prompt_version_id: body.version_id });
  await insertSpans(clickhouse, { spanId, attributes: { zeroeval, task: "support" }, ...more });
  return spanId;
}

describe("feedback", () => {
  test("is stored with the version that the span was made with", async () => {
    const spanId = await decorated();
    const version = (await api.get("/v1/prompts/support")).body;
    const { status, body } = await give("support", uuidOf(spanId), {
      thumbs_up: false,
      reason: "too long",
      expected_output: "short",
      metadata: { source: "ui" },
    });
    expect(status).toBe(200);
    expect(feedbackRead.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      completion_id: uuidOf(spanId),
      prompt_id: version.prompt_id,
      prompt_version_id: version.version_id,
      project_id: projects.a,
      thumbs_up: false,
      reason: "too long",
      expected_output: "short",
      metadata: { source: "ui" },
      judge_id: null,
      expected_score: null,
      score_direction: null,
      criteria_feedback: null,
    });
  });

  test("of the same author on the same completion is changed, and what is left out stays", async () => {
    const spanId = await decorated({ responseId: "chatcmpl-77" });
    const first = await give("support", uuidOf(spanId), { thumbs_up: true, reason: "good", metadata: { a: 1 } });
    const again = await give("support", "chatcmpl-77", { thumbs_up: false, reason: null, expected_output: "x" });
    expect(again.body).toMatchObject({
      id: first.body.id,
      created_at: first.body.created_at,
      thumbs_up: false,
      reason: "good",
      expected_output: "x",
      metadata: { a: 1 },
    });
    expect(again.body.updated_at > first.body.updated_at).toBe(true);
    const other = await give("support", uuidOf(spanId), { thumbs_up: true }, "second");
    expect(other.body.id).not.toBe(first.body.id);
    const { body } = await api.get(`${project}/feedback/span/${uuidOf(spanId)}`);
    expect(body.summary).toEqual({ total: 2, human_feedback_count: 2, judge_evaluation_count: 0 });
  });

  test("many at once of one author make one record", async () => {
    const id = uuidOf(await decorated());
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => give("support", id, { thumbs_up: i % 2 > 0 })),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await api.get(`${project}/feedback/span/${id}`)).body.summary.total).toBe(1);
  });

  test.each(["openai_id", "llm.response_id", "response_id", "gen_ai.response.id"])(
    "finds the span whose attribute %s is the completion's id",
    async (name) => {
      const id = `cmpl-${hex()}`;
      await insertSpans(clickhouse, { spanId: hex(), attributes: { [name]: id, task: "support" } });
      expect((await give("support", id)).status).toBe(200);
    },
  );

  test("finds spans of OTLP by 16 digits, and by the UUID made of them", async () => {
    const spanId = hex().slice(0, 16);
    await insertSpans(clickhouse, { spanId });
    const short = await give("support", spanId);
    expect((await give("support", uuidOf(spanId))).body.id).toBe(short.body.id);
  });

  test("finds a logged completion", async () => {
    const logged = await api.post("/projects/%7Bproject_id%7D/prompts/support/completions", {
      messages: [{ role: "user", content: "hi" }],
    });
    const { status, body } = await give("support", logged.body.id);
    expect([status, body.completion_id]).toEqual([200, logged.body.id]);
    expect((await give("other", logged.body.id)).status).toBe(404);
  });

  test("makes the task that only the span names", async () => {
    const spanId = hex();
    await insertSpans(clickhouse, { spanId, attributes: { task: "Only the span" } });
    expect((await give("unknown", uuidOf(spanId))).status).toBe(404);
    expect((await give("Only the span", uuidOf(spanId))).status).toBe(200);
    expect((await give("only-the-span", uuidOf(spanId))).status).toBe(200);
  });

  test("on a span of another prompt is 404, unless it is about a judge", async () => {
    const id = uuidOf(await decorated());
    expect((await give("other", id)).status).toBe(404);
    expect((await give("other", id, { thumbs_up: true, judge_id: binary })).status).toBe(200);
    const slug = `judge-${binary.replaceAll("-", "")}`;
    expect((await give(slug, id, { thumbs_up: false, judge_id: binary })).status).toBe(200);
    expect((await api.get(`${project}/feedback/span/${id}`)).body.summary.total).toBe(1);
  });

  test("on a judge's own span is about the span that was judged", async () => {
    const spanId = await decorated();
    const callId = hex();
    await insertSpans(clickhouse, { spanId: callId });
    const id = randomUUID();
    await insertEvaluation(clickhouse, {
      EvaluationId: id,
      JudgeId: scored,
      SpanId: spanId,
      TraceId: "1".repeat(32),
      JudgeCallSpanId: callId,
      Result: true,
      Score: 4,
      EvaluationType: "scored",
    });
    const said = {
      thumbs_up: false,
      judge_id: scored,
      expected_score: 2,
      score_direction: "too_high",
      criteria_feedback: { tone: { expected_score: 1, reason: "rude" } },
    };
    const { body } = await give("support", uuidOf(callId), said);
    expect(body).toMatchObject(said);
    expect((await give("support", uuidOf(spanId), said)).body.id).toBe(body.id);
    const evaluations = await api.get(`${project}/spans/${uuidOf(spanId)}/evaluations`);
    expect(evaluations.body.evaluations).toMatchObject([
      { id, user_feedback: { id: body.id, thumbs_up: false, expected_score: 2 } },
    ]);
  });

  test.each<[number, string, unknown]>([
    [400, "thumbs_up", {}],
    [400, "thumbs_up", { thumbs_up: "true" }],
    [400, "thumbs_up", { thumbs_up: 1 }],
    [400, "thumbs_up", { thumbs_up: null }],
    [400, "reason", { thumbs_up: true, reason: 5 }],
    [400, "metadata", { thumbs_up: true, metadata: [] }],
    [400, "judge_id", { thumbs_up: true, judge_id: "x" }],
    [400, "judge_id", { thumbs_up: true, expected_score: 3 }],
    [400, "judge_id", { thumbs_up: true, score_direction: "too_low" }],
    [400, "judge_id", { thumbs_up: true, criteria_feedback: { tone: { expected_score: 1 } } }],
    [400, "score_direction", { thumbs_up: true, judge_id: "SCORED", score_direction: "up" }],
    [400, "expected_score", { thumbs_up: true, judge_id: "BINARY", expected_score: 3 }],
    [400, "score_direction", { thumbs_up: true, judge_id: "BINARY", score_direction: "too_low" }],
    [
      400,
      "criteria_feedback",
      { thumbs_up: true, judge_id: "BINARY", criteria_feedback: { t: { expected_score: 1 } } },
    ],
    [400, "expected_score", { thumbs_up: true, judge_id: "SCORED", expected_score: 5.5 }],
    [400, "expected_score", { thumbs_up: true, judge_id: "SCORED", expected_score: "3" }],
    [
      400,
      "criteria_feedback",
      { thumbs_up: true, judge_id: "SCORED", criteria_feedback: { x: { expected_score: 1 } } },
    ],
    [400, "criteria_feedback", { thumbs_up: true, judge_id: "SCORED", criteria_feedback: { tone: {} } }],
    [200, "", { thumbs_up: true, judge_id: "BINARY", criteria_feedback: {} }],
    [200, "", { thumbs_up: true, criteria_feedback: {}, expected_score: null, judge_id: null, unknown: 1 }],
    [200, "", { thumbs_up: true, judge_id: "SCORED", expected_score: 5 }],
  ])("%i (%s) for %j", async (status, member, body) => {
    const text = JSON.stringify(body).replace("BINARY", binary).replace("SCORED", scored);
    const answer = await give("support", uuidOf(await decorated()), text as never);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body.detail[0].loc.slice(0, 2)).toEqual(["body", member]);
  });

  test("on nothing that is known is 404, in this and in another project", async () => {
    const id = uuidOf(await decorated());
    expect((await give("support", randomUUID())).body).toEqual({ detail: "completion not found" });
    expect((await give("unknown", id)).body).toEqual({ detail: "prompt not found" });
    expect((await give("support", id, { thumbs_up: true, judge_id: randomUUID() })).body.detail).toBe(
      "judge not found",
    );
    expect((await give("support", id, { thumbs_up: true }, "b")).body).toEqual({ detail: "completion not found" });
    expect((await give("support", id, { thumbs_up: true }, "reader")).status).toBe(403);
  });

  test.each(sqlTexts)("%s is text, wherever it stands", async (text) => {
    const spanId = await decorated({ responseId: text });
    const { status, body } = await give("support", text, { thumbs_up: true, reason: text, metadata: { [text]: text } });
    expect([status, body.reason, body.metadata]).toEqual([200, text, { [text]: text }]);
    expect((await api.get(`${project}/feedback/span/${uuidOf(spanId)}`)).body.items[0].reason).toBe(text);
    expect((await give(text, uuidOf(spanId))).status).toBe(404);
    expect((await give("support", `${text} other`)).status).toBe(404);
    expect((await api.get(`${project}/feedback/session/${encodeURIComponent(text)}`)).status).toBe(404);
  });

  test("on a span is that of its prompt, or of none", async () => {
    const on = (span: string, body: object, key?: "b" | "reader") =>
      api.post(`${project}/spans/${uuidOf(span)}/feedback`, body, key);
    const spanId = await decorated();
    const slug = (await api.get("/v1/prompts/support")).body.prompt_id;
    const { body } = await on(spanId, { thumbs_up: true, reason: "fine" });
    expect(feedbackRead.parse(body)).toEqual(body);
    expect(body).toMatchObject({ prompt_id: slug, judge_id: null, reason: "fine" });
    expect((await give("support", uuidOf(spanId), { thumbs_up: false })).body).toMatchObject({ id: body.id });
    const plain = hex();
    await insertSpans(clickhouse, { spanId: plain });
    expect((await on(plain, { thumbs_up: true })).body).toMatchObject({ prompt_id: null });
    expect((await on(plain, { thumbs_up: true, expected_score: 1 })).status).toBe(400);
    expect((await on(hex(), { thumbs_up: true })).status).toBe(404);
    expect((await on(plain, { thumbs_up: true }, "b")).status).toBe(404);
    expect((await on(plain, { thumbs_up: true }, "reader")).status).toBe(403);
  });

  test("on the span of a judge's own call is about what the judge found", async () => {
    const [spanId, call] = [await decorated(), hex()];
    await insertSpans(clickhouse, { spanId: call });
    const EvaluationId = randomUUID();
    await insertEvaluation(clickhouse, {
      JudgeId: scored,
      EvaluationId,
      SpanId: spanId,
      TraceId: "1".repeat(32),
      JudgeCallSpanId: call,
      EvaluationType: "scored",
    });
    const { status, body } = await api.post(`${project}/spans/${uuidOf(call)}/feedback`, {
      thumbs_up: false,
      expected_score: 4,
    });
    expect([status, body.judge_id, body.expected_score]).toEqual([200, scored, 4]);
  });

  test("links are not made", async () => {
    const { status, body } = await api.post("/feedback-links", {
      prompt_slug: "support",
      link_type: "prompt_completion",
    });
    expect([status, Object.keys(body)]).toEqual([501, ["detail"]]);
  });
});

describe("feedback of an entity", () => {
  test("of a trace and a session is that of all spans in it, oldest first", async () => {
    const traceId = hex();
    const sessionId = "d5b82663-4051-5a4c-9808-616c909bbbc5";
    const root = await decorated({ traceId, sessionId });
    const child = await decorated({ traceId });
    const first = await give("support", uuidOf(child), { thumbs_up: true });
    await insertEvaluation(clickhouse, {
      EvaluationId: randomUUID(),
      JudgeId: binary,
      SpanId: root,
      TraceId: traceId,
      Reason: "fine",
      Model: "gpt-4o",
      Result: true,
      Confidence: 0.9,
      EvaluationType: "binary",
    });
    const last = await give("support", uuidOf(root), { thumbs_up: false });
    for (const path of [`trace/${uuidOf(traceId)}`, `session/${sessionId}`, "session/chat-42"]) {
      const { status, body } = await api.get(`${project}/feedback/${path}`);
      expect(status).toBe(200);
      expect(entityFeedback.parse(body)).toEqual(body);
      expect(body.summary).toEqual({ total: 3, human_feedback_count: 2, judge_evaluation_count: 1 });
      expect(body.items.map(({ kind }: never) => kind)).toEqual([
        "human_feedback",
        "judge_evaluation",
        "human_feedback",
      ]);
      expect([body.items[0].id, body.items[2].id]).toEqual([first.body.id, last.body.id]);
      expect(body.items[0]).toMatchObject({ source_type: "human", created_by: { email: null, name: null } });
      expect(body.items[1]).toMatchObject({ automation_id: binary, judge_name: "j", confidence_score: 0.9 });
    }
    expect((await api.get(`${project}/feedback/trace/${uuidOf(traceId)}?limit=1`)).body).toMatchObject({
      summary: { total: 3 },
      items: [{ id: first.body.id }],
    });
  });

  test("that is known and has none is empty; one that is not known is 404", async () => {
    const spanId = hex();
    const traceId = hex();
    await insertSpans(clickhouse, { spanId, traceId, sessionId: uuidOf(traceId) });
    for (const path of [`span/${uuidOf(spanId)}`, `trace/${uuidOf(traceId)}`, `session/${uuidOf(traceId)}`]) {
      expect((await api.get(`${project}/feedback/${path}`)).body).toMatchObject({ summary: { total: 0 }, items: [] });
      expect((await api.get(`/projects/${projects.b}/feedback/${path}`, "b")).status).toBe(404);
      expect((await api.get(`/projects/${projects.b}/feedback/${path}`)).body.detail).toBe("project not found");
    }
  });

  test("that was made without spans is known", async () => {
    const trace = hex();
    const session = randomUUID();
    const row = { ProjectId: projects.a, CreatedAt: Date.now() };
    await clickhouse.client.insert({ table: "traces", format: "JSONEachRow", values: [{ ...row, TraceId: trace }] });
    await clickhouse.client.insert({
      table: "sessions",
      format: "JSONEachRow",
      values: [{ ...row, SessionId: session }],
    });
    expect((await api.get(`${project}/feedback/trace/${uuidOf(trace)}`)).body.summary.total).toBe(0);
    expect((await api.get(`${project}/feedback/session/${session}`)).body.summary.total).toBe(0);
  });

  test.each([
    [400, "spans/d5b82663-4051-5a4c-9808-616c909bbbc5"],
    [400, "span/x"],
    [400, "trace/123"],
    [404, "span/d5b82663-4051-5a4c-9808-616c909bbb00"],
    [404, "trace/d5b82663-4051-5a4c-9808-616c909bbb00"],
    [404, "session/nobody"],
    [400, "span/d5b82663-4051-5a4c-9808-616c909bbb00?limit=0"],
  ])("%i for %s", async (status, path) => {
    expect((await api.get(`${project}/feedback/${path}`)).status).toBe(status);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projects, sqlTexts, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
const path = `/projects/${projects.a}/prompts/logged/completions`;
beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
  await api.post("/v1/tasks/logged/prompt/versions/ensure", { content: "x" });
}, 60_000);
afterAll(() => store.stop());

describe("logged completions", () => {
  test("come back as they were sent, newest first", async () => {
    const prompt = (await api.get("/v1/prompts/logged")).body;
    const sent = {
      prompt_id: prompt.prompt_id,
      prompt_version_id: prompt.version_id,
      messages: [{ role: "user", content: "hi" }],
      metadata: { user: "u" },
      has_error: false,
      model_id: "gpt-4o",
      input_text: "hi",
      output_text: "hello",
      duration_ms: 12.5,
      prompt_tokens: 1,
      completion_tokens: 2,
      total_tokens: 3,
      cost: 0.001,
      error_message: null,
      span_id: randomUUID(),
    };
    const { status, body } = await api.post(path, sent);
    expect([status, body]).toMatchObject([201, sent]);
    const bare = await api.post("/projects/%7Bproject_id%7D/prompts/logged/completions", {
      messages: [],
      has_error: true,
    });
    expect(bare).toMatchObject({ status: 201, body: { has_error: true, cost: null, span_id: null, metadata: {} } });
    const list = (await api.get(path, "reader")).body;
    expect(list.map(({ id }: { id: string }) => id)).toEqual([bare.body.id, body.id]);
    expect(list[1]).toEqual(body);
    expect((await api.get(`${path}?limit=1&offset=1`)).body).toEqual([body]);
  });

  test.each<[number, string, object]>([
    [404, "/projects/%7Bproject_id%7D/prompts/unknown/completions", {}],
    [404, `/projects/${projects.b}/prompts/logged/completions`, {}],
    [404, "/projects/%7Bproject%7D/prompts/logged/completions", {}],
    [400, path, { messages: "hi" }],
    [400, path, { has_error: "no" }],
    [400, path, { cost: -1 }],
    [400, path, { cost: "1" }],
    [400, path, { span_id: "x" }],
    [400, path, { prompt_version_id: "x" }],
    [400, path, { metadata: 1 }],
  ])("%i for %s with %j", async (status, to, body) => {
    expect((await api.post(to, body)).status).toBe(status);
  });

  test("are not written with a key that may only read, nor read by another project", async () => {
    expect((await api.post(path, {}, "reader")).status).toBe(403);
    expect((await api.get(path, "b")).status).toBe(404);
    expect((await api.get("/projects/%7Bproject_id%7D/prompts/logged/completions", "b")).status).toBe(404);
    expect((await api.get(`${path}?limit=0`)).status).toBe(400);
  });

  test.each(sqlTexts)("%s is text", async (text) => {
    const sent = { messages: [text], input_text: text, output_text: text, error_message: text, metadata: { a: text } };
    expect((await api.post(path, sent)).body).toMatchObject(sent);
    expect((await api.get(`${path}?limit=1`)).body).toMatchObject([sent]);
  });
});

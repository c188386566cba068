import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promptObject } from "../../../records/prompts/object.ts";
import type { TestClickHouse } from "../../support/clickhouse.ts";
import { projects, startApi, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
let clickhouse: TestClickHouse;
const project = `/projects/${projects.a}`;

beforeAll(async () => {
  store = await startStore();
  ({ api, clickhouse } = store);
}, 60_000);
afterAll(() => store.stop());

const ensure = (task: string, content: string, more: object = {}) =>
  api.post(`/v1/tasks/${encodeURIComponent(task)}/prompt/versions/ensure`, { content, ...more });

describe("prompts", () => {
  test("a task has no prompt before a version is ensured, and numbers from 1 afterwards", async () => {
    expect(await api.get("/v1/tasks/first/prompt/latest")).toMatchObject({
      status: 404,
      body: { detail: "prompt not found" },
    });
    const first = await ensure("first", "One", { model_id: "zeroeval/gpt-4o", metadata: { team: "x" } });
    expect(first).toMatchObject({
      status: 200,
      body: {
        version: 1,
        is_latest: true,
        tag: null,
        prompt: "first",
        task_name: "first",
        content: "One",
        model_id: "gpt-4o",
        metadata: { team: "x", prompt_slug: "first", version_id: first.body.version_id },
        evaluation_type: null,
      },
    });
    expect(promptObject.parse(first.body)).toEqual(first.body);
    expect((await ensure("first", "Two")).body).toMatchObject({ version: 2, is_latest: true, model_id: null });
  });

  test("the same content keeps its number and model", async () => {
    const first = await ensure("same", "Hi  \r\n", { model_id: "gpt-4o" });
    const again = await ensure("same", "\nHi", { model_id: "other", content_hash: null, metadata: null });
    expect(again.body).toEqual(first.body);
  });

  test("is found by slug, exact name and UUID, with slashes in the name too", async () => {
    const { body } = await ensure("Team A/Greeter", "Hello");
    expect(body.prompt_slug).toBe("team-a-greeter");
    for (const name of ["team-a-greeter", "Team A/Greeter", body.task_id, body.prompt_id.toUpperCase()]) {
      const path = encodeURIComponent(name);
      expect((await api.get(`/v1/prompts/${path}`)).body).toMatchObject({ id: body.id, tag: "latest" });
      expect((await api.get(`/v1/tasks/${path}/prompt/latest`)).body).toMatchObject({ id: body.id });
    }
  });

  test("the name of a task goes before another prompt's slug where a task is asked for", async () => {
    const { body: spaced } = await ensure("x y", "A");
    const same = await ensure("x-y", "B");
    expect(same.body).toMatchObject({ prompt_id: spaced.prompt_id, version: 2 });
  });

  test("answers by number and tag, and the number wins", async () => {
    await ensure("tags", "1");
    await ensure("tags", "2");
    await ensure("tags", "3");
    expect((await api.post(`${project}/prompts/tags/tags/production:pin`, { version: 2 })).body).toEqual({
      tag: "production",
      version: 2,
    });
    expect((await api.get("/v1/prompts/tags?tag=production")).body).toMatchObject({
      version: 2,
      tag: "production",
      is_latest: false,
    });
    expect((await api.get("/v1/prompts/tags?tag=production&version=1")).body).toMatchObject({ version: 1, tag: null });
    expect((await api.get(`${project}/prompts/tags/tags`)).body).toEqual([
      { tag: "latest", version: 3 },
      { tag: "production", version: 2 },
    ]);
    const versions = await api.get(`${project}/prompts/tags/versions`);
    expect(versions.body.map(({ version, content }: never) => [version, content])).toEqual([
      [1, "1"],
      [2, "2"],
      [3, "3"],
    ]);
    expect(Object.keys(versions.body[0]).sort()).toEqual(
      ["content", "content_hash", "created_at", "id", "model_id", "version"].sort(),
    );
  });

  test("is found by its hash, and by the hash that a client made in its own way", async () => {
    const own = "ab".repeat(32);
    const { body } = await ensure("hashes", "text", { content_hash: own.toUpperCase() });
    for (const hash of [body.content_hash, own, own.toUpperCase()])
      expect((await api.get(`/v1/tasks/hashes/prompt/versions/by-hash/${hash}`)).body).toMatchObject({ id: body.id });
    expect(body.content_hash).not.toBe(own);
  });

  test("the model of a version is told, but not as one to be called here", async () => {
    const { body } = await ensure("models", "text", { model_id: "claude-sonnet-4" });
    expect((await api.get(`/v1/prompt-versions/${body.version_id}/model`)).body).toEqual({
      model_id: "claude-sonnet-4",
      model: null,
      provider: "anthropic",
    });
    const changed = await api.patch(`${project}/prompts/models/versions/1`, { model_id: "gpt-4o" });
    expect(changed.body).toMatchObject({ id: body.id, model_id: "gpt-4o", created_at: body.created_at });
    const cleared = await api.patch(`${project}/prompts/models/versions/1`, { model_id: null });
    expect(cleared.body.model_id).toBeNull();
  });

  test.each(["/v1/chat/completions", "/v1/responses"])("%s says that there is no gateway", async (path) => {
    const { status, body } = await api.post(path, { model: "gpt-4o" });
    expect([status, body.error.type]).toEqual([501, "not_implemented"]);
  });

  test("lists tasks that only spans name", async () => {
    const now = Date.now();
    await clickhouse.client.insert({
      table: "otel_traces",
      format: "JSONEachRow",
      values: [{ ProjectId: projects.a, PromptName: "Only in spans", Timestamp: now * 1e6, SpanName: "s" }],
    });
    const { body } = await api.get(`${project}/prompts`, "reader");
    expect(body.map(({ name }: never) => name)).not.toContain("Only in spans");
    const listed = (await api.get(`${project}/prompts`)).body;
    expect(listed.find(({ name }: { name: string }) => name === "Only in spans")).toMatchObject({
      slug: "only-in-spans",
      latest_version: null,
    });
    expect((await api.get(`${project}/prompts`, "reader")).body).toEqual(listed);
  });

  const unknown = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";
  const longHash = "0".repeat(64);
  test.each<[number, string, string, unknown?]>([
    [404, "GET", "/v1/prompts/unknown"],
    [404, "GET", "/v1/prompts/first?version=9"],
    [404, "GET", "/v1/prompts/first?tag=staging"],
    [400, "GET", "/v1/prompts/first?version=0"],
    [400, "GET", "/v1/prompts/first?version=1.5"],
    [400, "GET", "/v1/prompts/first?version=x"],
    [400, "GET", "/v1/prompts/first?version=99999999999999"],
    [400, "GET", "/v1/prompts/first?tag=A%20b"],
    [400, "GET", "/v1/prompts/%20"],
    [404, "GET", `/v1/tasks/first/prompt/versions/by-hash/${longHash}`],
    [404, "GET", `/v1/tasks/unknown/prompt/versions/by-hash/${longHash}`],
    [400, "GET", "/v1/tasks/first/prompt/versions/by-hash/abc"],
    [400, "GET", "/v1/prompt-versions/abc/model"],
    [404, "GET", `/v1/prompt-versions/${unknown}/model`],
    [404, "GET", `/projects/${projects.b}/prompts`],
    [404, "GET", `/projects/${unknown}/prompts`],
    [404, "GET", `/projects/nonsense/prompts/first/versions`],
    [400, "GET", `${project}/prompts?limit=0`],
    [400, "GET", `${project}/prompts?limit=1000000000`],
    [404, "POST", `${project}/prompts/first/tags/p:pin`, { version: 7 }],
    [400, "POST", `${project}/prompts/first/tags/latest:pin`, { version: 1 }],
    [400, "POST", `${project}/prompts/first/tags/p:pin`, { version: "1" }],
    [400, "POST", `${project}/prompts/first/tags/p:pin`, {}],
    [404, "POST", `${project}/prompts/unknown/tags/p:pin`, { version: 1 }],
    [400, "PATCH", `${project}/prompts/first/versions/1`, {}],
    [404, "PATCH", `${project}/prompts/first/versions/77`, { model_id: null }],
    [400, "PATCH", `${project}/prompts/first/versions/x`, { model_id: null }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", {}],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", { content: " \n" }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", { content: 5 }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", { content: "x", content_hash: "abc" }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", { content: "x", metadata: [] }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", { content: "x", model_id: 4 }],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", "{"],
    [400, "POST", "/v1/tasks/t/prompt/versions/ensure", "[]"],
  ])("%i for %s %s with %j", async (status, method, path, body) => {
    const answer = await api.call(method, path, body);
    expect([answer.status, Object.keys(answer.body)]).toEqual([status, ["detail"]]);
  });

  test("belong to their project", async () => {
    const { body } = await ensure("mine", "secret");
    expect((await api.get("/v1/prompts/mine", "b")).status).toBe(404);
    expect((await api.get(`/v1/prompts/${body.prompt_id}`, "b")).status).toBe(404);
    expect((await api.get(`/v1/prompt-versions/${body.id}/model`, "b")).status).toBe(404);
    const other = await api.post("/v1/tasks/mine/prompt/versions/ensure", { content: "b's" }, "b");
    expect(other.body).toMatchObject({ version: 1, prompt_slug: "mine" });
    expect(other.body.prompt_id).not.toBe(body.prompt_id);
    expect((await api.get("/v1/prompts/mine")).body.content).toBe("secret");
  });

  test("are not written with a key that may only read", async () => {
    const writes: [string, string, unknown][] = [
      ["POST", "/v1/tasks/ro/prompt/versions/ensure", { content: "x" }],
      ["POST", `${project}/prompts/first/tags/p:pin`, { version: 1 }],
      ["PATCH", `${project}/prompts/first/versions/1`, { model_id: null }],
    ];
    for (const [method, path, body] of writes)
      expect((await api.call(method, path, body, "reader")).status, path).toBe(403);
    expect((await api.get("/v1/prompts/first", "reader")).status).toBe(200);
  });

  test("SQL in a name, a content, a tag and a model is text", async () => {
    const evil = "x'; DROP TABLE prompts; -- {p1: String} \\' \" ` \u0000";
    const { status, body } = await ensure(evil, evil, { model_id: evil, metadata: { [evil]: evil } });
    expect([status, body.content, body.task_name]).toEqual([200, evil, evil]);
    const found = await api.get(`/v1/prompts/${encodeURIComponent(evil)}`);
    expect(found.body).toMatchObject({ content: evil, model_id: evil.trim(), metadata: { [evil]: evil } });
    for (const path of [`/v1/prompts/first?tag=${encodeURIComponent(evil)}`, `/v1/prompts/first?version=1%20OR%201`])
      expect((await api.get(path)).status).toBe(400);
    expect((await api.get("/v1/prompts/first")).status).toBe(200);
  });
});

describe("many ensures at once", () => {
  test("through two processes give each content one number, from 1 without gaps", async () => {
    const second = await startApi(clickhouse);
    const apis = [api, second];
    const contents = Array.from({ length: 50 }, (_, index) => `content ${index % 25}`);
    await ready2(second);
    const answers = await Promise.all(
      contents.map((content, index) =>
        apis[(index >> 1) % 2]!.post("/v1/tasks/Crowd/prompt/versions/ensure", { content }),
      ),
    );
    await second.stop();
    expect(answers.map(({ status }) => status)).toEqual(contents.map(() => 200));
    const numbers = new Map<string, Set<number>>();
    for (const { body } of answers)
      numbers.set(body.content, (numbers.get(body.content) ?? new Set()).add(body.version));
    expect([...numbers.values()].every((of) => of.size === 1)).toBe(true);
    const all = [...numbers.values()].flatMap((of) => [...of]).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    expect(new Set(answers.map(({ body }) => body.prompt_id)).size).toBe(1);
    const stored = await api.get(`${project}/prompts/crowd/versions`);
    expect(stored.body.map(({ version }: never) => version)).toEqual(all);
  }, 60_000);

  test("of different tasks with one slug give each its own", async () => {
    const second = await startApi(clickhouse);
    await ready2(second);
    const names = ["s l u g", "s-l u-g", "s_l_u_g", "s.l.u.g"];
    const answers = await Promise.all(
      names.map((name, index) =>
        [api, second][index % 2]!.post(`/v1/tasks/${encodeURIComponent(name)}/prompt/versions/ensure`, {
          content: name,
        }),
      ),
    );
    await second.stop();
    const byId = new Map(answers.map(({ body }) => [body.prompt_id, body.prompt_slug]));
    expect(new Set(byId.values()).size).toBe(byId.size);
  }, 60_000);
});

async function ready2(other: TestApi): Promise<void> {
  await expect.poll(async () => (await other.get("/v1/prompts/first")).status, { timeout: 20_000 }).not.toBe(503);
}

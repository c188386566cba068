import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endOf } from "../../../records/ab/tests.ts";
import { projects, sqlTexts, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
}, 60_000);
afterAll(() => store.stop());

const choice = {
  entity_type: "session",
  entity_id: "chat-42",
  choice_name: "tone",
  variant_key: "warm",
  variant_value: "Be warm",
  variants: { warm: "Be warm", cold: "Be cold" },
  weights: { warm: 0.5, cold: 0.5 },
  duration_days: 14,
};
const choose = (more: object = {}, key?: "b" | "reader") => api.post("/ab-choices", { ...choice, ...more }, key);
const list = async (key?: "b") => (await api.get(`/projects/${key ? projects.b : projects.a}/ab-tests`, key)).body;

describe("A/B choices", () => {
  test("run from the first one on, and one entity has one choice", async () => {
    const first = await choose();
    expect(first).toMatchObject({ status: 200, body: { test_status: "running" } });
    expect((await choose({ entity_id: "d5b82663-4051-5a4c-9808-616c909bbbc5" })).body).toEqual(first.body);
    const other = await choose({ entity_type: "span", entity_id: randomUUID(), variant_key: "cold" });
    expect(other.body.ab_choice_id).not.toBe(first.body.ab_choice_id);
    expect(await list()).toMatchObject([
      {
        choice_name: "tone",
        test_status: "running",
        variants: choice.variants,
        weights: choice.weights,
        choices: { warm: 1, cold: 1 },
      },
    ]);
  });

  test("are completed when the days are over, and those after the end do not count", async () => {
    // A test that began when the days of the request were over already.
    const days = 1e-9;
    await choose({ choice_name: "short", duration_days: days });
    const { status, body } = await choose({ choice_name: "short", duration_days: days });
    expect([status, body.test_status]).toEqual([200, "completed"]);
    expect(body.message).toMatch(/^the test ended at /);
    const test = (await list()).find(({ choice_name: name }: { choice_name: string }) => name === "short");
    expect(test).toMatchObject({ test_status: "completed", choices: {} });
    expect((await choose({ choice_name: "short", duration_days: 1 })).body.test_status).toBe("running");
    expect((await choose({ choice_name: "short", duration_days: null })).body.test_status).toBe("running");
  });

  test("a test's end is its start and the days", () => {
    const start = "2026-01-01T00:00:00.000000Z";
    expect(endOf({ StartedAt: start, DurationDays: 2 } as never)).toBe(Date.parse("2026-01-03T00:00:00Z"));
  });

  test("many at once start one test", async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const answers = await Promise.all(ids.map((id) => choose({ choice_name: "many", entity_id: id })));
    expect(new Set(answers.map(({ body }) => body.ab_choice_id)).size).toBe(20);
    const test = (await list()).filter(({ choice_name: name }: { choice_name: string }) => name === "many");
    expect(test).toMatchObject([{ choices: { warm: 20 } }]);
  });

  test.each<[string, object]>([
    ["entity_type", { entity_type: "completion" }],
    ["entity_id", { entity_id: "" }],
    ["entity_id", { entity_type: "span", entity_id: "chat-42" }],
    ["entity_id", { entity_type: "trace", entity_id: "chat-42" }],
    ["choice_name", { choice_name: " " }],
    ["choice_name", { choice_name: undefined }],
    ["variant_key", { variant_key: "hot" }],
    ["variant_key", { variant_key: undefined }],
    ["weights", { weights: { hot: 1 } }],
    ["weights", { weights: { warm: -1 } }],
    ["weights", { weights: { warm: "1" } }],
    ["variants", { variants: [] }],
    ["duration_days", { duration_days: 0 }],
    ["duration_days", { duration_days: "14" }],
  ])("with a wrong %s are 400: %j", async (member, wrong) => {
    const { status, body } = await choose(wrong);
    expect([status, body.detail[0].loc.slice(0, 2)]).toEqual([400, ["body", member]]);
  });

  test("belong to their project, and are not written with a key that may only read", async () => {
    const mine = (await choose()).body.ab_choice_id;
    expect((await choose({}, "b")).body.ab_choice_id).not.toBe(mine);
    expect((await choose({}, "reader")).status).toBe(403);
    expect(await list("b")).toHaveLength(1);
    expect((await api.get(`/projects/${projects.b}/ab-tests`)).status).toBe(404);
  });

  test.each(sqlTexts)("%s is text", async (text) => {
    const sent = { entity_id: text, choice_name: text, variant_key: text, variants: { [text]: text }, weights: null };
    expect((await choose(sent)).status).toBe(200);
    const test = (await list()).find(({ choice_name: name }: { choice_name: string }) => name === text);
    expect(test).toMatchObject({ variants: { [text]: text }, choices: { [text]: 1 } });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchOfSpans } from "../support/batches.ts";
import { TestStore, uuidOf, workspace } from "./test-store.ts";

let store: TestStore;
const trace_id = uuidOf("trac");
const at = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString();
const range = "from=2026-03-01T10:00:00Z&to=2026-03-01T12:00:00Z&bucket=1h";
const llm = (model: string, inputTokens: number) => ({ model, provider: "openai", inputTokens, outputTokens: 1 });
const twice = {
  ...{ id: uuidOf("span"), trace_id, name: "chat", kind: "llm", started_at: at(5), duration_ms: 100, cost: 1 },
  ...{ attributes: llm("gpt-4o", 10), tags: { env: "prod" } },
};

beforeAll(async () => {
  store = await TestStore.start();
  await store.post("/spans", [
    twice,
    { ...twice, id: uuidOf("span"), started_at: at(65), cost: 2, attributes: llm("gpt-4o-mini", 20), tags: {} },
    { ...twice, id: uuidOf("span"), trace_id: uuidOf("trac"), cost: 4, status: "error", duration_ms: 300 },
    { id: uuidOf("span"), trace_id: uuidOf("trac"), name: "open", started_at: at(1), kind: "tool" },
  ]);
  // The same again, and what it costs put right.
  await store.post("/spans", [twice]);
  await store.post("/spans", [{ ...twice, cost: 1.5 }]);
});
afterAll(() => store.stop());

async function groups(path: string): Promise<unknown> {
  const { status, body } = await store.get(path);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.groups;
}

const [ten, eleven] = ["2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z"];

describe("GET /metrics/{metric}", () => {
  it("adds up cost by model and hour; spans that were sent several times count once, as they are now", async () => {
    expect(await groups(`/metrics/cost?${range}&group_by=model&span_kind=llm`)).toEqual([
      { group: "gpt-4o", points: [{ time: ten, count: 2, cost: 5.5 }] },
      { group: "gpt-4o-mini", points: [{ time: eleven, count: 1, cost: 2 }] },
    ]);
  });

  it("has one group of spans without a status, sent once or twice", async () => {
    const span = { trace_id: uuidOf("trac"), name: "quiet", started_at: "2026-04-01T10:00:00Z" };
    const [once, twice] = [uuidOf("once"), uuidOf("twic")].map((id) => ({ ...span, id }));
    for (const sent of [[once, twice], [twice]]) await store.post("/spans", sent);
    const time = "2026-04-01T10:00:00.000Z";
    const query = "from=2026-04-01T10:00:00Z&to=2026-04-01T11:00:00Z&bucket=1h&group_by=status";
    expect(await groups(`/metrics/spans?${query}`)).toEqual([{ group: "unset", points: [{ time, count: 2 }] }]);
  });

  it("has spans, errors, tokens and latency", async () => {
    expect(await groups(`/metrics/spans?${range}`)).toEqual([
      {
        group: "",
        points: [
          { time: ten, count: 3 },
          { time: eleven, count: 1 },
        ],
      },
    ]);
    expect(await groups(`/metrics/errors?${range}&group_by=kind`)).toEqual([
      {
        group: "llm",
        points: [
          { time: ten, count: 2, errors: 1, rate: 0.5 },
          { time: eleven, count: 1, errors: 0, rate: 0 },
        ],
      },
      { group: "tool", points: [{ time: ten, count: 1, errors: 0, rate: 0 }] },
    ]);
    expect(await groups(`/metrics/tokens?${range}&provider=openai&names=chat&model=gpt-4o`)).toMatchObject([
      { points: [{ input: 20, output: 2 }] },
    ]);
    expect(await groups(`/metrics/latency?${range}&span_kind=llm`)).toMatchObject([
      { points: [{ p99: 300 }, { p50: 100, p99: 100, avg: 100 }] },
    ]);
    expect(await groups(`/metrics/latency?${range}&span_kind=tool`)).toMatchObject([
      { points: [{ p50: null, avg: null }] },
    ]);
  });

  it("takes quantiles of spans that were sent several times once, as they are now", async () => {
    const day = "2026-03-02T10:00:00.000Z";
    const opened = { id: uuidOf("span"), trace_id: uuidOf("trac"), name: "opened", started_at: day };
    const closed = { ...opened, duration_ms: 50 };
    const sibling = { ...closed, id: uuidOf("span"), duration_ms: 150 };
    const once = { ...closed, id: uuidOf("span"), trace_id: uuidOf("trac"), duration_ms: 250 };
    await store.post("/spans", [opened, { ...closed, duration_ms: 900 }, sibling, once], "b");
    for (let time = 0; time < 4; time++) await store.post("/spans", [closed], "b");
    const latency = "/metrics/latency?from=2026-03-02&to=2026-03-03&bucket=1h";
    const points = [{ time: day, count: 3, p50: 150, p99: 250, avg: 150 }];
    expect((await store.get(latency, "b")).body.groups).toMatchObject([{ points }]);
    expect((await store.get(`${latency}&duration_min=800`, "b")).body.groups).toEqual([]);
  });

  it("does so of more traces than a statement is told by name", async () => {
    const day = "2026-03-05T10:00:00.000Z";
    const spans = Array.from({ length: 320 }, (_, index) => ({
      ...{ id: uuidOf("span"), trace_id: uuidOf("trac"), name: "chat", started_at: day },
      duration_ms: index < 310 ? 10 : 90,
    }));
    await store.post("/spans", spans, "b");
    for (let time = 0; time < 2; time++) await store.post("/spans", spans.slice(0, 310), "b");
    const { body } = await store.get("/metrics/latency?from=2026-03-05&to=2026-03-06&bucket=1h", "b");
    const avg = (310 * 10 + 10 * 90) / 320;
    expect(body.groups).toMatchObject([{ points: [{ time: day, count: 320, avg, p50: 10 }] }]);
  });

  it("groups by tags, and adds up what is beyond limit", async () => {
    expect(await groups(`/metrics/cost?${range}&group_by=tag.env&limit=1`)).toEqual([
      { group: "prod", points: [{ time: ten, count: 2, cost: 5.5 }] },
      {
        group: null,
        points: [
          { time: ten, count: 1, cost: null },
          { time: eleven, count: 1, cost: 2 },
        ],
      },
    ]);
    expect(await groups(`/metrics/cost?${range}&env=prod`)).toMatchObject([{ points: [{ cost: 5.5 }] }]);
  });

  it("counts a span that was sampled as the spans that it stands for", async () => {
    const batch = batchOfSpans([
      { startTimeUnixNano: 1_772_359_200_000_000_000n, endTimeUnixNano: 1_772_359_201_000_000_000n },
    ]);
    batch.setDerived("SampleWeight", 0, 10);
    batch.setDerived("Cost", 0, 0.5);
    await store.pipeline.consume(batch);
    const { body } = await store.get(`/metrics/cost?${range}`, "default");
    expect(body.groups[0].points).toMatchObject([{ count: 10, cost: 5 }]);
  });

  it("has signals over time", async () => {
    const signal = { entity_type: "trace", entity_id: trace_id, name: "good" };
    await store.post("/signals/bulk", {
      signals: [
        { ...signal, value: true },
        { ...signal, value: false },
        { ...signal, name: "score", value: 3 },
      ],
    });
    const { body } = await store.get("/metrics/signals?from=2020-01-01&to=2100-01-01&bucket=876000h");
    expect(body.groups).toMatchObject([
      { group: "good", points: [{ count: 2, rate: 0.5 }] },
      { group: "score", points: [{ count: 1, avg: 3 }] },
    ]);
    expect((await store.get(`/workspaces/${workspace}/signals`)).body).toHaveLength(3);
  });

  it.each([
    ...["from=2026-01-02&to=2026-01-01", "bucket=1s&from=2026-01-01&to=2026-02-01", "bucket=0s", "bucket=x", "limit=0"],
    ...["group_by=secret", "group_by=tag.", "from=x"],
  ])("%s is a mistake", async (query) => {
    expect((await store.get(`/metrics/cost?${query}`)).status).toBe(400);
  });

  it("knows no other metric, and no other project", async () => {
    expect((await store.get("/metrics/secrets")).status).toBe(400);
    expect((await store.get(`/metrics/cost?${range}`, "b")).body.groups).toEqual([]);
  });

  it.each(["'", "\\", "`); DROP TABLE traces", "{p1: String}"])("takes %j in every text", async (text) => {
    const value = encodeURIComponent(text);
    for (const name of ["span_kind", "names", "model", "provider", "service", "session_id", "error_codes", "x"]) {
      expect(await groups(`/metrics/cost?${range}&${name}=${value}`)).toEqual([]);
    }
    expect(await groups(`/metrics/spans?${range}&group_by=tag.${value}`)).toHaveLength(1);
    expect(await groups(`/metrics/signals?${range}&name=${value}`)).toEqual([]);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { at, otherProject, ownTag, pick, project, type Row, type Signalbox, span, unknownId } from "./support.ts";

/* Section 5 of the contract: traces and sessions, and the numbers that their spans give them. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

const trace = async (id: unknown): Promise<Row> => (await box.get(`/traces/${id}`)).body;
const session = async (id: unknown): Promise<Row> => (await box.get(`/sessions/${id}`)).body;

describe("a trace made of spans", () => {
  it("has their times, costs, errors and the root's name, input and output, in whatever order they come", async () => {
    const id = randomUUID();
    const root = span({ trace_id: id, name: "root", started_at: at(1), ended_at: at(4), input_data: "q" });
    const child = { trace_id: id, parent_span_id: root["id"] };
    await box.spans(span({ ...child, name: "child", started_at: at(2), ended_at: at(6), cost: 0.5, status: "ok" }));
    expect(await trace(id)).toMatchObject({ name: "child", span_count: 1, status: "ok", error_count: 0 });
    await box.spans(span({ ...child, name: "bad", started_at: at(3), error_code: "E", cost: 0.25 }));
    await box.spans({ ...root, output_data: "a", session_id: `s-${id}` });
    const expected = {
      ...{ id, project_id: project, name: "root", started_at: at(1), ended_at: at(6), duration_ms: 5000, cost: 0.75 },
      ...{ span_count: 3, error_count: 1, status: "error", root_span_input: "q", root_span_output: "a", tags: {} },
    };
    expect(await trace(id)).toMatchObject(expected);
    expect(await box.list(`/traces?id=${id}`)).toMatchObject([expected]);
    expect(pick((await trace(id))["spans"] as Row[], "name")).toEqual(["root", "child", "bad"]);
    expect(await session(`s-${id}`)).toMatchObject({ trace_count: 1, error_count: 1, cost: 0.75, duration: 5000 });
  });

  it("counts nothing twice when spans are sent again, with other values, or late", async () => {
    const id = randomUUID();
    const name = `twice-${id}`;
    const one = span({ trace_id: id, session_id: name, cost: 1, ended_at: at(1), error_code: "E" });
    for (let i = 0; i < 3; i++) await box.spans(one);
    expect(await trace(id)).toMatchObject({ span_count: 1, cost: 1, error_count: 1 });
    expect(await session(name)).toMatchObject({ trace_count: 1, cost: 1, error_count: 1, duration: 1000 });
    await box.spans({ ...one, cost: 0.25, ended_at: at(3) });
    await box.spans(span({ trace_id: id, cost: 0.5, started_at: at(1) }));
    expect(await trace(id)).toMatchObject({ span_count: 2, cost: 0.75, duration_ms: 3000 });
    expect(await session(name)).toMatchObject({ trace_count: 1, cost: 0.75, duration: 3000 });
    expect(await box.list(`/sessions?id=${name}&cost_min=0.7&cost_max=0.8`)).toHaveLength(1);
    expect(await box.list(`/sessions?id=${name}&cost_min=1`)).toEqual([]);
    expect(await box.list(`/traces?session_id=${name}&cost_min=1`)).toEqual([]);
  });

  it("takes the earliest span for the root where none is without a parent, and null where no span has a cost", async () => {
    const id = randomUUID();
    const first = span({ trace_id: id, name: "first", parent_span_id: unknownId });
    await box.spans(span({ trace_id: id, name: "second", parent_span_id: first["id"], started_at: at(1) }), first);
    expect(await trace(id)).toMatchObject({
      name: "first",
      cost: null,
      status: "unset",
      ended_at: null,
      duration_ms: null,
    });
  });

  it("is 404 where nothing is known of it, and 400 where its id is none", async () => {
    expect((await box.get(`/traces/${unknownId}`)).status).toBe(404);
    expect((await box.get("/traces/x")).status).toBe(400);
    expect(await box.list(`/traces?id=${unknownId}`)).toEqual([]);
  });
});

describe("POST /traces", () => {
  it("sets what spans then do not change; null sets nothing", async () => {
    const id = randomUUID();
    const sent = {
      id,
      session_id: `post-${id}`,
      name: "named",
      started_at: at(-10),
      status: "ok",
      cost: 9,
      tags: { a: 1 },
    };
    const made = await box.post("/traces", [{ ...sent, ended_at: null, attributes: { k: [1] } }]);
    expect(made.rows).toMatchObject([
      { id, name: "named", status: "ok", cost: 9, span_count: 0, tags: { a: "1" }, attributes: { k: [1] } },
    ]);
    await box.spans(span({ trace_id: id, name: "root", cost: 1, status: "error", ended_at: at(5) }));
    expect(await trace(id)).toMatchObject({
      ...{ name: "named", status: "ok", cost: 9, started_at: at(-10), ended_at: at(5), duration_ms: 15_000 },
      ...{ span_count: 1, error_count: 1, session_id: made.rows[0]!["session_id"] },
    });
    await box.post("/traces", [{ id, session_id: `post-${id}`, name: "again", started_at: at(-10), tags: { b: "2" } }]);
    expect(await trace(id)).toMatchObject({ name: "again", cost: 9, tags: { a: "1", b: "2" }, attributes: { k: [1] } });
    expect(await session(`post-${id}`)).toMatchObject({ trace_count: 1, cost: 9 });
  });

  it.each([
    { session_id: undefined },
    { name: undefined },
    { started_at: undefined },
    { id: "x" },
    { status: "fine" },
    { tags: { a: {} } },
  ])("%j is 400", async (fields) => {
    const good = { session_id: "s", name: "n", started_at: at(0) };
    expect((await box.post("/traces", [{ ...good, ...fields }])).status).toBe(400);
  });
});

describe("POST /sessions", () => {
  it("names, tags and describes a session; it may have any id, or none", async () => {
    const id = `made-${randomUUID()}`;
    const made = await box.post("/sessions", [
      { project_id: project, id, attributes: { plan: 1 }, tags: { a: "1" } },
      { project_id: project, name: "fresh" },
    ]);
    expect(made.rows).toMatchObject([
      { name: id, tags: { a: "1" }, attributes: { plan: 1 }, trace_count: 0, cost: null },
      { name: "fresh", id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
    await box.post("/sessions", [{ project_id: project, id, name: "later", tags: { b: "2" } }]);
    expect(await session(id)).toMatchObject({ name: "later", tags: { a: "1", b: "2" }, attributes: { plan: 1 } });
  });

  it("is 404 for another project, and 400 without one", async () => {
    expect((await box.post("/sessions", [{ project_id: otherProject }])).status).toBe(404);
    expect((await box.post("/sessions", [{ project_id: unknownId }])).status).toBe(404);
    expect((await box.post("/sessions", [{ name: "n" }])).status).toBe(400);
    expect((await box.get(`/sessions/${unknownId}`)).status).toBe(404);
  });
});

describe("lists", () => {
  const { tags, filter } = ownTag();
  const [good, bad, open] = [randomUUID(), randomUUID(), randomUUID()];

  beforeAll(async () => {
    const one = (id: string, name: string, fields: Row): Row => ({
      ...span({ trace_id: id, name, session: { id: `list-${id}`, name, tags }, ...fields }),
    });
    await box.spans(one(good, "good", { status: "ok", cost: 1, duration_ms: 100, ended_at: at(1) }));
    await box.spans(
      one(bad, "bad", { status: "error", cost: 3, ended_at: at(3), started_at: at(1) }),
      span({ trace_id: bad, started_at: at(2) }),
    );
    await box.spans(one(open, "open", { started_at: at(2) }));
  });

  it.each([
    ["", "open bad good"],
    ["&names=good,bad", "bad good"],
    ["&has_error=true", "bad"],
    ["&has_error=false", "open good"],
    ["&status=ok", "good"],
    ["&status=unset", "open"],
    ["&cost_min=1&cost_max=1", "good"],
    ["&cost_min=0", "bad good"],
    ["&duration_min=1500", "bad"],
    ["&duration_max=1500", "good"],
    ["&sort_by=cost", "bad good open"],
    ["&sort_by=cost&sort_order=asc", "good bad open"],
    ["&sort_by=duration_ms&sort_order=asc", "good bad open"],
    ["&sort_by=name&sort_order=asc", "bad good open"],
    ["&sort_by=span_count&limit=1", "bad"],
    ["&created_after=2999-01-01", ""],
  ])("/traces%s: %s", async (query, names) => {
    expect(pick(await box.list(`/traces?${filter}${query}`), "name").join(" ")).toBe(names);
  });

  it.each([
    ["", "open bad good"],
    ["&names=good,bad", "bad good"],
    ["&has_error=true", "bad"],
    ["&cost_min=1&cost_max=1", "good"],
    ["&duration_min=1500", "bad"],
    ["&sort_by=cost", "bad good open"],
    ["&sort_by=cost&sort_order=asc", "good bad open"],
    ["&sort_by=name&sort_order=asc", "bad good open"],
    ["&created_before=2026-01-01", ""],
  ])("/sessions%s: %s", async (query, names) => {
    expect(pick(await box.list(`/sessions?${filter}${query}`), "name").join(" ")).toBe(names);
  });

  it.each(["/traces?status=fine", "/traces?id=x", "/traces?cost_min=x", "/sessions?sort_by=started_at"])(
    "%s is 400",
    async (path) => {
      expect((await box.get(path)).status).toBe(400);
    },
  );
});

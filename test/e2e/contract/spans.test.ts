import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { at, otherProject, ownTag, pick, project, type Row, type Signalbox, span, unknownId } from "./support.ts";

/* Sections 2 and 3 of the contract: what a span is, how it is sent again, how it is found. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

const read = async (sent: Row): Promise<Row> => (await box.get(`/spans/${sent["id"]}`)).body;

describe("POST /spans", () => {
  it("fills defaults, and answers in the order of the request what is read later", async () => {
    const sent = [span({ name: "b" }), span({ name: "a" }), span({ name: "c", id: undefined })];
    const answers = await box.spans(...sent);
    expect(pick(answers, "name")).toEqual(["b", "a", "c"]);
    expect(answers[2]!["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(answers[0]).toMatchObject({
      ...{ kind: "generic", status: null, duration_ms: null, cost: null, attributes: {}, tags: {}, trace_tags: {} },
      ...{ session_tags: {}, has_error: false, signals: {}, attachment_count: 0, prompt_version_id: null },
      ...{ warnings: [], ab_choices: [], project_id: project, parent_span_id: null, input_data: null },
    });
    expect(await read(answers[0]!)).toEqual(answers[0]);
    expect(await box.spans()).toEqual([]);
  });

  it.each([
    ["ended before started", { ended_at: at(-5) }, { duration_ms: 0 }],
    ["a negative duration", { duration_ms: -12.5 }, { duration_ms: -12.5 }],
    ["an unknown parent", { parent_span_id: unknownId }, { parent_span_id: unknownId }],
    ["a time to come", { started_at: "2100-01-01T00:00:00Z" }, { started_at: "2100-01-01T00:00:00.000000Z" }],
    ["an unknown kind", { kind: "Wizard" }, { kind: "Wizard" }],
    ["a kind among the attributes", { attributes: { kind: "tool" } }, { kind: "tool" }],
    ["a kind in both places", { kind: "http", attributes: { kind: "tool" } }, { kind: "http" }],
    ["computed durations", { ended_at: at(1.5) }, { duration_ms: 1500 }],
    ["its own duration", { ended_at: at(1.5), duration_ms: 7 }, { duration_ms: 7 }],
    ["input that is no text", { input_data: { a: [1] } }, { input_data: '{"a":[1]}' }],
    ["empty error texts", { error_stack: "", error_code: "" }, { error_stack: null, error_code: null }],
    ["an error's code", { error_code: "E" }, { error_code: "E", has_error: true }],
    ["an error's message", { status: "ok", error_message: "m" }, { has_error: true, status: "ok" }],
    ["an error's status", { status: "error" }, { has_error: true }],
    ["a session by id and name", { session_id: "s-1", session_name: "One" }, { session_name: "One" }],
    [
      "a session object before an id",
      { session: { id: "s-2", name: "Two" }, session_id: "s-1" },
      { session_name: "Two" },
    ],
    [
      "inline signals",
      { signals: { ok: true, n: { value: 2 } } },
      { signals: { ok: { value: true, type: "boolean" } } },
    ],
    ["signals with a hint", { signals: { a: { value: "1", type: "numerical" } } }, { signals: { a: { value: 1 } } }],
    ["what SDKs add", { code: "x", code_lineno: 3, experiment_result_id: "r" }, { code_lineno: 3, code: "x" }],
    ["choices", { ab_choices: [{ ab_choice_id: "1", variant_key: "b" }] }, { ab_choices: [{ variant_key: "b" }] }],
  ])("%s is taken", async (_what, fields: Row, expected: Row) => {
    const [answer] = await box.spans(span(fields));
    expect(answer).toMatchObject(expected);
    expect(await read(answer!)).toMatchObject(expected);
  });

  it.each([
    { trace_id: undefined },
    { name: undefined },
    { name: "" },
    { started_at: undefined },
    { id: "x" },
    { parent_span_id: "x" },
    { status: "fine" },
    { cost: -1 },
    { cost: "1" },
    { kind: "k".repeat(65) },
    { session: { name: "no id" } },
    { session_id: 5 },
    { attributes: [] },
    { duration_ms: "5" },
    { code_lineno: 1.5 },
    { signals: { a: [] } },
    { signals: { a: { value: 1, type: "odd" } } },
  ])("%j is 400", async (fields) => {
    const answer = await box.post("/spans", [span(fields)]);
    expect([answer.status, (answer.body["detail"] as Row[])[0]?.["loc"]]).toEqual([
      400,
      expect.arrayContaining(["body", 0, Object.keys(fields)[0]]),
    ]);
  });
});

describe("a span that is sent again", () => {
  it("keeps what is absent or null, overwrites what is given, joins attributes and tags", async () => {
    const first = span({
      ...{ kind: "llm", status: "ok", cost: 0.5, ended_at: at(1), input_data: "in", error_code: "E" },
      ...{ attributes: { a: 1, b: 1 }, tags: { x: "1", y: "1" }, session_id: "again" },
    });
    const [created] = await box.spans(first);
    const { id, trace_id, name, started_at } = first;
    const later = { id, trace_id, name, started_at, kind: null, output_data: "out", cost: 0.75 };
    const [updated] = await box.spans({ ...later, attributes: { b: 2, c: 3 }, tags: { y: "2" } });
    const expected = {
      ...{ kind: "llm", status: "ok", cost: 0.75, duration_ms: 1000, input_data: "in", output_data: "out" },
      ...{ error_code: "E", attributes: { a: 1, b: 2, c: 3 }, tags: { x: "1", y: "2" }, session_name: "again" },
      created_at: created!["created_at"],
    };
    expect(updated).toMatchObject(expected);
    expect(await read(first)).toMatchObject(expected);
    expect(await box.list(`/spans?trace_id=${trace_id}`)).toMatchObject([expected]);
    expect(await box.list(`/spans?trace_id=${trace_id}&cost_min=0.4&cost_max=0.6`)).toEqual([]);
    expect(await box.list(`/spans?trace_id=${trace_id}&x=1&y=1`)).toEqual([]);
  });

  it("may stand twice in a request", async () => {
    const once = span({ attributes: { a: 1 } });
    const answers = await box.spans(once, { ...once, name: "later", attributes: { b: 2 } });
    expect(answers).toHaveLength(2);
    expect(await box.list(`/spans?trace_id=${once["trace_id"]}`)).toMatchObject([
      { name: "later", attributes: { a: 1, b: 2 } },
    ]);
  });
});

describe("tags", () => {
  it("of session and trace hold for spans before and after them, and a span's own go before", async () => {
    const { tags, filter } = ownTag();
    const trace = randomUUID();
    const session = `tags-${trace}`;
    const [root, child, late] = [0, 1, 2].map((i) => span({ trace_id: trace, started_at: at(i) })) as [Row, Row, Row];
    await box.spans({ ...root, session_id: session });
    await box.spans({ ...child, parent_span_id: root["id"], tags: { a: "span" } });
    expect((await read(root))["tags"]).toEqual({});
    await box.spans({
      ...span({ trace_id: trace, session_id: session, name: "teller" }),
      trace_tags: { ...tags, a: "trace", b: "trace" },
      session_tags: { b: "session", c: "session" },
    });
    await box.spans(late);
    const inherited = { ...tags, a: "trace", b: "trace", c: "session" };
    expect(await read(root)).toMatchObject({
      tags: inherited,
      trace_tags: { ...tags, a: "trace", b: "trace" },
      session_tags: { b: "session", c: "session" },
    });
    expect((await read(child))["tags"]).toEqual({ ...inherited, a: "span" });
    expect((await read(late))["tags"]).toEqual(inherited);
    expect(await box.list(`/spans?${filter}`)).toHaveLength(4);
    expect(pick(await box.list(`/spans?${filter}&a=span`), "id")).toEqual([child["id"]]);
    expect(await box.list(`/spans?${filter}&a=trace&b=trace&c=session`)).toHaveLength(3);
    expect(await box.list(`/spans?${filter}&b=session`)).toEqual([]);
    expect(await box.list(`/traces?${filter}&c=session`)).toMatchObject([
      { id: trace, tags: { ...tags, a: "trace", b: "trace" } },
    ]);
    expect(await box.list(`/traces?${filter}&a=span`)).toEqual([]);
    expect((await box.get(`/sessions/${session}`)).body["tags"]).toEqual({ b: "session", c: "session" });
    await box.spans({ ...late, trace_tags: { b: "newest" } });
    expect((await read(root))["tags"]).toEqual({ ...inherited, b: "newest" });
  });

  it("of a session reach it through the trace of a span that names none", async () => {
    const trace = randomUUID();
    const session = `through-${trace}`;
    await box.spans(span({ trace_id: trace, session_id: session }));
    const orphan = span({ trace_id: trace, session_tags: { tier: "gold" } });
    const [answer] = await box.spans(orphan);
    expect(answer!["session_name"]).toBe(session);
    expect((await box.get(`/sessions/${session}`)).body["tags"]).toEqual({ tier: "gold" });
    expect(await box.list(`/spans?trace_id=${trace}&tier=gold`)).toHaveLength(2);
  });

  it("of a span reach no sibling, parent, trace or session", async () => {
    const trace = randomUUID();
    const session = `own-${trace}`;
    const root = span({ trace_id: trace, session_id: session });
    await box.spans({ ...span({ trace_id: trace, tags: { own: "1" } }), parent_span_id: root["id"] }, root);
    expect((await read(root))["tags"]).toEqual({});
    expect((await box.get(`/traces/${trace}`)).body["tags"]).toEqual({});
    expect((await box.get(`/sessions/${session}`)).body["tags"]).toEqual({});
  });

  it("named as a parameter are found as tag.<name>; kind is a tag, span_kind the kind", async () => {
    const { tags, filter } = ownTag();
    const sent = span({ kind: "llm", tags: { ...tags, limit: "9", kind: "special" } });
    await box.spans(sent);
    expect(await box.list(`/spans?${filter}&tag.limit=9`)).toHaveLength(1);
    expect(await box.list(`/spans?${filter}&tag.limit=8`)).toEqual([]);
    expect(await box.list(`/spans?${filter}&kind=llm`)).toEqual([]);
    expect(await box.list(`/spans?${filter}&kind=special&span_kind=llm`)).toHaveLength(1);
  });
});

describe("sessions of spans", () => {
  it("come from the trace, whenever it learns of one, and the first that it learns of stays its own", async () => {
    const trace = randomUUID();
    const early = span({ trace_id: trace });
    await box.spans(early);
    expect((await read(early))["session_id"]).toBeNull();
    const [named] = await box.spans(span({ trace_id: trace, session: { id: `first-${trace}`, name: "First" } }));
    expect(await read(early)).toMatchObject({ session_id: named!["session_id"], session_name: "First" });
    expect(await box.list(`/spans?session_id=first-${trace}`)).toHaveLength(2);
    await box.spans(span({ trace_id: trace, session_id: `second-${trace}` }));
    expect((await box.get(`/traces/${trace}`)).body["session_id"]).toBe(named!["session_id"]);
  });

  it("keep their name when a later span gives none, and take a later name", async () => {
    const session = randomUUID();
    const name = async () => (await box.get(`/sessions/${session}`)).body["name"];
    await box.spans(span({ session: { id: session, name: "One" } }));
    await box.spans(span({ session: { id: session, name: "" } }), span({ session_id: session }));
    expect(await name()).toBe("One");
    await box.spans(span({ session_id: session, session_name: "Two" }));
    expect(await name()).toBe("Two");
  });
});

describe("GET /spans", () => {
  const { tags, filter } = ownTag();
  const trace = randomUUID();
  const ids = Object.fromEntries(["root", "llm", "bad", "open", "odd"].map((name) => [name, randomUUID()]));
  let between = "";

  beforeAll(async () => {
    const one = (name: string, fields: Row) => span({ ...{ id: ids[name], trace_id: trace, name, tags }, ...fields });
    const parent_span_id = ids["root"];
    // Children are flushed before their parents.
    await box.spans(
      one("llm", { parent_span_id, kind: "llm", cost: 0.2, duration_ms: 200, started_at: at(1), status: "ok" }),
      one("bad", { parent_span_id, status: "error", error_code: "E1", duration_ms: 300, started_at: at(2) }),
      one("odd", { parent_span_id, error_code: "E2", cost: 0, duration_ms: 0, started_at: at(3), kind: "tool" }),
    );
    between = (await read({ id: ids["llm"] }))["created_at"] as string;
    await box.spans(one("root", { duration_ms: 1000, cost: 0.1 }), one("open", { parent_span_id, started_at: at(4) }));
  });

  it.each([
    ["", "open odd bad llm root"],
    ["&id=$llm", "llm"],
    ["&parent_span_id=null", "root"],
    ["&parent_span_id=$root", "open odd bad llm"],
    ["&span_kind=llm", "llm"],
    ["&span_kind=generic", "open bad root"],
    ["&names=llm,%20bad%20,,", "bad llm"],
    ["&names=LLM", ""],
    ["&error_codes=E1,E2", "odd bad"],
    ["&has_error=true", "odd bad"],
    ["&has_error=false", "open llm root"],
    ["&duration_min=200", "bad llm root"],
    ["&duration_min=200&duration_max=300", "bad llm"],
    ["&duration_max=0", "odd"],
    ["&duration_min=300&duration_max=200", ""],
    ["&cost_min=0", "odd llm root"],
    ["&cost_max=0.1", "odd root"],
    ["&cost_min=0.1&cost_max=0.2", "llm root"],
    ["&sort_by=cost", "llm root odd | open bad"],
    ["&sort_by=cost&sort_order=asc", "odd root llm | open bad"],
    ["&sort_by=duration_ms", "root bad llm odd open"],
    ["&sort_by=duration_ms&sort_order=asc", "odd llm bad root open"],
    ["&sort_by=name&sort_order=asc", "bad llm odd open root"],
    ["&sort_order=asc", "root llm bad odd open"],
    ["&created_after=2999-01-01", ""],
    ["&created_before=2026-01-01", ""],
    ["&nothing=such", ""],
  ])("%s finds: %s", async (query, names) => {
    const filled = query.replace(/\$(\w+)/, (_, name: string) => ids[name]!);
    const found = pick(await box.list(`/spans?trace_id=${trace}&${filter}${filled}`), "name");
    const [ordered, rest] = names.split("|").map((part) => part.split(" ").filter((name) => name !== ""));
    expect(found.slice(0, ordered!.length)).toEqual(ordered);
    expect(found.slice(ordered!.length).toSorted()).toEqual((rest ?? []).toSorted());
  });

  it("has bounds of arrival that include their ends", async () => {
    const bound = encodeURIComponent(between);
    const both = await box.list(`/spans?${filter}&created_after=${bound}&created_before=${bound}`);
    expect(pick(both, "name").toSorted()).toEqual(expect.arrayContaining(["bad", "llm", "odd"]));
    expect(await box.list(`/spans?${filter}&created_after=${bound}`)).toHaveLength(5);
  });

  it("sorts by kind and status, which may be null", async () => {
    const kinds = pick(await box.list(`/spans?${filter}&sort_by=kind&sort_order=asc`), "kind");
    expect(kinds).toEqual(["generic", "generic", "generic", "llm", "tool"]);
    for (const order of ["asc", "desc"]) {
      const statuses = pick(await box.list(`/spans?${filter}&sort_by=status&sort_order=${order}`), "status");
      expect(statuses.slice(2)).toEqual([null, null, null]);
    }
  });

  it.each(["id=x", "trace_id=5", "parent_span_id=none", "duration_min=x", "cost_max=NaN", "created_after=soon"])(
    "%s is 400",
    async (query) => {
      expect((await box.get(`/spans?${query}`)).status).toBe(400);
    },
  );

  it("one by id: 404 where there is none, 400 where it is no UUID", async () => {
    expect((await box.get(`/spans/${unknownId}`)).status).toBe(404);
    expect((await box.get("/spans/x")).status).toBe(400);
    expect((await box.get(`/projects/${otherProject}/spans/${ids["llm"]}/evaluations`)).status).toBe(404);
  });
});

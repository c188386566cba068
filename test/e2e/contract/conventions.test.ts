import { randomUUID } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { at, key, otherProject, ownTag, pick, project, type Signalbox, span, unknownId, workspace } from "./support.ts";

/* Section 1 of the contract: addresses, keys, bodies, errors, values, pages. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

describe("addresses", () => {
  it.each(["/spans", "/spans/", "/api/v1/spans", "/api/v1/spans/", "//spans", "/api/v1//spans//"])(
    "%s takes spans without a redirect",
    async (path) => {
      expect((await box.post(path, [span()])).status).toBe(200);
    },
  );

  it.each([
    ["/traces", []],
    ["/api/v1/traces/", []],
    ["/sessions", []],
    ["/api/v1/sessions", []],
    ["/v1/traces", {}],
    ["/api/v1/v1/traces", {}],
    ["/signals/bulk", { signals: [] }],
    ["//signals/bulk", { signals: [] }],
    ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: 1 }],
    ["/signals/", { entity_type: "session", entity_id: "s", name: "n", value: 1 }],
    [`/workspaces/${workspace}/signals`, { session_id: "s", name: "n", value: 1 }],
    [`/workspaces/${workspace}/tests/signals`, { session_id: "s", name: "n", value: 1 }],
    ["/api-keys/resolve", { api_key: key }],
  ])("%s is a route to post to", async (path, body) => {
    expect((await box.post(path, body)).status).toBe(200);
  });

  it("tasks have spaces and slashes in their names, encoded or not", async () => {
    const body = { content: "Be kind." };
    const made = await box.post("/v1/tasks/team%20a%2Fbot%20one/prompt/versions/ensure", body);
    expect(made.body).toMatchObject({ task_name: "team a/bot one", version: 1 });
    const again = await box.post("/v1/tasks/team%20a/bot%20one/prompt/versions/ensure", body);
    expect(again.body["version_id"]).toBe(made.body["version_id"]);
    expect((await box.get("/v1/tasks/team%20a/bot%20one/prompt/latest/")).status).toBe(200);
  });

  it.each([
    ["DELETE", "/spans", 405],
    ["PUT", "/v1/traces", 405],
    ["GET", "/signals/bulk", 405],
    ["GET", "/nothing/here", 404],
  ])("%s %s is answered %i", async (method, path, status) => {
    const answer = await box.call(method, path);
    expect([answer.status, typeof answer.body["detail"]]).toEqual([status, "string"]);
  });
});

describe("keys", () => {
  it.each([
    ["no header", undefined],
    ["another scheme", `Basic ${key}`],
    ["an empty key", "Bearer "],
    ["an unknown key", "Bearer sk_ze_nobody"],
  ])("%s is 401 with a challenge", async (_what, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    for (const [method, path] of [
      ["GET", "/spans"],
      ["POST", "/spans"],
      ["POST", "/v1/traces"],
    ] as const) {
      const answer = await box.call(method, path, method === "POST" ? "[]" : undefined, { key: "", headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  });

  it("the scheme is read in any case", async () => {
    const answer = await box.get("/spans", { key: "", headers: { authorization: `bEARER ${key}` } });
    expect(answer.status).toBe(200);
  });

  it("a key that may only read reads, and is 403 where it writes", async () => {
    const options = { key: support.readerKey };
    expect((await box.get("/spans", options)).status).toBe(200);
    for (const [path, body] of [
      ["/spans", [span()]],
      ["/traces", []],
      ["/sessions", []],
      ["/v1/traces", {}],
      ["/signals/bulk", { signals: [] }],
      ["/v1/tasks/t/prompt/versions/ensure", { content: "x" }],
      ["/ab-choices", {}],
    ] as const) {
      expect([path, (await box.post(path, body, options)).status]).toEqual([path, 403]);
    }
  });

  it("projects and workspaces of others are 404, with the same words as unknown ones", async () => {
    for (const path of [
      (id: string) => `/projects/${id}/prompts`,
      (id: string) => `/projects/${id}/judges`,
      (id: string) => `/workspaces/${id}/signals`,
    ]) {
      const [foreign, unknown] = [await box.get(path(otherProject)), await box.get(path(unknownId))];
      expect([foreign.status, unknown.status]).toEqual([404, 404]);
      expect(foreign.text.replaceAll(otherProject, "")).toBe(unknown.text.replaceAll(unknownId, ""));
    }
  });

  it("health, and resolving a key, need none", async () => {
    expect((await box.get("/health", { key: "" })).status).toBe(200);
    const resolved = await box.post("/api-keys/resolve", { api_key: key }, { key: "" });
    expect(resolved.body).toMatchObject({ project_id: project, workspace_id: workspace });
    expect((await box.post("/api-keys/resolve", { api_key: "no" }, { key: "" })).status).toBe(401);
  });

  it("the same id in another project is another row", async () => {
    const mine = span({ name: "mine" });
    await box.spans(mine);
    await box.post("/spans", [{ ...mine, name: "theirs" }], { key: support.otherKey });
    expect((await box.get(`/spans/${mine["id"]}`)).body["name"]).toBe("mine");
    expect((await box.get(`/spans/${mine["id"]}`, { key: support.otherKey })).body["name"]).toBe("theirs");
    const unseen = span();
    await box.spans(unseen);
    for (const path of [`/spans/${unseen["id"]}`, `/traces/${unseen["trace_id"]}`]) {
      expect((await box.get(path, { key: support.otherKey })).status).toBe(404);
    }
  });

  it.each(["/spans", "/v1/traces", "/signals/bulk"])("pages of any origin may post to %s", async (path) => {
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    };
    const answer = await box.call("OPTIONS", path, undefined, { key: "", headers });
    expect(answer.status).toBeLessThan(300);
    expect(answer.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example)$/);
    expect(answer.headers.get("access-control-allow-headers")?.toLowerCase()).toMatch(/authorization.*content-type/);
  });
});

describe("bodies", () => {
  const one = (): string => JSON.stringify([span()]);

  it.each([
    ["text/plain", (): Uint8Array => Buffer.from(one()), { "content-type": "text/plain" }],
    ["no known type", (): Uint8Array => Buffer.from(one()), { "content-type": "application/x-unknown" }],
    ["parameters", (): Uint8Array => Buffer.from(one()), { "content-type": "application/json; charset=utf-8" }],
    ["gzip", (): Uint8Array => gzipSync(one()), { "content-encoding": "gzip" }],
    ["deflate", (): Uint8Array => deflateSync(one()), { "content-encoding": "deflate" }],
  ])("%s is taken", async (_what, body, headers) => {
    expect((await box.post("/spans", body(), { headers })).status).toBe(200);
  });

  it.each([
    ["malformed JSON", "[{", {}],
    ["nothing", "", {}],
    ["NaN", '[{"trace_id":"5b8efff7-9803-8103-d269-b633813fc60c","name":"n","started_at":NaN}]', {}],
    ["Infinity", '[{"cost":Infinity}]', {}],
    ["invalid gzip", "no gzip", { "content-encoding": "gzip" }],
    ["a lone object", JSON.stringify(span()), {}],
  ])("%s is 400", async (_what, body, headers) => {
    const answer = await box.post("/spans", body, { headers });
    expect(answer.status).toBe(400);
    expect(answer.body["detail"]).toBeDefined();
  });

  it("more than 128 MiB after decompression is 413", async () => {
    const body = gzipSync(Buffer.alloc(129 * 1024 * 1024, " "), { level: 1 });
    expect((await box.post("/spans", body, { headers: { "content-encoding": "gzip" } })).status).toBe(413);
  });

  it("unknown fields are kept, and null is as good as absent", async () => {
    const nulls = Object.fromEntries(
      [
        "id parent_span_id session_id session session_name kind status ended_at duration_ms cost input_data output_data",
        "attributes tags trace_tags session_tags error_code error_message error_stack code code_lineno signals ab_choices",
      ]
        .join(" ")
        .split(" ")
        .map((field) => [field, null]),
    );
    const [answer] = await box.spans({ ...nulls, ...span({ shoe_size: 43, code: "f()" }) });
    expect(answer).toMatchObject({
      ...{ shoe_size: 43, code: "f()", kind: "generic", status: null, ended_at: null, cost: null, session_id: null },
      ...{ attributes: {}, tags: {}, signals: {}, ab_choices: [] },
    });
    expect((await box.get(`/spans/${answer!["id"]}`)).body).toMatchObject({ shoe_size: 43, code: "f()" });
  });

  it("a batch with a bad element is not taken, and every bad element is named", async () => {
    const good = span();
    const bad = [good, { ...span(), trace_id: "x" }, { name: "", started_at: "yesterday" }, 5];
    const answer = await box.post("/spans", bad);
    expect(answer.status).toBe(400);
    const detail = answer.body["detail"] as { loc: unknown[]; msg: string; type: string }[];
    expect(detail.map(({ loc }) => loc)).toEqual(
      expect.arrayContaining([
        ["body", 1, "trace_id"],
        ["body", 2, "trace_id"],
        ["body", 2, "name"],
        ["body", 2, "started_at"],
        ["body", 3],
      ]),
    );
    expect(detail.every(({ msg, type }) => msg !== "" && type !== "")).toBe(true);
    expect((await box.get(`/spans/${good["id"]}`)).status).toBe(404);
  });
});

describe("values", () => {
  it.each([
    "5B8EFFF7-9803-8103-D269-B633813FC60C",
    "5b8efff798038103d269b633813fc60c",
    "{5b8efff7-9803-8103-d269-b633813fc60c}",
    "urn:uuid:5b8efff7-9803-8103-d269-b633813fc60c",
  ])("%s is a UUID, in bodies and queries", async (id) => {
    const uuid = "5b8efff7-9803-8103-d269-b633813fc60c";
    expect(await box.spans(span({ trace_id: id, id }))).toMatchObject([{ id: uuid, trace_id: uuid }]);
    expect(pick(await box.list(`/spans?trace_id=${encodeURIComponent(id)}`), "id")).toContain(uuid);
  });

  it.each([
    ["chat-42", "d5b82663-4051-5a4c-9808-616c909bbbc5"],
    ["123", "37813542-0dca-5a8a-b2a2-b69c2d45583f"],
    ["alice@example.com", "edabafbb-61ad-51d6-9fd8-e976c892a731"],
  ])("the session %s is %s wherever it is named", async (raw, id) => {
    const sent = span({ session_id: raw });
    expect(await box.spans(sent)).toMatchObject([{ session_id: id, session_name: raw }]);
    const text = encodeURIComponent(raw);
    for (const path of [`/spans?session_id=${text}`, `/spans?session_id=${id}`]) {
      expect(pick(await box.list(path), "id")).toEqual([sent["id"]]);
    }
    expect(pick(await box.list(`/traces?session_id=${text}`), "id")).toEqual([sent["trace_id"]]);
    expect(await box.list(`/sessions?id=${text}`)).toMatchObject([{ id, name: raw }]);
    expect((await box.get(`/sessions/${text}`)).body["id"]).toBe(id);
    await box.post("/signals", { entity_type: "session", entity_id: raw, name: "seen", value: true });
    expect(await box.list(`/signals/entity/session/${id}`)).toMatchObject([{ name: "seen", value: true }]);
    expect((await box.get(`/projects/${project}/feedback/session/${text}`)).status).toBe(200);
  });

  it.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"],
    ["2026-01-31T13:30:00.5+01:30", "2026-01-31T12:00:00.500000Z"],
    ["2026-01-31T12:00:00", "2026-01-31T12:00:00.000000Z"],
    ["2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456Z"],
    [1795196809.6676147, "2026-11-20T17:46:49.667615Z"],
    [1769860800000, "2026-01-31T12:00:00.000000Z"],
  ])("the time %s is %s", async (sent, read) => {
    expect(await box.spans(span({ started_at: sent }))).toMatchObject([{ started_at: read }]);
  });

  it.each(["yesterday", "2026-13-01T00:00:00Z", true, {}, []])("%s is no time", async (time) => {
    expect((await box.post("/spans", [span({ started_at: time })])).status).toBe(400);
  });

  it("tags become texts, null drops them, and nested ones are 400", async () => {
    const [read] = await box.spans(span({ tags: { yes: true, five: 5, text: "x", none: null } }));
    expect(read!["tags"]).toEqual({ yes: "true", five: "5", text: "x" });
    for (const nested of [{ a: {} }, { a: [] }, [], "text"]) {
      expect((await box.post("/spans", [span({ tags: nested })])).status).toBe(400);
    }
  });

  it.each([
    ...["true", "TRUE", "1", "false", "False", "0"].map((text) => [text, 200] as const),
    ...["yes", "", "2"].map((text) => [text, 400] as const),
  ])("has_error=%s is answered %i", async (text, status) => {
    for (const list of ["spans", "traces", "sessions"]) {
      expect((await box.get(`/${list}?has_error=${text}`)).status).toBe(status);
    }
  });
});

describe("pages", () => {
  it.each([
    ["/spans", 10_000],
    ["/traces", 500],
    ["/sessions", 500],
  ])("%s has a limit of 1 to %i, and no offset below 0", async (path, most) => {
    for (const ok of [`limit=1`, `limit=${most}`, "offset=0", "offset=100000"]) {
      expect([ok, (await box.get(`${path}?${ok}`)).status]).toEqual([ok, 200]);
    }
    for (const query of ["limit=0", `limit=${most + 1}`, "limit=1e9", "limit=x", "limit=1.5", "limit=-1", "limit="]) {
      expect([query, (await box.get(`${path}?${query}`)).status]).toEqual([query, 400]);
    }
    for (const query of ["offset=-1", "offset=x", "sort_by=nothing", "sort_order=up", "sort_by="]) {
      expect([query, (await box.get(`${path}?${query}`)).status]).toEqual([query, 400]);
    }
  });

  it("are cut out of the order by limit and offset, with the number of all when asked", async () => {
    const { tags, filter } = ownTag();
    const sent = Array.from({ length: 5 }, (_, i) => span({ tags, trace_tags: tags, started_at: at(i) }));
    await box.spans(...sent);
    const newest = sent.toReversed();
    for (const [path, ids] of [
      ["spans", pick(newest, "id")],
      ["traces", pick(newest, "trace_id")],
    ] as const) {
      expect(pick(await box.list(`/${path}?${filter}`), "id")).toEqual(ids);
      const page = await box.get(`/${path}?${filter}&limit=2&offset=1&count=true`);
      expect(pick(page.rows, "id")).toEqual(ids.slice(1, 3));
      expect(page.headers.get("x-total-count")).toBe("5");
      expect(pick(await box.list(`/${path}?${filter}&sort_by=started_at&sort_order=asc`), "id")).toEqual(
        ids.toReversed(),
      );
      expect(await box.list(`/${path}?${filter}&offset=5`)).toEqual([]);
    }
  });

  it.each([
    ["spans", ["started_at", "name", "status", "duration_ms", "cost", "kind"]],
    ["traces", ["started_at", "name", "status", "span_count", "duration_ms", "cost"]],
    ["sessions", ["created_at", "name", "trace_count", "cost", "duration"]],
  ])("of %s go on behind the cursor of the one before", async (path, fields) => {
    const { tags, filter } = ownTag();
    const sent = Array.from({ length: 5 }, (_, i) =>
      span({ tags, trace_tags: tags, session_tags: tags, session_id: randomUUID(), started_at: at(i), cost: i % 2 }),
    );
    await box.spans(...sent);
    for (const order of fields.flatMap((field) => [`${field}&sort_order=asc`, `${field}&sort_order=desc`])) {
      const list = `/${path}?${filter}&sort_by=${order}`;
      const ids = pick(await box.list(list), "id");
      expect(ids).toHaveLength(5);
      const first = await box.get(`${list}&limit=2`);
      const behind = `${list}&cursor=${first.headers.get("x-next-cursor")}`;
      expect(pick(first.rows, "id")).toEqual(ids.slice(0, 2));
      expect(pick(await box.list(behind), "id")).toEqual(ids.slice(2));
      expect(pick(await box.list(`${behind}&offset=1&limit=2`), "id")).toEqual(ids.slice(3));
      expect(pick(await box.list(`${behind}&all=true`), "id")).toEqual(ids.slice(2));
    }
  });

  it("a repeated parameter counts with its last value, a repeated tag with any", async () => {
    const { tags, filter } = ownTag();
    const sent = ["red", "green", "blue"].map((colour) => span({ tags: { ...tags, colour } }));
    await box.spans(...sent);
    expect(await box.list(`/spans?${filter}&limit=3&limit=1`)).toHaveLength(1);
    const found = await box.list(`/spans?${filter}&colour=red&colour=blue`);
    expect(new Set(pick(found, "id"))).toEqual(new Set([sent[0]!["id"], sent[2]!["id"]]));
    expect(await box.list(`/spans?${filter}&colour=red&work=none`)).toEqual([]);
    const other = randomUUID();
    expect(await box.list(`/spans?${filter}&id=${sent[0]!["id"]}&id=${other}`)).toEqual([]);
  });
});

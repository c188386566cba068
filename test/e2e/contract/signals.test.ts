import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { pixel, type Row, type Signalbox, span, unknownId, workspace } from "./support.ts";

/* Sections 6 and 8 of the contract: images of spans, and signals. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

describe("signals", () => {
  it.each<[string, Row, unknown, string]>([
    ["true", { value: true, signal_type: "numerical" }, true, "boolean"],
    ["a number", { value: 4.5, signal_type: "boolean" }, 4.5, "numerical"],
    ["a text", { value: "success", signal_type: "boolean" }, "success", "categorical"],
    ["a boolean as text", { value: "TRUE", signal_type: "boolean" }, true, "boolean"],
    ["a number as text", { value: "12.5", signal_type: "numerical" }, 12.5, "numerical"],
    ["a text that looks like a number", { value: "12.5" }, "12.5", "categorical"],
    ["an empty text", { value: "" }, "", "categorical"],
  ])("%s", async (_what, sent, value, type) => {
    const id = randomUUID();
    const answer = await box.post("/signals/", { entity_type: "trace", entity_id: id, name: "s", ...sent });
    expect([answer.status, answer.body["status"]]).toEqual([200, "success"]);
    expect(await box.list(`/signals/entity/trace/${id}`)).toMatchObject([
      { name: "s", value, type, signal_type: type, entity_type: "trace", entity_id: id },
    ]);
  });

  it.each<Row>([
    { value: null },
    { value: [] },
    { value: {} },
    { name: " " },
    { name: "n".repeat(256) },
    { value: "v".repeat(8_193) },
    { signal_type: "odd" },
    { entity_type: "user" },
    { entity_id: "no uuid" },
  ])("%j is 400", async (fields) => {
    const good = { entity_type: "span", entity_id: randomUUID(), name: "n", value: 1 };
    expect((await box.post("/signals", { ...good, ...fields })).status).toBe(400);
  });

  it("come before their span, and the newest holds", async () => {
    const sent = span({ session_id: "signalled", attributes: { openai_id: `chatcmpl-${randomUUID()}` } });
    const ids = { span_id: sent["id"], trace_id: sent["trace_id"] };
    const path = `/workspaces/${workspace}/signals`;
    for (const value of [1, 2]) expect((await box.post(path, { ...ids, name: "score", value })).status).toBe(200);
    const completion_id = (sent["attributes"] as Row)["openai_id"];
    const made = await box.post(path, { completion_id, name: "liked", value: true });
    expect(made.body).toMatchObject({ name: "liked", type: "boolean", completion_id, workspace_id: workspace });
    await box.spans(sent);
    expect((await box.get(`/spans/${sent["id"]}`)).body["signals"]).toEqual({
      score: { value: 2, type: "numerical" },
      liked: { value: true, type: "boolean" },
    });
    expect((await box.get(`/traces/${sent["trace_id"]}`)).body["signals"]).toMatchObject({ score: { value: 2 } });
  });

  it.each<[string, unknown, number]>([
    [workspace, { name: "n", value: 1 }, 400],
    [workspace, { span_id: "", name: "n", value: 1 }, 400],
    [workspace, { span_id: "x", name: "n", value: 1 }, 400],
    [workspace, [], 400],
    [unknownId, { session_id: "s", name: "n", value: 1 }, 404],
  ])("workspace %s, %j: %i", async (id, body, status) => {
    expect((await box.post(`/workspaces/${id}/signals`, body)).status).toBe(status);
  });

  it("in bulk succeed one by one", async () => {
    const good = { entity_type: "session", entity_id: `bulk-${randomUUID()}`, name: "n", value: 1 };
    const partial = await box.post("/signals/bulk", { signals: [good, { ...good, value: null }] });
    expect([partial.status, partial.body]).toMatchObject([
      200,
      { status: "partial", processed_count: 1, failed_count: 1, errors: [{ index: 1, signal_name: "n" }] },
    ]);
    const none = await box.post("/signals/bulk", { signals: [{ ...good, value: null }] });
    expect([none.status, none.body]).toMatchObject([400, { processed_count: 0, failed_count: 1 }]);
    expect(none.body["detail"]).toBeDefined();
    expect((await box.post("/signals/bulk", { signals: [] })).body).toMatchObject({ processed_count: 0 });
    for (const body of [{}, { signals: 1 }, []]) expect((await box.post("/signals/bulk", body)).status).toBe(400);
  });

  it("of entities that nobody knows are none, and of other types 400", async () => {
    expect(await box.list(`/signals/entity/span/${unknownId}`)).toEqual([]);
    expect((await box.get(`/signals/entity/user/${unknownId}`)).status).toBe(400);
    for (const path of ["signals?name=n&limit=10", "signals/summary"]) {
      expect((await box.get(`/workspaces/${workspace}/${path}`)).status).toBe(200);
    }
  });
});

describe("images", () => {
  const image = (fields: Row = {}): Row => ({ base64: pixel, ...fields });
  /** Another image than all others: equal ones are stored once. */
  const other = (tail: number): string => Buffer.from([...Buffer.from(pixel, "base64"), tail]).toString("base64");

  it("are taken out, stored, and served by signed addresses", async () => {
    const attachments = [
      image({ viewport: "mobile", width: 1, label: "shot", metadata: { page: 1 } }),
      image({ base64: `data:image/gif;base64,${other(1)}` }),
    ];
    const [sent] = await box.spans(
      span({ attributes: { attachments }, output_data: JSON.stringify([image({ base64: other(2) })]) }),
    );
    expect(sent).toMatchObject({ attachment_count: 3, warnings: [] });
    expect(JSON.stringify(sent)).not.toContain(pixel.slice(0, 40));
    const answer = (await box.get(`/spans/${sent!["id"]}/attachments`)).body;
    expect(answer).toMatchObject({ count: 3 });
    const [first] = answer["attachments"] as Row[];
    expect(first).toMatchObject({
      type: "screenshot",
      label: "shot",
      viewport: "mobile",
      width: 1,
      media_type: "image/png",
      metadata: { page: 1 },
    });
    const address = new URL(first!["url"] as string, box.url);
    const served = await fetch(box.url + address.pathname + address.search);
    expect([served.status, served.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(served.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await served.arrayBuffer()).toString("base64")).toBe(pixel);
    expect((await fetch(box.url + address.pathname)).status).toBeGreaterThanOrEqual(400);
  });

  it.each<[string, Row, string]>([
    ["no base64", { base64: "!!!" }, "attachment_invalid_base64"],
    ["another type", { base64: Buffer.from("<svg/>").toString("base64") }, "attachment_unsupported_type"],
    [
      "more than 10 MB",
      {
        base64: Buffer.alloc(10 * 1024 * 1024 + 1)
          .fill(Buffer.from(pixel, "base64"), 0, 70)
          .toString("base64"),
      },
      "attachment_too_large",
    ],
    ["an address", { base64: undefined, url: "http://127.0.0.1/x.png" }, "attachment_url_not_allowed"],
  ])("%s is warned of, and the span is stored", async (_what, fields, code) => {
    const [sent] = await box.spans(span({ attributes: { attachments: [image({ label: "l", ...fields })] } }));
    expect(sent).toMatchObject({ attachment_count: 0, warnings: [{ code }] });
    expect((sent!["attributes"] as Row)["attachments"]).toMatchObject([{ label: "l" }]);
  });

  it("beyond the fifth are dropped", async () => {
    const [sent] = await box.spans(
      span({ attributes: { attachments: Array.from({ length: 6 }, (_, i) => image({ base64: other(i) })) } }),
    );
    expect(sent).toMatchObject({ attachment_count: 5, warnings: [{ code: "attachment_limit_exceeded", index: 5 }] });
  });

  it("are not looked for in arrays without base64", async () => {
    const output_data = '[ {"a" : 1.0} ]';
    const [sent] = await box.spans(span({ output_data }));
    expect(sent).toMatchObject({ output_data, attachment_count: 0 });
    expect((await box.get(`/spans/${sent!["id"]}/attachments`)).body).toEqual({ attachments: [], count: 0 });
    expect((await box.get(`/spans/${unknownId}/attachments`)).status).toBe(404);
    expect((await box.get("/spans/x/attachments")).status).toBe(400);
  });
});

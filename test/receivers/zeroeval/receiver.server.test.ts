import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodeTracesProtobuf } from "../../../otlp/encode-protobuf.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { externalClickHouse } from "../../support/clickhouse.ts";
import { auth, keys, projectId, stacksOfFile } from "./stack.ts";
import { plainSpan } from "./support.ts";

describe("receiver zeroeval", () => {
  const stacks = stacksOfFile();
  const { start, stored } = stacks;

  it("takes traces and sessions: what is said of them stands in the roll-ups", async () => {
    const stack = await start({ api: { keys } });
    const trace = randomUUID();
    const body = [
      {
        id: trace,
        session_id: "s-7",
        name: "t",
        started_at: 1795196809.5,
        status: "ok",
        cost: 2,
        tags: { a: 1 },
        attributes: { x: { y: [1] } },
      },
    ];
    const response = await stack.post("/traces", body, auth);
    expect(await response.json()).toMatchObject([
      { id: trace, name: "t", cost: 2, tags: { a: "1" }, session_id: expect.any(String) },
    ]);
    const [row] = await stacks.server.query(
      "SELECT ProjectId, arraySort(arrayMap(e -> (e.1, e.2), Explicit)) AS said, arrayMap(t -> (t.1, t.2), Attributes) AS attributes FROM traces WHERE TraceId = {id: String}",
      { id: trace.replaceAll("-", "") },
    );
    expect(row).toEqual({
      ProjectId: projectId,
      said: [
        ["cost", "2"],
        ["name", "t"],
        ["started_at", "1795196809500000000"],
        ["status", "ok"],
      ],
      attributes: [["x", '{"y":[1]}']],
    });
    const sessions = await stack.post(
      "/sessions",
      [{ project_id: projectId, id: "s-8", name: "n", tags: { b: true } }],
      auth,
    );
    expect(await sessions.json()).toMatchObject([{ name: "n", project_id: projectId, tags: { b: "true" } }]);
    expect((await stack.post("/sessions", [{ project_id: randomUUID() }], auth)).status).toBe(404);
    expect((await stack.post("/sessions", [{}], auth)).status).toBe(400);
    const bad = await stack.post("/traces", [{ session_id: "", name: 1 }, 7], auth);
    expect(((await bad.json()) as { detail: unknown[] }).detail).toHaveLength(4);
  });

  it("takes OTLP for the project of the key, in protobuf and JSON", async () => {
    const stack = await start({ api: { keys } });
    const spanId = "b7ad6b7169203331";
    const batch = batchOfSpans([
      { traceId: "0af7651916cd43dd8448eb211c80319c", spanId, attributes: { "session.id": "chat-42" } },
    ]);
    const body = gzipSync(Buffer.concat(encodeTracesProtobuf(batch)));
    const headers = { ...auth, "content-type": "application/x-protobuf", "content-encoding": "gzip" };
    const response = await stack.post("/v1/traces", body, headers);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 0]);
    const [row] = await stored(spanId);
    expect(row).toMatchObject({
      ProjectId: projectId,
      SessionId: "d5b82663-4051-5a4c-9808-616c909bbbc5",
      SessionName: "chat-42",
    });
    const json = await stack.post(
      "/v1/traces",
      { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "0".repeat(32), spanId, name: "n" }] }] }] },
      auth,
    );
    expect(await json.json()).toMatchObject({ partialSuccess: { rejectedSpans: "1" } });
    expect((await stack.post("/v1/traces", "{", auth)).status).toBe(400);
    expect((await stack.post("/v1/traces", "x", { ...auth, "content-type": "text/plain" })).status).toBe(415);
  });

  it("takes log records of OTLP for the project of the key where it is in a pipeline of logs, and else none", async () => {
    const logRecords = [{ timeUnixNano: "1700000000000000000", body: { stringValue: "hi" } }];
    const request = { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
    const without = await start({ api: { keys } });
    expect((await without.post("/v1/logs", request, auth)).status).toBe(404);
    const stack = await start({ api: { keys }, takesLogs: true });
    const json = await stack.post("/v1/logs", request, auth);
    expect([json.status, await json.json()]).toEqual([200, {}]);
    const body = gzipSync(jsonToProtobuf("logs", Buffer.from(JSON.stringify(request))));
    const headers = { ...auth, "content-type": "application/x-protobuf", "content-encoding": "gzip" };
    expect((await stack.post("/v1/logs", body, headers)).status).toBe(200);
    const rows = await stacks.server.query("SELECT ProjectId, Body FROM otel_logs");
    expect(rows).toEqual(Array(2).fill({ ProjectId: projectId, Body: "hi" }));
    expect((await stack.post("/v1/logs", "{", auth)).status).toBe(400);
    expect((await stack.post("/v1/logs", "x", { ...auth, "content-type": "text/plain" })).status).toBe(415);
    expect((await stack.post("/v1/logs", request, { authorization: "Bearer other" })).status).toBe(401);
  });

  it.skipIf(externalClickHouse)("refuses everything while ClickHouse is away, with a time to come again", async () => {
    const exporter = { retry_on_failure: { initial_interval: "5ms", max_interval: "10ms", max_elapsed_time: "100ms" } };
    const stack = await start({ exporter });
    await stacks.server.kill();
    try {
      const id = randomUUID();
      for (const [path, body] of [
        ["/spans", [{ ...plainSpan, id }]],
        ["/traces", [{ ...plainSpan, session_id: "s" }]],
        ["/signals", { entity_type: "session", entity_id: "s", name: "n", value: 1 }],
        [
          "/v1/traces",
          {
            resourceSpans: [
              {
                scopeSpans: [
                  { spans: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), name: "n", startTimeUnixNano: "1" }] },
                ],
              },
            ],
          },
        ],
      ] as const) {
        const response = await stack.post(path, body);
        expect([path, response.status]).toEqual([path, 503]);
        expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      }
    } finally {
      await stacks.server.restart();
    }
  });
});

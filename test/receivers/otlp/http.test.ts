import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { logsRequest, traceRequest, traceRequestJson } from "../../support/otlp.ts";
import { jsonType, protobufType, send } from "./http-client.ts";
import { startHttp } from "./support.ts";

describe("OTLP over HTTP", () => {
  it("hands the spans of a protobuf request on and answers in protobuf", async () => {
    const { http, traces } = await startHttp();
    const answer = await send(http, "/v1/traces", traceRequest(3), { headers: protobufType });
    expect([answer.status, answer.headers["content-type"], answer.body.length]).toEqual([
      200,
      "application/x-protobuf",
      0,
    ]);
    expect(traces.itemCount).toBe(3);
  });

  it("hands the spans of a JSON request on and answers in JSON", async () => {
    const { http, traces } = await startHttp();
    const headers = { "content-type": "application/json; charset=utf-8" };
    const answer = await send(http, "/v1/traces", traceRequestJson("chat"), { headers });
    expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([
      200,
      "application/json",
      "{}",
    ]);
    expect([...traces.batches[0]!][0]!.name).toBe("chat");
  });

  it("takes metrics and logs in JSON as protobuf", async () => {
    const { http, logs, metrics } = await startHttp();
    for (const signal of ["logs", "metrics"]) {
      const body = await readFile(new URL(`../../testdata/otlp/${signal}.json`, import.meta.url));
      expect((await send(http, `/v1/${signal}`, body, { headers: jsonType })).status).toBe(200);
    }
    expect([logs.itemCount, metrics.itemCount]).toEqual([1, 4]);
  });

  it("takes an empty request without calling the pipeline", async () => {
    const { http, traces } = await startHttp();
    expect((await send(http, "/v1/traces", "", { headers: protobufType })).status).toBe(200);
    expect((await send(http, "/v1/traces", "{}", { headers: jsonType })).status).toBe(200);
    expect(traces.batches).toHaveLength(0);
  });

  it("takes a large body in chunks", async () => {
    const { http, traces } = await startHttp();
    const body = traceRequest(2, { attributes: { text: "x".repeat(1_000_000) } });
    const headers = { ...protobufType, "transfer-encoding": "chunked" };
    expect((await send(http, "/v1/traces", body, { headers })).status).toBe(200);
    expect(String([...traces.batches[0]!][1]!.attributes.get("text"))).toHaveLength(1_000_000);
  });

  it.each([
    ["JSON", jsonType, (text: string) => traceRequestJson(text)],
    ["protobuf", protobufType, (text: string) => traceRequest(1, { attributes: { text } })],
  ])("takes a body in %s that says its length and comes in several pieces", async (_name, headers, request) => {
    const { http, traces } = await startHttp();
    const body = Buffer.from(request("x".repeat(200_000)));
    const answer = await send(http, "/v1/traces", body, { headers: { ...headers, "content-length": body.length } });
    expect([answer.status, traces.itemCount]).toEqual([200, 1]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["zlib", deflateSync],
    ["identity", (body: Buffer) => body],
  ])("takes a body in %s", async (coding, compress) => {
    const { http, traces } = await startHttp();
    const headers = { ...protobufType, "content-encoding": coding };
    expect((await send(http, "/v1/traces", compress(traceRequest(300)), { headers })).status).toBe(200);
    expect(traces.itemCount).toBe(300);
  });

  it("says which methods, content types and paths there are", async () => {
    const { http } = await startHttp();
    const get = await send(http, "/v1/traces", "", { method: "GET" });
    expect([get.status, get.headers.allow, get.body.toString()]).toEqual([
      405,
      "POST",
      "405 method not allowed, supported: [POST]",
    ]);
    const text = await send(http, "/v1/traces", "x", { headers: { "content-type": "text/plain" } });
    expect([text.status, text.body.toString()]).toEqual([
      415,
      "415 unsupported media type, supported: [application/x-protobuf, application/json]",
    ]);
    expect((await send(http, "/v2/traces", "", { headers: protobufType })).status).toBe(404);
  });

  it("has no path for a signal without a pipeline", async () => {
    const { http } = await startHttp({}, {}, { next: {} });
    expect((await send(http, "/v1/traces", traceRequest(1), { headers: protobufType })).status).toBe(404);
  });

  it("listens to the paths of its configuration", async () => {
    const { http, logs } = await startHttp({ logs_url_path: "in/logs" });
    expect((await send(http, "/in/logs?a=b", logsRequest(1), { headers: protobufType })).status).toBe(200);
    expect(logs.itemCount).toBe(1);
  });

  it("answers a malformed body with 400 and a Status in the encoding of the request", async () => {
    const { http } = await startHttp();
    const json = await send(http, "/v1/traces", "{", { headers: jsonType });
    expect([json.status, json.headers["content-type"]]).toEqual([400, "application/json"]);
    expect(JSON.parse(json.body.toString())).toMatchObject({ code: 3 });
    const protobuf = await send(http, "/v1/logs", Buffer.from([0x0a, 0x05]), { headers: protobufType });
    expect([protobuf.status, protobuf.headers["content-type"]]).toEqual([400, "application/x-protobuf"]);
    const message = "otlp: body is no logs request: length past the end of the message";
    expect(protobuf.body).toEqual(Buffer.concat([Buffer.from([8, 3, 18, message.length]), Buffer.from(message)]));
  });

  it("answers bad and unknown compression with 400", async () => {
    const { http } = await startHttp({ compression_algorithms: ["", "gzip"] });
    const answer = (coding: string) =>
      send(http, "/v1/traces", "no gzip", { headers: { ...jsonType, "content-encoding": coding } });
    const bad = await answer("gzip");
    expect([bad.status, JSON.parse(bad.body.toString()).message]).toEqual([
      400,
      "otlp: body is not valid gzip: incorrect header check",
    ]);
    const unknown = await answer("zstd");
    expect([unknown.status, JSON.parse(unknown.body.toString()).message]).toEqual([
      400,
      'otlp: unsupported Content-Encoding "zstd", supported: none, gzip',
    ]);
  });

  it("answers a body over the limit with 413, by its announced size, by what came, and after decompression", async () => {
    const { http, traces } = await startHttp({ max_request_body_size: 1_000 });
    const answers = [
      await send(http, "/v1/traces", Buffer.alloc(5_000_000), { headers: jsonType }),
      await send(http, "/v1/traces", Buffer.alloc(1_001), { headers: { ...jsonType, "transfer-encoding": "chunked" } }),
      await send(http, "/v1/traces", gzipSync(Buffer.alloc(100_000)), {
        headers: { ...jsonType, "content-encoding": "gzip" },
      }),
    ];
    expect(answers.map(({ status, body }) => [status, JSON.parse(body.toString()).message])).toEqual([
      [413, "otlp: body is 5000000 bytes, larger than max_request_body_size 1000"],
      [413, "otlp: body is 1001 bytes, larger than max_request_body_size 1000"],
      [413, "otlp: body after decompression is larger than max_request_body_size 1000"],
    ]);
    expect(answers[0]!.headers["retry-after"]).toBeUndefined();
    expect(traces.batches).toHaveLength(0);
  });

  it("lets a client that closes after the answer send its body to the end", async () => {
    const { http } = await startHttp({ max_request_body_size: 1_000 });
    const { hostname, port } = new URL(`http://${http}`);
    const socket = connect(Number(port), hostname);
    const bytes = 20_000_000;
    const lines = ["POST /v1/traces HTTP/1.1", "host: x", "connection: close", `content-length: ${bytes}`];
    socket.write(`${lines.join("\r\n")}\r\ncontent-type: application/json\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(String(answer)).toContain("413");
    socket.resume().write(Buffer.alloc(bytes));
    await once(socket, "end");
  });

  it("answers retryable errors with 503 or 429 and Retry-After in whole seconds", async () => {
    const { http, traces } = await startHttp();
    traces.failWith(
      new RetryableError("sending queue is full", { retryAfterMs: 2_400 }),
      new RetryableError("too many", { code: StatusCode.RESOURCE_EXHAUSTED }),
      new TypeError("x is not a function"),
    );
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await send(http, "/v1/traces", traceRequestJson(), { headers: jsonType }));
    expect(answers.map(({ status, headers }) => [status, headers["retry-after"]])).toEqual([
      [503, "3"],
      [429, "1"],
      [503, "1"],
    ]);
    expect(JSON.parse(answers[0]!.body.toString())).toEqual({
      code: 14,
      message: "sending queue is full",
      details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2.4s" }],
    });
  });

  it("answers permanent errors so that no client sends the data again", async () => {
    const { http, traces } = await startHttp();
    const codes = [
      StatusCode.INTERNAL,
      StatusCode.INVALID_ARGUMENT,
      StatusCode.UNAVAILABLE,
      StatusCode.RESOURCE_EXHAUSTED,
    ];
    traces.failWith(...codes.map((code) => new PermanentError("no", { code })));
    const statuses = [];
    for (const _ of codes)
      statuses.push((await send(http, "/v1/traces", traceRequest(1), { headers: protobufType })).status);
    expect(statuses).toEqual([500, 400, 500, 413]);
  });

  it("reports spans that can never be stored as partial success", async () => {
    const { http, traces } = await startHttp({}, { limits: { max_attributes_per_span: 1 } });
    const body = Buffer.concat([traceRequest(2), traceRequest(3, { attributes: { a: "1", b: "2" } })]);
    const protobuf = await send(http, "/v1/traces", body, { headers: protobufType });
    expect(protobuf.status).toBe(200);
    expect([...protobuf.body.subarray(0, 1), ...protobuf.body.subarray(2, 4)]).toEqual([0x0a, 0x08, 3]);
    expect(traces.itemCount).toBe(2);
  });
});

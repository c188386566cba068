import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request as requestSecure } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { authProject, type ServerAuthenticator } from "../../../pipeline/auth.ts";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { logsRequest, traceRequest, traceRequestJson } from "../../support/otlp.ts";
import { until } from "../../support/until.ts";
import { jsonType, protobufType, send } from "./http-client.ts";
import { HoldingConsumer, onFreePort, type Section, startReceiver } from "./support.ts";

const startHttp = (keys: Section = {}, shared: Section = {}, doubles: Parameters<typeof startReceiver>[2] = {}) =>
  startReceiver({ http: onFreePort(keys) }, shared, doubles);

const path = (name: string): string => new URL(`../../testdata/tls/${name}`, import.meta.url).pathname;

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

  it("refuses requests over max_in_flight_requests before it reads them", async () => {
    const next = new HoldingConsumer();
    const { http } = await startHttp({}, { max_in_flight_requests: 1 }, { next: { traces: next } });
    const first = send(http, "/v1/traces", traceRequest(1), { headers: protobufType });
    await until(() => next.batches.length === 1);
    let continued = false;
    const headers = { ...jsonType, expect: "100-continue", "content-length": 5_000_000 };
    const refused = await new Promise<number>((resolve) => {
      const { hostname, port } = new URL(`http://${http}`);
      const socket = connect(Number(port), hostname);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /v1/traces HTTP/1.1\r\nhost: x\r\n${lines.join("")}\r\n`);
      socket.once("data", (data) => {
        continued = data.includes("100 Continue");
        resolve(Number(data.toString().split(" ")[1]));
        socket.destroy();
      });
    });
    expect([refused, continued]).toEqual([503, false]);
    next.release();
    expect((await first).status).toBe(200);
  });

  it("sends 100 Continue when it is going to read the body", async () => {
    const { http, traces } = await startHttp();
    const body = traceRequest(2);
    const headers = { ...protobufType, expect: "100-continue", "content-length": body.length };
    expect((await send(http, "/v1/traces", body, { headers })).status).toBe(200);
    expect(traces.itemCount).toBe(2);
  });

  it("forgets a request whose client hangs up in the middle", async () => {
    const { http, traces } = await startHttp({}, { max_in_flight_requests: 1 });
    const { hostname, port } = new URL(`http://${http}`);
    const socket = connect(Number(port), hostname);
    const head =
      "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n";
    socket.write(head + "x".repeat(10));
    await until(async () => (await send(http, "/v1/traces", "", { headers: protobufType })).status === 503);
    socket.destroy();
    await until(async () => (await send(http, "/v1/traces", "", { headers: protobufType })).status === 200);
    expect(traces.batches).toHaveLength(0);
  });

  it("forgets a request whose client hangs up while the authenticator decides", async () => {
    const decisions: (() => void)[] = [];
    const authenticate = () => new Promise<Map<string, string>>((resolve) => decisions.push(() => resolve(new Map())));
    const host = {
      extension: () => ({ authenticate }) as unknown as ServerAuthenticator,
      exporterConfig: () => undefined,
      fatal: () => {},
    };
    const keys = { auth: { authenticator: "slow" } };
    const { http } = await startHttp(keys, { max_in_flight_requests: 1 }, { settings: { host } });
    const { hostname, port } = new URL(`http://${http}`);
    const socket = connect(Number(port), hostname);
    const head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    socket.write(head);
    await until(() => decisions.length === 1);
    socket.destroy();
    // The server learns of it before it answers these.
    for (let i = 0; i < 3; i++) await send(http, "/elsewhere", "");
    decisions[0]!();
    await until(async () => {
      const next = send(http, "/v1/traces", "{}", { headers: jsonType });
      const decide = setInterval(() => decisions[1]?.(), 5);
      return (await next.finally(() => clearInterval(decide))).status === 200;
    });
  });

  it("disconnects a client whose request does not come to its end within read_timeout", async () => {
    const { http } = await startHttp({ read_timeout: "100ms", read_header_timeout: "50ms" });
    const { hostname, port } = new URL(`http://${http}`);
    const socket = connect(Number(port), hostname);
    socket.resume().write("POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
  });

  it("sends response_headers with every response, and Connection: close without keep-alive", async () => {
    const { http } = await startHttp({ response_headers: { "x-served-by": "signalbox" }, keep_alives_enabled: false });
    for (const body of [traceRequest(1), Buffer.from([1])]) {
      const { headers } = await send(http, "/v1/traces", body, { headers: protobufType });
      expect([headers["x-served-by"], headers.connection]).toEqual(["signalbox", "close"]);
    }
  });

  it("lets pages of allowed origins send, and no others", async () => {
    const cors = { allowed_origins: ["https://*.example.com"], allowed_headers: ["x-tenant"], max_age: 600 };
    const { http } = await startHttp({ cors });
    const preflight = (origin: string) =>
      send(http, "/v1/traces", "", {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type, x-tenant, x-other",
        },
      });
    const allowed = await preflight("https://app.example.com");
    expect([allowed.status, allowed.headers]).toMatchObject([
      204,
      {
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "content-type, x-tenant",
        "access-control-max-age": "600",
      },
    ]);
    expect((await preflight("https://example.com.evil.org")).headers["access-control-allow-origin"]).toBeUndefined();
    const headers = { ...jsonType, origin: "https://app.example.com" };
    const answer = await send(http, "/v1/traces", "{}", { headers });
    expect(answer.headers["access-control-allow-origin"]).toBe("https://app.example.com");
  });

  it("answers OPTIONS with 405 when no origin is allowed", async () => {
    const { http } = await startHttp();
    expect((await send(http, "/v1/traces", "", { method: "OPTIONS" })).status).toBe(405);
  });

  it("asks the authenticator before it reads the body, and keeps what it learned", async () => {
    const authenticator = {
      authenticate: async (headers: ReadonlyMap<string, readonly string[]>) => {
        if (headers.get("key")?.[0] !== "right") throw new Error("wrong key");
        return new Map([
          ["subject", "me"],
          [authProject, "my-project"],
        ]);
      },
    } as unknown as ServerAuthenticator;
    const host = {
      extension: (id: string) => (id === "my_auth" ? authenticator : undefined),
      exporterConfig: () => undefined,
      fatal: () => {},
    };
    const auth = { authenticator: "my_auth", request_params: ["key"] };
    const { http, traces } = await startHttp({ auth, include_metadata: true }, {}, { settings: { host } });
    const wrong = await send(http, "/v1/traces?key=wrong", traceRequestJson(), { headers: jsonType });
    expect([wrong.status, JSON.parse(wrong.body.toString())]).toEqual([401, { code: 16, message: "wrong key" }]);
    const headers = { ...jsonType, "X-Tenant": ["a", "b"] };
    expect((await send(http, "/v1/traces?key=right", traceRequestJson(), { headers })).status).toBe(200);
    const context = traces.batches[0]!.context!;
    expect(context.auth.get("subject")).toBe("me");
    expect(traces.batches[0]!.getDerived("ProjectId", 0)).toBe("my-project");
    expect(context.metadata.get("x-tenant")).toEqual(["a", "b"]);
    expect(context.metadata.has("key")).toBe(false);
  });

  it("lets requests finish at shutdown and refuses connections meanwhile", async () => {
    const next = new HoldingConsumer();
    const { http, receiver } = await startHttp({}, {}, { next: { traces: next } });
    const pending = send(http, "/v1/traces", traceRequest(1), { headers: protobufType });
    await until(() => next.batches.length === 1);
    const stopped = receiver.shutdown(AbortSignal.timeout(10_000));
    await expect(send(http, "/v1/traces", "", { headers: protobufType })).rejects.toThrow("ECONNREFUSED");
    next.release();
    expect([(await pending).status, (await pending).headers.connection]).toEqual([200, "close"]);
    await stopped;
  });

  it("cuts requests off when the deadline of shutdown has passed", async () => {
    const next = new HoldingConsumer();
    const { http, receiver } = await startHttp({}, {}, { next: { traces: next } });
    const pending = send(http, "/v1/traces", traceRequest(1), { headers: protobufType });
    pending.catch(() => {});
    await until(() => next.batches.length === 1);
    await receiver.shutdown(AbortSignal.abort());
    await expect(pending).rejects.toThrow("socket hang up");
    next.release();
  });

  it("speaks TLS and demands client certificates of client_ca_file", async () => {
    const tls = { cert_file: path("server.crt"), key_file: path("server.key"), client_ca_file: path("ca.crt") };
    const { http, traces } = await startHttp({ tls });
    const [ca, key, cert] = await Promise.all(
      ["ca.crt", "client.key", "client.crt"].map((name) => readFile(path(name))),
    );
    const post = (credentials: object): Promise<number> =>
      new Promise((resolve, reject) => {
        const { port } = new URL(`https://${http}`);
        const options = {
          port,
          host: "localhost",
          path: "/v1/traces",
          method: "POST",
          headers: protobufType,
          agent: false,
        };
        const outgoing = requestSecure({ ...options, ca, ...credentials }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        });
        outgoing.on("error", reject).end(traceRequest(1));
      });
    expect(await post({ key, cert })).toBe(200);
    await expect(post({})).rejects.toThrow();
    expect(traces.itemCount).toBe(1);
  });

  it("takes a renewed certificate without a restart", async () => {
    const { copyFile, mkdtemp, rm } = await import("node:fs/promises");
    const folder = await mkdtemp(`${(await import("node:os")).tmpdir()}/tls-`);
    const files = { cert_file: `${folder}/server.crt`, key_file: `${folder}/server.key` };
    const install = async (name: string): Promise<void> => {
      await copyFile(path(`${name}.crt`), files.cert_file);
      await copyFile(path(`${name}.key`), files.key_file);
    };
    await install("server");
    const { http } = await startHttp({ tls: { ...files, reload_interval: "20ms" } });
    const served = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const { port } = new URL(`https://${http}`);
        const socket = connectTls({ port: Number(port), host: "127.0.0.1", rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.on("error", reject);
      });
    expect(await served()).toBe("server");
    await install("server-renewed");
    await until(async () => (await served()) === "server-renewed");
    await rm(folder, { recursive: true });
  });
});

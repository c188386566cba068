import { readFile } from "node:fs/promises";
import { request as requestSecure } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { authProject, type ServerAuthenticator } from "../../../pipeline/auth.ts";
import { traceRequest, traceRequestJson } from "../../support/otlp.ts";
import { until } from "../../support/until.ts";
import { jsonType, protobufType, send } from "./http-client.ts";
import { HoldingConsumer, startHttp } from "./support.ts";

const path = (name: string): string => new URL(`../../testdata/tls/${name}`, import.meta.url).pathname;

describe("the HTTP server of OTLP", () => {
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

  it("reads large bodies behind one of which nothing comes, and behind one whose client hung up", async () => {
    const { http, traces } = await startHttp({}, { max_reading_bytes: 1_048_576 });
    const { hostname, port } = new URL(`http://${http}`);
    const head =
      "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000000\r\n\r\n";
    const sockets = [connect(Number(port), hostname), connect(Number(port), hostname)];
    for (const socket of sockets) socket.write(head);
    // The server has seen both when it answers these.
    for (let i = 0; i < 3; i++) await send(http, "/elsewhere", "");
    sockets[1]!.destroy();
    const body = traceRequest(5_000);
    expect(body.length).toBeGreaterThan(200_000);
    const sent = [1, 2, 3].map(() => send(http, "/v1/traces", body, { headers: protobufType }));
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(traces.itemCount).toBe(15_000);
    sockets[0]!.destroy();
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
    const { http, traces, logs } = await startHttp({ auth, include_metadata: true }, {}, { settings: { host } });
    const wrong = await send(http, "/v1/traces?key=wrong", traceRequestJson(), { headers: jsonType });
    expect([wrong.status, JSON.parse(wrong.body.toString())]).toEqual([401, { code: 16, message: "wrong key" }]);
    const headers = { ...jsonType, "X-Tenant": ["a", "b"] };
    expect((await send(http, "/v1/traces?key=right", traceRequestJson(), { headers })).status).toBe(200);
    const context = traces.batches[0]!.context!;
    expect(context.auth.get("subject")).toBe("me");
    expect(traces.batches[0]!.getDerived("ProjectId", 0)).toBe("my-project");
    const request = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] }));
    expect((await send(http, "/v1/logs?key=right", request, { headers: jsonType })).status).toBe(200);
    expect(logs.batches[0]!.projects).toEqual(["my-project"]);
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

import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { Readable } from "node:stream";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { ApiReply } from "../../../../extensions/api/http/route.ts";
import { collectMetrics } from "../../../support/metrics.ts";
import { projectPath } from "../../../support/program.ts";
import { createApi, echoRoute, TestApi } from "../support.ts";

describe("the server of the api", () => {
  test("speaks TLS with the certificate of the configuration", async () => {
    const folder = projectPath("test/testdata/tls");
    const tls = { cert_file: `${folder}/server.crt`, key_file: `${folder}/server.key` };
    const api = createApi({ config: { tls, keys: [{ key: "k" }] } });
    onTestFinished(() => api.shutdown());
    await api.start();
    api.pipelineReady();
    const ca = await readFile(`${folder}/ca.crt`);
    const status = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { host: "127.0.0.1", port: api.port, path: "/health", ca, servername: "localhost" };
        request(options, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end();
      });
    await expect.poll(status).toBe(200);
    expect(api.describe()).toEqual([`api: https://127.0.0.1:${api.port} (keys are needed)`]);
  });

  test("says why an answer breaks off, and nothing of a client that is gone", async () => {
    const errors: string[] = [];
    const logger = pino({ level: "error" }, { write: (line) => void errors.push(JSON.parse(line).msg) });
    async function* rows(): AsyncGenerator<string> {
      yield "[1,";
      throw new Error("store is gone");
    }
    const failing = new ApiReply(200, Readable.from(rows()), { "content-type": "application/json" });
    const endless = new Readable({ read() {} });
    endless.push("[");
    const waiting = new ApiReply(200, endless, { "content-type": "application/json" });
    const routes = [
      echoRoute({ path: "/failing", handle: () => failing }),
      echoRoute({ path: "/waiting", handle: () => waiting }),
    ];
    const api = await TestApi.start(routes, { settings: { logger } });
    onTestFinished(() => api.extension.shutdown());
    await api.raw("GET /waiting HTTP/1.1\r\nhost: localhost\r\n\r\n", /\[/);
    await expect.poll(() => endless.destroyed).toBe(true);
    await expect(api.get("/failing").then((answer) => answer.text())).rejects.toThrow();
    expect(errors).toEqual(["GET /failing broke off: store is gone"]);
  });

  test("times every answer by route, method and status", async () => {
    const { meter, count } = collectMetrics();
    const api = await TestApi.start([echoRoute({ path: "/spans/:span_id" })], { settings: { meter } });
    onTestFinished(() => api.extension.shutdown());
    await api.get("/spans/1");
    await api.get("/api/v1/spans/2/");
    const labels = { extension: "api", http_request_method: "GET", http_route: "/spans/:span_id" };
    await expect
      .poll(() => count("http_server_request_duration", { ...labels, http_response_status_code: 200 }))
      .toBe(2);
  });

  test("answers 503 until the pipelines are ready and while they stop", async () => {
    const api = createApi({ config: { keys: [{ key: "k" }] } });
    onTestFinished(() => api.shutdown());
    await api.start();
    const response = await fetch(`http://127.0.0.1:${api.port}/health`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { OtlpReceiver } from "../../../receivers/otlp/receiver.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { logsRequest, traceRequest } from "../../support/otlp.ts";
import { call, exportTraces, grpcClient } from "./grpc-client.ts";
import { protobufType, send } from "./http-client.ts";
import { configOf, onFreePort, startReceiver } from "./support.ts";

const both = { grpc: onFreePort(), http: onFreePort() };

describe("OTLP receiver", () => {
  itLivesAsAComponent(() => new OtlpReceiver(configOf(both), {}, testSettings({ id: "otlp" })));

  it("says which address it cannot listen on, and closes what it had opened", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const folder = await mkdtemp(`${tmpdir()}/otlp-`);
    const grpc = { endpoint: `unix:${folder}/grpc.sock` };
    const config = configOf({ grpc, http: { endpoint: `127.0.0.1:${port}` } });
    const receiver = new OtlpReceiver(config, {}, testSettings({ id: "otlp" }));
    await expect(receiver.start()).rejects.toThrow(`otlp: cannot listen on 127.0.0.1:${port}: address already in use`);
    expect(receiver.addresses).toEqual({});
    await expect(access(`${folder}/grpc.sock`)).rejects.toThrow("ENOENT");
    await rm(folder, { recursive: true });
    await new Promise((resolve) => taken.close(resolve));
  });

  it("says which authenticator is missing", async () => {
    const config = configOf({ http: onFreePort({ auth: { authenticator: "nobody" } }) });
    const receiver = new OtlpReceiver(config, {}, testSettings({ id: "otlp" }));
    await expect(receiver.start()).rejects.toThrow(
      'otlp: auth.authenticator: "nobody" is not listed under service.extensions',
    );
  });

  it("listens on unix sockets", async () => {
    const folder = await mkdtemp(`${tmpdir()}/otlp-`);
    const { traces, grpc } = await startReceiver({ grpc: { endpoint: `unix:${folder}/grpc.sock` } });
    await call(grpcClient(grpc, {}, credentials.createInsecure()), exportTraces, traceRequest(1));
    expect([grpc, traces.itemCount]).toEqual([`unix:${folder}/grpc.sock`, 1]);
    await expect(startReceiver({ http: { endpoint: `${folder}/grpc.sock`, transport: "unix" } })).rejects.toThrow(
      "address already in use",
    );
    await expect(startReceiver({ http: { endpoint: `unix:${folder}/none/x.sock` } })).rejects.toThrow("cannot listen");
    await rm(folder, { recursive: true });
  });

  it("counts what was accepted, refused, rejected and failed, by transport", async () => {
    const metrics = collectMetrics();
    const limits = { limits: { max_attributes_per_span: 1 } };
    const { http, grpc, traces, logs } = await startReceiver(both, limits, { settings: { meter: metrics.meter } });
    const post = (path: string, body: Uint8Array) => send(http, path, body, { headers: protobufType });
    const tooMany = traceRequest(2, { attributes: { a: "1", b: "2" } });
    await post("/v1/traces", Buffer.concat([traceRequest(3), tooMany]));
    await call(grpcClient(grpc), exportTraces, traceRequest(5));
    traces.failWith(
      new RetryableError("full"),
      new Error("bug"),
      new PermanentError("no", { code: StatusCode.INVALID_ARGUMENT }),
    );
    await post("/v1/traces", traceRequest(7));
    await post("/v1/traces", traceRequest(11));
    await post("/v1/traces", traceRequest(13));
    logs.failWith(new PermanentError("lost"));
    await post("/v1/logs", logsRequest(17));
    await post("/v1/traces", Buffer.from([1]));
    const value = (name: string, transport: string) => metrics.value(name, { receiver: "otlp", transport });
    expect(await value("receiver_accepted_spans", "http")).toBe(3);
    expect(await value("receiver_accepted_spans", "grpc")).toBe(5);
    expect(await value("receiver_refused_spans", "http")).toBe(7);
    expect(await value("receiver_failed_spans", "http")).toBe(11);
    expect(await value("receiver_rejected_spans", "http")).toBe(2 + 13);
    expect(await value("receiver_failed_log_records", "http")).toBe(17);
    const requests = (outcome: string) => metrics.value("receiver_requests", { transport: "http", outcome });
    expect(await Promise.all(["success", "refused", "rejected", "failure"].map(requests))).toEqual([1, 1, 2, 2]);
  });
});

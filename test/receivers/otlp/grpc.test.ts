import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { logsRequest, traceRequest } from "../../support/otlp.ts";
import { until } from "../../support/until.ts";
import { call, errorOf, exportLogs, exportTraces, grpcClient } from "./grpc-client.ts";
import { HoldingConsumer, onFreePort, type Section, startReceiver } from "./support.ts";

const startGrpc = (keys: Section = {}, shared: Section = {}, doubles: Parameters<typeof startReceiver>[2] = {}) =>
  startReceiver({ grpc: onFreePort(keys) }, shared, doubles);

const pem = (name: string): Promise<Buffer> => readFile(new URL(`../../testdata/tls/${name}`, import.meta.url));
const path = (name: string): string => new URL(`../../testdata/tls/${name}`, import.meta.url).pathname;

describe("OTLP over gRPC", () => {
  it("hands the spans of a call on and answers with an empty response", async () => {
    const { grpc, traces } = await startGrpc();
    const response = await call(grpcClient(grpc), exportTraces, traceRequest(3));
    expect(response).toHaveLength(0);
    expect(traces.batches.map((batch) => batch.itemCount)).toEqual([3]);
  });

  it("takes an empty request without calling the pipeline", async () => {
    const { grpc, traces } = await startGrpc();
    expect(await call(grpcClient(grpc), exportTraces, traceRequest(0))).toHaveLength(0);
    expect(traces.batches).toHaveLength(0);
  });

  it("hands log records on as they came", async () => {
    const { grpc, logs } = await startGrpc();
    await call(grpcClient(grpc), exportLogs, logsRequest(2));
    expect(logs.itemCount).toBe(2);
    expect(Buffer.from(logs.batches[0]!.requests[0]!)).toEqual(logsRequest(2));
  });

  it("takes gzip", async () => {
    const { grpc, traces } = await startGrpc();
    const client = grpcClient(grpc, { "grpc.default_compression_algorithm": 2 });
    await call(client, exportTraces, traceRequest(500));
    expect(traces.itemCount).toBe(500);
  });

  it("takes many large messages at a time on one connection", async () => {
    const { grpc, traces } = await startGrpc({}, { max_in_flight_bytes: 256 * 2 ** 20 });
    const client = grpcClient(grpc);
    const large = traceRequest(10, { attributes: { "gen_ai.prompt": "x".repeat(200_000) } });
    await Promise.all(Array.from({ length: 60 }, () => call(client, exportTraces, large)));
    expect(traces.itemCount).toBe(600);
    const attributes = [...traces.batches[59]!][0]!.attributes;
    expect(String(attributes.get("gen_ai.prompt"))).toBe("x".repeat(200_000));
  });

  it("refuses a message over the limit for good, by the size it announces", async () => {
    const { grpc, traces } = await startGrpc({ max_recv_msg_size_mib: 1 });
    const error = await errorOf(call(grpcClient(grpc), exportTraces, Buffer.alloc(3 * 2 ** 20)));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toBe("grpc: received message larger than max (3145728 vs. 1048576)");
    expect(error.metadata.get("grpc-status-details-bin")).toEqual([]);
    expect(traces.batches).toHaveLength(0);
  });

  it("stops a client from sending what it has refused", async () => {
    const { grpc } = await startGrpc({ max_recv_msg_size_mib: 1 });
    const session = connect(`http://${grpc}`);
    const stream = session.request(requestHeaders);
    stream.write(Buffer.from([0, 0x7f, 0, 0, 0]));
    expect(await statusOf(stream)).toBe(String(status.RESOURCE_EXHAUSTED));
    await until(() => stream.closed);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    session.close();
  });

  it("stops decompressing at the limit", async () => {
    const { grpc } = await startGrpc({ max_recv_msg_size_mib: 1 });
    const client = grpcClient(grpc, { "grpc.default_compression_algorithm": 2 });
    const error = await errorOf(call(client, exportTraces, Buffer.alloc(50 * 2 ** 20)));
    expect([error.code, error.details]).toEqual([
      status.RESOURCE_EXHAUSTED,
      "grpc: received message after decompression larger than max 1048576",
    ]);
  });

  it("keeps serving a connection after it refused a large message on it", async () => {
    const { grpc, traces } = await startGrpc({ max_recv_msg_size_mib: 1 });
    const client = grpcClient(grpc);
    for (let i = 0; i < 5; i++) await errorOf(call(client, exportTraces, Buffer.alloc(8 * 2 ** 20)));
    await call(client, exportTraces, traceRequest(1));
    expect(traces.itemCount).toBe(1);
  });

  it("answers a malformed message with INVALID_ARGUMENT", async () => {
    const { grpc } = await startGrpc();
    const error = await errorOf(call(grpcClient(grpc), exportTraces, Buffer.from([0x0a, 0xff])));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  });

  it("answers a retryable error with UNAVAILABLE and a RetryInfo", async () => {
    const { grpc, traces } = await startGrpc();
    traces.failWith(new RetryableError("the queue is 100 % full", { retryAfterMs: 2_500 }));
    const error = await errorOf(call(grpcClient(grpc), exportTraces, traceRequest(1)));
    expect([error.code, error.details]).toEqual([status.UNAVAILABLE, "the queue is 100 % full"]);
    const [details] = error.metadata.get("grpc-status-details-bin") as [Buffer];
    expect(details.includes("type.googleapis.com/google.rpc.RetryInfo")).toBe(true);
    expect(details.subarray(-8)).toEqual(Buffer.from([8, 2, 16, 0x80, 0xca, 0xb5, 0xee, 1]));
  });

  it("answers a permanent error with its code", async () => {
    const { grpc, traces } = await startGrpc();
    traces.failWith(
      new PermanentError("größer als erlaubt", { code: StatusCode.INVALID_ARGUMENT }),
      new PermanentError("no"),
    );
    const client = grpcClient(grpc);
    const first = await errorOf(call(client, exportTraces, traceRequest(1)));
    expect([first.code, first.details]).toEqual([status.INVALID_ARGUMENT, "größer als erlaubt"]);
    expect((await errorOf(call(client, exportTraces, traceRequest(1)))).code).toBe(status.INTERNAL);
  });

  it("tells the client to come again after an error it does not know", async () => {
    const { grpc, traces } = await startGrpc();
    traces.failWith(new TypeError("x is not a function"));
    const error = await errorOf(call(grpcClient(grpc), exportTraces, traceRequest(1)));
    expect([error.code, error.details]).toEqual([status.UNAVAILABLE, "internal error, see the log of the receiver"]);
  });

  it("does not know other services, other methods, and signals without a pipeline", async () => {
    const { grpc, traces } = await startReceiver({ grpc: onFreePort() }, {}, { next: {} });
    const client = grpcClient(grpc);
    for (const method of ["/grpc.health.v1.Health/Check", exportLogs, exportTraces]) {
      const error = await errorOf(call(client, method, Buffer.alloc(0)));
      expect([error.code, error.details]).toEqual([status.UNIMPLEMENTED, `unknown service ${method.split("/")[1]}`]);
    }
    expect(traces.batches).toHaveLength(0);
  });

  it("ends a call at its deadline", async () => {
    const next = new HoldingConsumer();
    const { grpc } = await startGrpc({}, {}, { next: { traces: next } });
    const session = connect(`http://${grpc}`);
    const stream = session.request({ ...requestHeaders, "grpc-timeout": "50m" });
    stream.end(framed(traceRequest(1)));
    expect(await statusOf(stream)).toBe(String(status.DEADLINE_EXCEEDED));
    next.release();
    session.close();
  });

  it("refuses calls over max_in_flight_requests before it reads them", async () => {
    const next = new HoldingConsumer();
    const { grpc } = await startGrpc({}, { max_in_flight_requests: 1 }, { next: { traces: next } });
    const client = grpcClient(grpc);
    const first = call(client, exportTraces, traceRequest(1));
    await until(() => next.batches.length === 1);
    const error = await errorOf(call(client, exportTraces, traceRequest(1)));
    expect([error.code, error.details]).toEqual([
      status.UNAVAILABLE,
      "otlp: 1 requests in flight, as many as max_in_flight_requests allows",
    ]);
    next.release();
    await first;
    await call(client, exportTraces, traceRequest(1));
  });

  it("refuses calls over max_in_flight_bytes, but not one that is alone", async () => {
    const next = new HoldingConsumer();
    const { grpc } = await startGrpc({}, { max_in_flight_bytes: 2 ** 20 }, { next: { traces: next } });
    const client = grpcClient(grpc);
    const large = traceRequest(1, { attributes: { text: "x".repeat(2 ** 21) } });
    const first = call(client, exportTraces, large);
    await until(() => next.batches.length === 1);
    expect((await errorOf(call(client, exportTraces, large))).code).toBe(status.UNAVAILABLE);
    next.release();
    await first;
  });

  it("keeps metadata with the batch when include_metadata is set", async () => {
    const { grpc, traces } = await startGrpc({ include_metadata: true });
    const metadata = new Metadata();
    metadata.add("X-Tenant", "a");
    metadata.add("x-tenant", "b");
    await call(grpcClient(grpc), exportTraces, traceRequest(1), { metadata });
    const kept = traces.batches[0]!.context!.metadata;
    expect(kept.get("x-tenant")!.join().replaceAll(" ", "")).toBe("a,b");
    expect(kept.has(":path")).toBe(false);
  });

  it("takes a message in several DATA frames, and frames cut inside the prefix", async () => {
    const { grpc, traces } = await startGrpc();
    const session = connect(`http://${grpc}`);
    const stream = session.request(requestHeaders);
    for (const byte of framed(traceRequest(2))) stream.write(Buffer.of(byte));
    stream.end();
    expect(await statusOf(stream)).toBe("0");
    expect(traces.itemCount).toBe(2);
    session.close();
  });

  it.each([
    ["two messages", Buffer.concat([framed(traceRequest(1)), framed(traceRequest(1))]), {}, "13"],
    ["an incomplete message", framed(traceRequest(1)).subarray(0, -1), {}, "13"],
    ["no message", Buffer.alloc(0), {}, "13"],
    ["a compressed message without a compression", compressedFlag(framed(traceRequest(1))), {}, "13"],
    ["a damaged compressed message", compressedFlag(framed(Buffer.from("no gzip"))), { "grpc-encoding": "gzip" }, "3"],
    ["an unknown compression", framed(traceRequest(1)), { "grpc-encoding": "br" }, "12"],
  ])("answers %s with a status, and takes it for no failure of its own", async (_, body, headers, expected) => {
    const metrics = collectMetrics();
    const errors: string[] = [];
    const logger = pino({ level: "error" }, { write: (line) => void errors.push(line) });
    const { grpc, traces } = await startGrpc({}, {}, { settings: { meter: metrics.meter, logger } });
    const session = connect(`http://${grpc}`);
    const stream = session.request({ ...requestHeaders, ...headers });
    stream.end(body);
    expect(await statusOf(stream)).toBe(expected);
    expect(traces.batches).toHaveLength(0);
    expect(await metrics.value("receiver_requests", { transport: "grpc", outcome: "failure" })).toBeUndefined();
    expect(errors).toEqual([]);
    session.close();
  });

  it.each([
    [{}, 32_768],
    [{ max_header_size: "2KiB" }, 2_048],
  ])("with %j, takes %i bytes of metadata and refuses a call with more", async (keys, bytes) => {
    const { grpc } = await startGrpc(keys);
    const session = connect(`http://${grpc}`);
    const [settings] = (await once(session, "remoteSettings")) as [{ maxHeaderListSize?: number }];
    expect(settings.maxHeaderListSize).toBe(bytes);
    const answers = (metadata: number) => {
      const stream = session.request({ ...requestHeaders, "x-metadata": "x".repeat(metadata) });
      stream.end(framed(traceRequest(1)));
      return statusOf(stream).catch(() => "refused");
    };
    expect([await answers(bytes / 2), await answers(bytes)]).toEqual(["0", "refused"]);
    session.close();
  });

  it("answers other content types with 415", async () => {
    const { grpc } = await startGrpc();
    const session = connect(`http://${grpc}`);
    const stream = session.request({ ...requestHeaders, "content-type": "application/json" });
    stream.end();
    const headers = await responseOf(stream);
    expect(headers[":status"]).toBe(415);
    session.close();
  });

  it("ends a call whose message does not come", async () => {
    const { grpc } = await startGrpc({ read_timeout: "50ms" });
    const session = connect(`http://${grpc}`);
    const stream = session.request(requestHeaders);
    stream.write(framed(traceRequest(1)).subarray(0, 20));
    expect(await statusOf(stream)).toBe(String(status.DEADLINE_EXCEEDED));
    session.close();
  });

  it("forgets a call whose client resets it", async () => {
    const { grpc, traces } = await startGrpc({}, { max_in_flight_requests: 1 });
    const session = connect(`http://${grpc}`);
    const stream = session.request(requestHeaders).on("error", () => {});
    stream.write(framed(traceRequest(1)).subarray(0, 20), () => stream.close(constants.NGHTTP2_CANCEL));
    const client = grpcClient(grpc);
    await until(() =>
      call(client, exportTraces, traceRequest(1)).then(
        () => true,
        () => false,
      ),
    );
    expect(traces.itemCount).toBe(1);
    session.destroy();
  });

  it("closes connections at max_connection_age and lets the client go on with a new one", async () => {
    const { grpc, traces } = await startGrpc({ keepalive: { server_parameters: { max_connection_age: "30ms" } } });
    const session = connect(`http://${grpc}`);
    const goaway = new Promise<number>((resolve) => session.once("goaway", resolve));
    expect(await goaway).toBe(constants.NGHTTP2_NO_ERROR);
    await call(grpcClient(grpc), exportTraces, traceRequest(1));
    expect(traces.itemCount).toBe(1);
  });

  it("closes connections that are idle for max_connection_idle", async () => {
    const { grpc } = await startGrpc({ keepalive: { server_parameters: { max_connection_idle: "30ms" } } });
    const session = connect(`http://${grpc}`);
    await new Promise((resolve) => session.once("close", resolve));
  });

  it("pings silent clients and disconnects those that do not answer", async () => {
    const { grpc } = await startGrpc({ keepalive: { server_parameters: { time: "20ms", timeout: "50ms" } } });
    const alive = connect(`http://${grpc}`);
    await new Promise((resolve) => alive.once("ping", resolve));
    const { hostname, port } = new URL(`http://${grpc}`);
    const mute = connectSocket(Number(port), hostname).on("error", () => {});
    mute.resume().write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), emptySettingsFrame]));
    await new Promise((resolve) => mute.once("close", resolve));
    expect(alive.closed).toBe(false);
    alive.destroy();
  });

  it("sends clients away that ping too often", async () => {
    const { grpc } = await startGrpc();
    const session = connect(`http://${grpc}`).on("error", () => {});
    const goaway = new Promise<[number, Buffer]>((resolve) =>
      session.once("goaway", (code, _last, data) => resolve([code, Buffer.from(data)])),
    );
    await new Promise((resolve) => session.once("connect", resolve));
    for (let i = 0; i < 5; i++) session.ping(() => {});
    expect(await goaway).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM, Buffer.from("too_many_pings")]);
  });

  it("lets calls finish at shutdown and sends the client away", async () => {
    const next = new HoldingConsumer();
    const { grpc, receiver } = await startGrpc({}, {}, { next: { traces: next } });
    const pending = call(grpcClient(grpc), exportTraces, traceRequest(1));
    await until(() => next.batches.length === 1);
    const stopped = receiver.shutdown(AbortSignal.timeout(10_000));
    next.release();
    await expect(pending).resolves.toHaveLength(0);
    await stopped;
    expect((await errorOf(call(grpcClient(grpc), exportTraces, traceRequest(1)))).code).toBe(status.UNAVAILABLE);
  });

  it("cuts calls off when the deadline of shutdown has passed", async () => {
    const next = new HoldingConsumer();
    const { grpc, receiver } = await startGrpc({}, {}, { next: { traces: next } });
    const pending = errorOf(call(grpcClient(grpc), exportTraces, traceRequest(1)));
    await until(() => next.batches.length === 1);
    await receiver.shutdown(AbortSignal.abort());
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain((await pending).code);
    next.release();
  });

  it("demands client certificates of client_ca_file", async () => {
    const tls = { cert_file: path("server.crt"), key_file: path("server.key"), client_ca_file: path("ca.crt") };
    const { grpc, traces } = await startGrpc({ tls });
    const withCertificate = async (name: string) =>
      grpcClient(
        grpc.replace("127.0.0.1", "localhost"),
        {},
        credentials.createSsl(await pem("ca.crt"), await pem(`${name}.key`), await pem(`${name}.crt`)),
      );
    await call(await withCertificate("client"), exportTraces, traceRequest(1));
    const options = { deadline: Date.now() + 5_000 };
    expect((await errorOf(call(await withCertificate("stranger"), exportTraces, traceRequest(1), options))).code).toBe(
      status.UNAVAILABLE,
    );
    const without = grpcClient(grpc.replace("127.0.0.1", "localhost"), {}, credentials.createSsl(await pem("ca.crt")));
    expect((await errorOf(call(without, exportTraces, traceRequest(1)))).code).toBe(status.UNAVAILABLE);
    expect(traces.itemCount).toBe(1);
  });
});

const requestHeaders = { ":method": "POST", ":path": exportTraces, "content-type": "application/grpc", te: "trailers" };

const emptySettingsFrame = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

type Stream = ReturnType<ReturnType<typeof connect>["request"]>;

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

function compressedFlag(frame: Buffer): Buffer {
  frame[0] = 1;
  return frame;
}

function responseOf(stream: Stream): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    stream.once("response", resolve).once("error", reject);
    stream.resume();
  });
}

/** The grpc-status of a call, wherever it stands. */
function statusOf(stream: Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    stream.on("response", (headers) => headers["grpc-status"] !== undefined && resolve(String(headers["grpc-status"])));
    stream.on("trailers", (headers) => resolve(String(headers["grpc-status"])));
    stream.once("error", reject);
    stream.resume();
  });
}

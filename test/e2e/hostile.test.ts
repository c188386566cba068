import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { post, traceRequestOf, uniqueSpans } from "../support/load.ts";
import { type Addresses, defaultConfigWith, Program, ready, residentBytes } from "../support/program.ts";
import { until } from "../support/until.ts";

const mib = 2 ** 20;

let clickhouse: TestClickHouse;
let program: Program;
let addresses: Addresses;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
  program = await Program.start({ args: defaultConfigWith(clickhouse) });
  addresses = await ready(program);
});

afterAll(async () => {
  await program?.dispose();
  await clickhouse?.stop();
});

/** 1 GiB of zeros in about 1 MiB: ten members of gzip are one stream. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(102 * mib));
  return Buffer.concat(Array.from({ length: 10 }, () => member));
}

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** One unary call by gRPC's own client; resolves with the status. */
async function callGrpc(message: Uint8Array): Promise<status> {
  const client = new Client(new URL(addresses.grpc).host, credentials.createInsecure());
  const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = await new Promise<status>((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, message, (error) => resolve(error === null ? status.OK : error.code));
  });
  client.close();
  return code;
}

/** A call with a message that was compressed elsewhere; resolves with the status. */
async function callCompressed(message: Uint8Array): Promise<number> {
  const session = connectHttp2(addresses.grpc);
  const headers = { ":method": "POST", "content-type": "application/grpc", "grpc-encoding": "gzip", te: "trailers" };
  const stream = session.request({ ...headers, ":path": path });
  const code = new Promise<number>((resolve, reject) => {
    const read = (fields: Record<string, unknown>): void => {
      if (fields["grpc-status"] !== undefined) resolve(Number(fields["grpc-status"]));
    };
    stream.on("response", read).on("trailers", read).on("error", reject).resume();
  });
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  return code.finally(() => session.destroy());
}

/** Begins a request, and hangs up in the middle of its body. */
async function hangUp(): Promise<void> {
  const { hostname, port } = new URL(addresses.http);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const head =
    "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000000\r\n\r\n";
  await new Promise((resolve) => socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(500_000)]), resolve));
  socket.resetAndDestroy();
}

async function storedSpans(): Promise<number> {
  const [row] = await clickhouse.query<{ spans: string }>("SELECT count() AS spans FROM otel_traces");
  return Number(row!.spans);
}

describe("a Signalbox that is sent nonsense", () => {
  it("goes on, refuses what is too large, and keeps its memory", { timeout: 20_000 }, async () => {
    expect(await post(addresses.http, uniqueSpans(10))).toBe(200);
    const before = await residentBytes(program.pid);
    const large = Buffer.alloc(70 * mib);
    const zeros = bomb();
    for (let round = 0; round < 3; round++) {
      expect(await post(addresses.http, zeros, { "content-encoding": "gzip" })).toBe(413);
      expect(await callCompressed(zeros)).toBe(status.RESOURCE_EXHAUSTED);
      expect(await callGrpc(large)).toBe(status.RESOURCE_EXHAUSTED);
      await Promise.all(Array.from({ length: 20 }, hangUp));
    }
    const growth = (await residentBytes(program.pid)) - before;
    expect(growth).toBeLessThan(400 * mib);
    expect(await post(addresses.http, uniqueSpans(10))).toBe(200);
    await until(async () => (await storedSpans()) === 20);
  });

  it("answers 413 to a body over the limit before it has read it", async () => {
    const { hostname, port } = new URL(addresses.http);
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => undefined);
    const head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n";
    socket.write(`${head}content-length: ${70 * mib}\r\n\r\n`);
    await until(() => answer.startsWith("HTTP/1.1 "));
    socket.destroy();
    expect(answer.split("\r\n", 1)[0]).toBe("HTTP/1.1 413 Payload Too Large");
  });

  it.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json", 400],
  ])("answers protobuf that is called %s with %i", async (type, status) => {
    expect(await post(addresses.http, uniqueSpans(1), { "content-type": type })).toBe(status);
  });

  it("answers protobuf that ends too early with 400, and over gRPC with INVALID_ARGUMENT", async () => {
    const broken = uniqueSpans(1).subarray(0, 20);
    expect(await post(addresses.http, broken)).toBe(400);
    expect(await callGrpc(broken)).toBe(status.INVALID_ARGUMENT);
  });

  it("stores the neighbours of spans that it must reject", async () => {
    const before = await storedSpans();
    const ids = [randomBytes(16), Buffer.alloc(16), randomBytes(16), Buffer.from("short")];
    const request = traceRequestOf(ids.map((traceId) => ({ traceId, spanId: randomBytes(8) })));
    const headers = { "content-type": "application/x-protobuf" };
    const answer = await fetch(`${addresses.http}/v1/traces`, { method: "POST", headers, body: request });
    expect(answer.status).toBe(200);
    // partial_success { rejected_spans: 2 }
    expect(Buffer.from(await answer.arrayBuffer()).subarray(0, 4)[3]).toBe(2);
    expect(await callGrpc(request)).toBe(status.OK);
    await until(async () => (await storedSpans()) === before + 4);
  });
});

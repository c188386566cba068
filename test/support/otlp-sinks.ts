import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync, inflateSync } from "node:zlib";
import { Metadata, Server, ServerCredentials, type ServiceError, type sendUnaryData } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { decodeWithProtobufjs } from "./otlp-schema.ts";

/** The folder of the test certificates. */
export const tlsFolder = new URL("../testdata/tls/", import.meta.url).pathname;
const pem = (name: string): Buffer => readFileSync(`${tlsFolder}${name}`);

/** Names of the spans in an ExportTraceServiceRequest. */
export function spanNames(body: Uint8Array): string[] {
  const { resourceSpans = [] } = decodeWithProtobufjs(body) as {
    resourceSpans?: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  return resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans.map((span) => span.name)));
}

/** What a gRPC sink answers one call with; `silence` never answers. */
export type GrpcAnswer = Uint8Array | Partial<ServiceError> | "silence";

export interface GrpcCall {
  readonly method: string;
  readonly body: Buffer;
  readonly metadata: Metadata;
}

/** A real gRPC server for all three signals, gone when the test ends. */
export class GrpcSink {
  readonly calls: GrpcCall[] = [];
  /** Answers to the calls to come; success when it is empty. */
  readonly answers: GrpcAnswer[] = [];
  address = "";
  /** Ends it, before the test does. */
  stop: () => void = () => undefined;

  /** @param address of one that is stopped, to stand in its place */
  static async start(tls: "none" | "tls" | "mutual" = "none", address = "127.0.0.1:0"): Promise<GrpcSink> {
    const sink = new GrpcSink();
    const server = new Server();
    for (const [service, name] of [
      ["trace", "Trace"],
      ["metrics", "Metrics"],
      ["logs", "Logs"],
    ]) {
      sink.#serve(server, `/opentelemetry.proto.collector.${service}.v1.${name}Service/Export`);
    }
    const pair = [{ cert_chain: pem("collector.crt"), private_key: pem("collector.key") }];
    const credentials =
      tls === "none"
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(pem("ca.crt"), pair, tls === "mutual");
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    sink.stop = () => server.forceShutdown();
    onTestFinished(sink.stop);
    sink.address = `127.0.0.1:${port}`;
    return sink;
  }

  #serve(server: Server, path: string): void {
    const bytes = (value: Buffer): Buffer => value;
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const handler = (call: { request: Buffer; metadata: Metadata }, callback: sendUnaryData<Buffer>): void => {
      this.calls.push({ method: path, body: call.request, metadata: call.metadata });
      const answer = this.answers.shift() ?? new Uint8Array(0);
      if (answer === "silence") return;
      if (answer instanceof Uint8Array) callback(null, Buffer.from(answer));
      else callback(answer);
    };
    server.addService({ Export: method }, { Export: handler });
  }
}

/** What an HTTP sink answers one request with; `silence` never answers. */
export type HttpSinkAnswer =
  | {
      readonly status: number;
      readonly headers?: http.OutgoingHttpHeaders;
      readonly body?: Uint8Array | string;
      readonly endless?: boolean;
    }
  | "silence"
  | "disconnect";

export interface HttpRequest {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** A real HTTP server, gone when the test ends. */
export class HttpSink {
  readonly requests: HttpRequest[] = [];
  /** Answers to the requests to come; success when it is empty. */
  readonly answers: HttpSinkAnswer[] = [];
  /** Status of the answer to a GET, which is no request of OTLP. */
  probeStatus = 405;
  /** How many of these came. */
  probes = 0;
  url = "";
  /** Takes no connections any more, and breaks those that are there. */
  stop: () => Promise<void> = async () => undefined;
  /** Takes connections again, at the same address. */
  resume: () => Promise<void> = async () => undefined;

  static async start(tls: "none" | "tls" | "mutual" = "none"): Promise<HttpSink> {
    const sink = new HttpSink();
    const listener: http.RequestListener = (request, response) => void sink.#answer(request, response);
    const options = {
      cert: pem("collector.crt"),
      key: pem("collector.key"),
      ca: pem("ca.crt"),
      requestCert: tls === "mutual",
    };
    const server = tls === "none" ? http.createServer(listener) : https.createServer(options, listener);
    const listen = async (port: number): Promise<void> => {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    };
    await listen(0);
    const { port } = server.address() as AddressInfo;
    sink.stop = async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    };
    sink.resume = () => listen(port);
    onTestFinished(sink.stop);
    sink.url = `${tls === "none" ? "http" : "https"}://127.0.0.1:${port}`;
    return sink;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.method === "GET") {
      this.probes++;
      response.writeHead(this.probeStatus).end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const encoding = request.headers["content-encoding"];
    const raw = Buffer.concat(chunks);
    const body = encoding === "gzip" ? gunzipSync(raw) : encoding === undefined ? raw : inflateSync(raw);
    this.requests.push({ path: request.url!, headers: request.headers, body });
    const answer = this.answers.shift() ?? { status: 200 };
    if (answer === "silence") return;
    if (answer === "disconnect") request.socket.resetAndDestroy();
    else if (answer.endless) response.writeHead(answer.status, answer.headers).write(answer.body ?? "");
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}

/** A `google.rpc.Status` with a RetryInfo of `seconds`, as bytes. */
export function statusWithRetryInfo(seconds: number): Buffer {
  const message = (tag: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([tag, body.length]), body]);
  const retryInfo = message(0x0a, Buffer.from([0x08, seconds]));
  const type = message(0x0a, Buffer.from("type.googleapis.com/google.rpc.RetryInfo"));
  return Buffer.concat([
    Buffer.from([0x08, 14]),
    message(0x12, Buffer.from("busy")),
    message(0x1a, Buffer.concat([type, message(0x12, retryInfo)])),
  ]);
}

/** gRPC trailers that carry `statusWithRetryInfo`. */
export function retryInfoMetadata(seconds: number): Metadata {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", statusWithRetryInfo(seconds));
  return metadata;
}

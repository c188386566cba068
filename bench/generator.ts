import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { freshenJson, type JsonTemplate, makeJsonTemplate } from "./json-traffic.ts";
import { freshen, makeTemplate, type TrafficTemplate } from "./traffic.ts";

/** What a load is told, as JSON in its first argument. */
export interface LoadOptions {
  /** OTLP over HTTP or gRPC, or JSON spans to the API. */
  readonly protocol: "http" | "grpc" | "json";
  readonly port: number;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly streams: number;
  readonly spansPerRequest: number;
  /** Stop after this many spans were accepted, or after `seconds`. */
  readonly spans: number;
  readonly seconds: number;
}

/** What a load says at its end, as one line of JSON after the line `ready`. */
export interface LoadResult {
  readonly acceptedSpans: number;
  /** Answers that told the client to come again. */
  readonly refusedRequests: number;
  /** Requests that ended in any other way: lost connections, other answers. */
  readonly failedRequests: number;
  readonly seconds: number;
  /** Milliseconds from request to answer, of the accepted ones. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly cpuSeconds: number;
}

type Outcome = "accepted" | "refused" | "failed";
/** Calls `flushed` when the body's bytes are not needed any more, which is before the answer comes. */
type Send = (body: Buffer, flushed: () => void) => Promise<Outcome>;

function httpSender(port: number, path: string, contentType: string): Send {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { "content-type": contentType };
  return (body, flushed) =>
    new Promise((resolve) => {
      const request = http.request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, (response) => {
        response.resume();
        const retryable = response.statusCode === 503 || response.statusCode === 429;
        response.once("end", () =>
          resolve(response.statusCode === 200 ? "accepted" : retryable ? "refused" : "failed"),
        );
      });
      request.once("error", () => resolve("failed"));
      request.end(body, flushed);
    });
}

const grpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

function grpcSender(port: number): Send {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => session.destroy());
  return (body, flushed) =>
    new Promise((resolve) => {
      if (session.destroyed) return resolve("failed");
      const stream = session.request({
        ":method": "POST",
        ":path": grpcPath,
        "content-type": "application/grpc",
        te: "trailers",
      });
      let status: unknown;
      stream.on("response", (headers) => {
        status ??= headers["grpc-status"];
      });
      stream.on("trailers", (headers) => {
        status ??= headers["grpc-status"];
      });
      stream.once("error", () => resolve("failed"));
      stream.once("close", () => resolve(status === "0" ? "accepted" : status === "14" ? "refused" : "failed"));
      stream.resume();
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      stream.write(head);
      stream.end(body, flushed);
    });
}

type Template = TrafficTemplate | JsonTemplate;

/** What is sent, and how. */
interface Protocol {
  make(spans: number, seed: number): Template;
  /** The body of a template of `make`, with ids and times of its own. */
  fresh(template: Template): Buffer;
  sender(port: number): Send;
}

const otlp = { make: makeTemplate, fresh: (template: Template) => freshen(template as TrafficTemplate) };
const protocols: Readonly<Record<LoadOptions["protocol"], Protocol>> = {
  http: { ...otlp, sender: (port) => httpSender(port, "/v1/traces", "application/x-protobuf") },
  grpc: { ...otlp, sender: grpcSender },
  json: {
    make: makeJsonTemplate,
    fresh: (template) => freshenJson(template as JsonTemplate),
    sender: (port) => httpSender(port, "/spans", "application/json"),
  },
};

/**
 * Bodies for as many requests as are ever under way. Made while they are sent, they took seven tenths
 * of this process's CPU, a tenth of the machine that is measured: it is done before the clock starts.
 */
function makeTemplates({ protocol, connections, streams, spansPerRequest }: LoadOptions): Template[] {
  return Array.from({ length: connections * streams }, (_, seed) => protocols[protocol].make(spansPerRequest, seed));
}

/**
 * Sends the standard mix as fast as the receiver takes it; a refused client comes again after a pause, with new ids.
 *
 * @param templates used in turn, the one last sent first: its bytes are still in the processor's cache
 */
async function generate(options: LoadOptions, templates: Template[]): Promise<LoadResult> {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const until = began + options.seconds * 1000;
  const counts = { accepted: 0, refused: 0, failed: 0 };
  const latencies: number[] = [];
  let planned = 0;
  const { make, fresh, sender } = protocols[options.protocol];
  const sendOne = (send: Send): Promise<Outcome> => {
    // A request that failed may not have given its body back.
    const template = templates.pop() ?? make(options.spansPerRequest, planned);
    return send(fresh(template), () => templates.push(template));
  };
  const loop = async (send: Send): Promise<void> => {
    while (performance.now() < until && planned < options.spans) {
      planned += options.spansPerRequest;
      const sent = performance.now();
      let outcome = await sendOne(send);
      while (outcome === "refused" && performance.now() < until) {
        counts.refused++;
        await sleep(250);
        outcome = await sendOne(send);
      }
      counts[outcome]++;
      if (outcome === "accepted") latencies.push(performance.now() - sent);
    }
  };
  const loops: Promise<void>[] = [];
  for (let connection = 0; connection < options.connections; connection++) {
    const send = sender(options.port);
    for (let stream = 0; stream < options.streams; stream++) loops.push(loop(send));
  }
  await Promise.all(loops);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.floor(q * (latencies.length - 1))] ?? 0;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    acceptedSpans: counts.accepted * options.spansPerRequest,
    refusedRequests: counts.refused,
    failedRequests: counts.failed,
    seconds: (performance.now() - began) / 1000,
    latencyMs: { p50: quantile(0.5), p99: quantile(0.99) },
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}

if (process.argv[2] === "--load") {
  const options = JSON.parse(process.argv[3]!) as LoadOptions;
  const templates = makeTemplates(options);
  process.stdout.write("ready\n");
  await once(process.stdin, "data");
  const result = await generate(options, templates);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (process.stdout.writableLength > 0) await once(process.stdout, "drain");
  process.exit(0);
}

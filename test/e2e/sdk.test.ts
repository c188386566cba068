import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { type Addresses, defaultConfigWith, Program, ready } from "../support/program.ts";

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

const everyType: Attributes = {
  text: "grün ✓",
  empty: "",
  yes: true,
  no: false,
  int: 42,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  double: 0.1,
  small: 5e-324,
  texts: ["a", "", "ü"],
  ints: [1, -2, 3],
  doubles: [1.5, -2.25],
  flags: [true, false],
  holes: ["a", null, "b"],
  none: [],
};

const start = 1_767_225_600; // 2026-01-01T00:00:00Z

/** Ids are fixed, so that what the three exporters send is the same to the byte but for its encoding. */
function ids(): { generateTraceId: () => string; generateSpanId: () => string } {
  let next = 0;
  return {
    generateTraceId: () => `5b8aa5a2d2c872e8321cf37308d6${(++next).toString(16).padStart(4, "0")}`,
    generateSpanId: () => `051581bf3cb5${(++next).toString(16).padStart(4, "0")}`,
  };
}

const linked: SpanContext = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "fedcba9876543210",
  traceFlags: TraceFlags.SAMPLED,
  traceState: createTraceState("link=3"),
};

/** The caller's span, in another process. */
const caller: SpanContext = {
  traceId: "5b8aa5a2d2c872e8321cf37308d60000",
  spanId: "051581bf3cb50000",
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
  traceState: createTraceState("vendor=1,other=x"),
};

function recordSpans(): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ ...everyType, "service.name": "e2e", "host.cpu.count": 2 }),
    idGenerator: ids(),
    spanProcessors: [new SimpleSpanProcessor(memory)],
  });
  const tracer = provider.getTracer("scope", "1.2.3", { schemaUrl: "https://opentelemetry.io/schemas/1.40.0" });
  const links = [
    { context: linked, attributes: { why: "retry", count: 2 } },
    { context: { ...linked, isRemote: true } },
  ];
  const root = tracer.startSpan(
    "root",
    { kind: SpanKind.SERVER, startTime: [start, 1], attributes: everyType, links },
    trace.setSpanContext(ROOT_CONTEXT, caller),
  );
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  for (const [i, kind] of [SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER].entries()) {
    const child = tracer.startSpan(`child ${kind}`, { kind, startTime: [start, 1_000 + i] }, inRoot);
    child.addEvent("first", everyType, [start, 2_000 + i]);
    child.addEvent("bare", [start, 3_000 + i]);
    if (kind === SpanKind.CLIENT) child.setStatus({ code: SpanStatusCode.ERROR, message: "it broke: ü" });
    if (kind === SpanKind.PRODUCER) child.setStatus({ code: SpanStatusCode.OK });
    child.end([start + i, 999_999_999]);
  }
  // No scope name, no attributes: what has nothing to say must be stored as well.
  const bare = provider.getTracer("").startSpan("", { startTime: [start, 0] }, ROOT_CONTEXT);
  bare.end([start, 0]);
  root.end([start + 10, 123_456_789]);
  return memory.getFinishedSpans();
}

/** Sends the spans, and takes what was stored out of the table again. */
async function storedBy(exporter: SpanExporter, spans: ReadableSpan[]): Promise<Record<string, unknown>[]> {
  const result = await new Promise<unknown>((resolve) => exporter.export(spans, resolve));
  await exporter.shutdown();
  expect(result).toEqual({ code: 0 });
  const rows = await clickhouse.query("SELECT * EXCEPT CreatedAt FROM otel_traces ORDER BY SpanId");
  await clickhouse.command("TRUNCATE TABLE otel_traces");
  return rows;
}

const everyText = {
  text: "grün ✓",
  empty: "",
  yes: "true",
  no: "false",
  int: "42",
  negative: "-7",
  large: "9007199254740991",
  double: "0.1",
  small: "5e-324",
  texts: '["a","","ü"]',
  ints: "[1,-2,3]",
  doubles: "[1.5,-2.25]",
  flags: "[true,false]",
  holes: '["a",null,"b"]',
  none: "[]",
};

/** What the root span comes to. */
const rootRow = {
  Timestamp: "2026-01-01 00:00:00.000000001",
  Duration: "10123456788",
  TraceId: "5b8aa5a2d2c872e8321cf37308d60000",
  SpanId: "051581bf3cb50001",
  ParentSpanId: "051581bf3cb50000",
  TraceState: "vendor=1,other=x",
  SpanName: "root",
  SpanKind: "Server",
  ServiceName: "e2e",
  ResourceAttributes: { ...everyText, "service.name": "e2e", "host.cpu.count": "2" },
  ScopeName: "scope",
  ScopeVersion: "1.2.3",
  ScopeSchemaUrl: "https://opentelemetry.io/schemas/1.40.0",
  SpanAttributes: everyText,
  SpanAttributeTypes: "ssbbiiiddaaaaaa",
  "Links.TraceId": [linked.traceId, linked.traceId],
  "Links.SpanId": [linked.spanId, linked.spanId],
  "Links.TraceState": ["link=3", "link=3"],
  "Links.Attributes": [{ why: "retry", count: "2" }, {}],
  // OTLP's flags: sampled, and whether the linked span is in another process.
  "Links.Flags": [0x101, 0x301],
};

describe("the OpenTelemetry SDK's exporters", () => {
  it("give the same rows over gRPC, HTTP with protobuf and HTTP with JSON", async () => {
    const spans = recordSpans();
    const url = `${addresses.http}/v1/traces`;
    const overGrpc = await storedBy(new GrpcExporter({ url: addresses.grpc }), spans);
    const inProtobuf = await storedBy(new ProtobufExporter({ url }), spans);
    const inJson = await storedBy(new JsonExporter({ url }), spans);
    expect(overGrpc).toHaveLength(6);
    expect(inProtobuf).toEqual(overGrpc);
    expect(inJson).toEqual(overGrpc);
    expect(overGrpc[0]).toMatchObject(rootRow);
  });
});

import protobuf from "protobufjs/minimal.js";
import type { SpanSketch } from "./batches.ts";

/** An ExportTraceServiceRequest of `count` spans in one scope, in protobuf. */
export function traceRequest(count: number, sketch: SpanSketch = {}): Buffer {
  const writer = protobuf.Writer.create();
  if (count === 0) return Buffer.from(writer.finish());
  writer.uint32(10).fork().uint32(18).fork();
  for (let i = 0; i < count; i++) writeSpan(writer, i, sketch);
  return Buffer.from(writer.ldelim().ldelim().finish());
}

/** An ExportLogsServiceRequest of `count` records, in protobuf. */
export function logsRequest(count: number): Buffer {
  const writer = protobuf.Writer.create().uint32(10).fork().uint32(18).fork();
  for (let i = 0; i < count; i++) writer.uint32(18).fork().uint32(26).string("INFO").ldelim();
  return Buffer.from(writer.ldelim().ldelim().finish());
}

/** An ExportTraceServiceRequest of one span, in JSON. */
export function traceRequestJson(name = "test span"): string {
  const times = { startTimeUnixNano: "1700000000000000000", endTimeUnixNano: "1700000001000000000" };
  const span = { traceId: "0123456789abcdef0123456789abcdef", spanId: "0123456789abcdef", name, kind: 1, ...times };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
}

function writeSpan(writer: protobuf.Writer, index: number, { name = "test span", attributes = {} }: SpanSketch): void {
  writer.uint32(18).fork();
  writer.uint32(10).bytes(Buffer.from((index + 1).toString(16).padStart(32, "0"), "hex"));
  writer.uint32(18).bytes(Buffer.from((index + 1).toString(16).padStart(16, "0"), "hex"));
  writer.uint32(42).string(name).uint32(48).int32(1);
  writer.uint32(57).fixed64("1700000000000000000").uint32(65).fixed64("1700000001000000000");
  for (const [key, value] of Object.entries(attributes)) {
    writer.uint32(74).fork().uint32(10).string(key);
    writer.uint32(18).fork().uint32(10).string(String(value)).ldelim().ldelim();
  }
  writer.ldelim();
}

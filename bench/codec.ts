import { BlockBuilder } from "../exporters/clickhouse/block.ts";
import { decodeTracesJson } from "../otlp/decode-json.ts";
import { decodeTracesProtobuf } from "../otlp/decode-protobuf.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { ExportTraceServiceRequest } from "../test/support/otlp-schema.ts";
import { median } from "./median.ts";
import { freshen, makeTemplate } from "./traffic.ts";

const spansPerRequest = 1000;
const blockRows = 50_000;

/** Median of the spans/s of `rounds` rounds of `roundMs`, after one to warm up. */
function spansPerSecond(rounds: number, roundMs: number, request: (i: number) => void): number {
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    let requests = 0;
    while (performance.now() - began < roundMs) request(requests++);
    if (round > 0) rates.push((requests * spansPerRequest * 1000) / (performance.now() - began));
  }
  return median(rates);
}

function protobufBodies(): Buffer[] {
  return Array.from({ length: 8 }, (_, seed) => freshen(makeTemplate(spansPerRequest, seed)));
}

function jsonBodies(): Buffer[] {
  return protobufBodies().map((body) => {
    const message = ExportTraceServiceRequest.decode(body);
    const object = ExportTraceServiceRequest.toObject(message, { longs: String, bytes: String });
    return Buffer.from(JSON.stringify(object, (key, value) => (/Id$/.test(key) ? base64ToHex(value) : value)));
  });
}

function base64ToHex(value: unknown): unknown {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("hex") : value;
}

function encoderInto(builder: BlockBuilder): (batch: SpanBatch) => void {
  return (batch) => {
    builder.append(batch);
    if (builder.rows >= blockRows) builder.finish().recycle();
  };
}

/** Protobuf to SpanBatch to Native block, on one core; beside it protobufjs decoding the same bytes to objects. */
export function decodeEncode(): { spans_per_second: number; protobufjs_spans_per_second: number; ratio: number } {
  const bodies = protobufBodies();
  const encode = encoderInto(new BlockBuilder());
  const own = spansPerSecond(5, 1000, (i) => encode(decodeTracesProtobuf(bodies[i % 8]!).batch));
  const theirs = spansPerSecond(5, 1000, (i) => {
    ExportTraceServiceRequest.decode(bodies[i % 8]!);
  });
  return { spans_per_second: Math.round(own), protobufjs_spans_per_second: Math.round(theirs), ratio: own / theirs };
}

/** OTLP/JSON to SpanBatch to Native block, on one core. The decoder changes the body, so each one is a copy. */
export function jsonDecodeEncode(): { spans_per_second: number } {
  const bodies = jsonBodies();
  const encode = encoderInto(new BlockBuilder());
  const rate = spansPerSecond(5, 1000, (i) => encode(decodeTracesJson(Buffer.from(bodies[i % 8]!)).batch));
  return { spans_per_second: Math.round(rate) };
}

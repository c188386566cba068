import { describe, expect, it } from "vitest";
import { decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import { encodeTraceRequests, encodeTracesProtobuf } from "../../otlp/encode-protobuf.ts";
import { ReverseWriter } from "../../otlp/reverse-writer.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { WireReader } from "../../pipeline/span-batch/wire.ts";
import { batchOfSpans } from "../support/batches.ts";
import { RequestMaker } from "../support/otlp-requests.ts";
import { decodeWithProtobufjs, encodeWithProtobufjs } from "../support/otlp-schema.ts";

type Plain = Record<string, unknown>;

/** Absent and empty messages mean the same; so do an absent value of a key and one without a value. */
function normalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalized);
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, normalized(field)] as const);
  const isEmptyHeader = ([key, field]: readonly [string, unknown]): boolean =>
    ["resource", "scope", "status"].includes(key) && Object.keys(field as object).length === 0;
  return Object.fromEntries(fields.filter((field) => !isEmptyHeader(field)));
}

function spansOf(body: Uint8Array): Plain[] {
  const { resourceSpans = [] } = decodeWithProtobufjs(body) as {
    resourceSpans?: { scopeSpans: { spans: Plain[] }[] }[];
  };
  return resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans));
}

function spansPerScope(body: Uint8Array): number[] {
  const { resourceSpans } = decodeWithProtobufjs(body) as { resourceSpans: { scopeSpans?: { spans?: Plain[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans = [{}] }) => scopeSpans.map(({ spans = [] }) => spans.length));
}

describe("protobuf encoder of traces", () => {
  it("writes what was decoded, field for field", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const sent = encodeWithProtobufjs(new RequestMaker(seed).request());
      const [written, ...more] = encodeTracesProtobuf(decodeTracesProtobuf(sent.slice()).batch);
      expect(more).toEqual([]);
      expect(normalized(decodeWithProtobufjs(written!)), `seed ${seed}`).toEqual(
        normalized(decodeWithProtobufjs(sent)),
      );
    }
  });

  it("keeps every request within maxBytes, and all spans in their order with their headers", () => {
    const sent = encodeWithProtobufjs(new RequestMaker(7).request());
    const { batch } = decodeTracesProtobuf(sent.slice());
    for (const maxBytes of [1, 1500, 3000, 6000]) {
      const joined = new SpanBatch();
      const requests = encodeTraceRequests(batch, { maxBytes });
      for (const { body, spanCount } of requests) {
        expect(body.length <= maxBytes || spanCount === 1).toBe(true);
        expect(spansPerScope(body)).not.toContain(0);
        joined.append(decodeTracesProtobuf(body.slice()).batch);
      }
      expect(requests.reduce((spans, request) => spans + request.spanCount, 0)).toBe(batch.length);
      expect(spansOf(encodeTracesProtobuf(joined)[0]!)).toEqual(spansOf(sent));
      const resources = (of: SpanBatch): unknown[] => Array.from(of, (span) => [...span.resource]);
      expect(resources(joined)).toEqual(resources(batch));
    }
  });

  it("keeps every request within maxSpans", () => {
    const batch = batchOfSpans(Array.from({ length: 7 }, (_, i) => ({ name: `span ${i}` })));
    const requests = encodeTraceRequests(batch, { maxSpans: 3 });
    expect(requests.map((request) => request.spanCount)).toEqual([1, 3, 3]);
    expect(requests.flatMap((request) => spansOf(request.body).map((span) => span["name"]))).toEqual(
      Array.from({ length: 7 }, (_, i) => `span ${i}`),
    );
  });

  it("leaves out dropped spans and deleted attributes", () => {
    const batch = batchOfSpans([{ name: "a", attributes: { keep: 1, go: 2 } }, { name: "b" }, { name: "c" }]);
    for (const span of batch) {
      span.attributes.delete("go");
      if (span.name === "b") span.drop();
    }
    const spans = spansOf(encodeTracesProtobuf(batch)[0]!);
    expect(spans.map((span) => span["name"])).toEqual(["a", "c"]);
    expect(spans[0]!["attributes"]).toEqual([{ key: "keep", value: { intValue: "1" } }]);
  });

  it("makes no request of a batch without spans", () => {
    const batch = batchOfSpans([{}]);
    batch.drop(0);
    expect(encodeTracesProtobuf(batch)).toEqual([]);
    expect(encodeTracesProtobuf(new SpanBatch())).toEqual([]);
  });
});

describe("reverse writer", () => {
  it("writes varints of every length", () => {
    for (let bit = 0n; bit < 64n; bit++) {
      for (const value of [1n << bit, (1n << bit) - 1n, (1n << 64n) - (1n << bit)]) {
        const writer = new ReverseWriter(1);
        writer.varint64(Number(value & 0xffffffffn), Number(value >> 32n));
        const reader = new WireReader(writer.finish());
        reader.varint64(reader.bytes.length);
        expect((BigInt(reader.high) << 32n) | BigInt(reader.low)).toBe(value);
        expect(reader.position).toBe(reader.bytes.length);
      }
    }
  });

  it("keeps what was written when it grows", () => {
    const writer = new ReverseWriter(1);
    for (let value = 5000; value > 0; value--) writer.varint32(value);
    const reader = new WireReader(writer.finish());
    for (let value = 1; value <= 5000; value++) expect(reader.varint32(reader.bytes.length)).toBe(value);
  });
});

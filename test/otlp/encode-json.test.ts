import { describe, expect, it } from "vitest";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import { encodeTracesJson } from "../../otlp/encode-json.ts";
import { encodeTracesProtobuf } from "../../otlp/encode-protobuf.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../support/batches.ts";
import { RequestMaker } from "../support/otlp-requests.ts";
import { encodeWithProtobufjs } from "../support/otlp-schema.ts";

type Plain = Record<string, unknown>;

const text = new TextDecoder();

/** OTLP/JSON with what its objects mean to protobufjs: ids from hex digits, doubles from strings. */
function fromOtlpJson(key: string, value: unknown): unknown {
  if (["traceId", "spanId", "parentSpanId"].includes(key))
    return Buffer.from(value as string, "hex").toString("base64");
  return key === "doubleValue" ? Number(value) : value;
}

function protobufOf(batch: SpanBatch): string {
  return Buffer.from(encodeTracesProtobuf(batch)[0]!).toString("hex");
}

describe("JSON encoder of traces", () => {
  it("writes the same message as the protobuf encoder", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(seed).request()).slice());
      const json = JSON.parse(text.decode(encodeTracesJson(batch)), fromOtlpJson) as Plain;
      const again = decodeTracesProtobuf(encodeWithProtobufjs(json).slice()).batch;
      expect(protobufOf(again), `seed ${seed}`).toBe(protobufOf(batch));
    }
  });

  it("writes what the JSON decoder reads", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(seed).request()).slice());
      const again = decodeTracesJson(encodeTracesJson(batch));
      expect(again.rejectReason).toBe("");
      expect(protobufOf(again.batch), `seed ${seed}`).toBe(protobufOf(batch));
    }
  });

  it("writes ids as hex digits, integers as strings, bytes as base64 and numbers JSON has not as strings", () => {
    const attributes = {
      i: 2n ** 63n - 1n,
      b: new Uint8Array([255]),
      n: Number.NaN,
      m: new Map([["x", [-0.5]]]),
      e: null,
    };
    const traceId = "0102030405060708090a0b0c0d0e0f10";
    const batch = batchOfSpans([{ traceId, spanId: "00000000000000aa", name: "s", attributes }]);
    const { resourceSpans } = JSON.parse(text.decode(encodeTracesJson(batch)));
    expect(resourceSpans[0].resource).toEqual({
      attributes: [{ key: "service.name", value: { stringValue: "test" } }],
    });
    expect(resourceSpans[0].scopeSpans).toEqual([
      {
        scope: { name: "test-scope" },
        spans: [
          {
            traceId,
            spanId: "00000000000000aa",
            name: "s",
            kind: 1,
            startTimeUnixNano: "1700000000000000000",
            endTimeUnixNano: "1700000001000000000",
            attributes: [
              { key: "i", value: { intValue: "9223372036854775807" } },
              { key: "b", value: { bytesValue: "/w==" } },
              { key: "n", value: { doubleValue: "NaN" } },
              {
                key: "m",
                value: {
                  kvlistValue: { values: [{ key: "x", value: { arrayValue: { values: [{ doubleValue: -0.5 }] } } }] },
                },
              },
              { key: "e", value: {} },
            ],
            status: {},
          },
        ],
      },
    ]);
  });
});

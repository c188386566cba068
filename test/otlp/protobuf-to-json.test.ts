import { describe, expect, it } from "vitest";
import { jsonToProtobuf } from "../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../otlp/protobuf-to-json.ts";

const attributes = [
  { key: "s", value: { stringValue: "" } },
  { key: "b", value: { boolValue: false } },
  { key: "i", value: { intValue: "-9223372036854775808" } },
  { key: "d", value: { doubleValue: "-Infinity" } },
  { key: "y", value: { bytesValue: "/w==" } },
  { key: "e", value: {} },
  {
    key: "l",
    value: { arrayValue: { values: [{ kvlistValue: { values: [{ key: "x", value: { intValue: "1" } }] } }] } },
  },
];
const times = { startTimeUnixNano: "1700000000000000001", timeUnixNano: "18446744073709551615" };
const exemplar = { asInt: "-5", spanId: "00000000000000aa", filteredAttributes: attributes };
const scope = { name: "lib", version: "1", attributes, droppedAttributesCount: 3 };

const logs = {
  resourceLogs: [
    {
      resource: { attributes, entityRefs: [{ type: "host", idKeys: ["a", "b"] }] },
      schemaUrl: "http://r",
      scopeLogs: [
        {
          scope,
          logRecords: [
            { ...{ timeUnixNano: "1", severityNumber: 9, body: { stringValue: "hello" }, flags: 1 }, attributes },
            { traceId: "0102030405060708090a0b0c0d0e0f10", spanId: "00000000000000aa", observedTimeUnixNano: "2" },
          ],
        },
      ],
    },
  ],
};
const metrics = {
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [
            {
              name: "g",
              unit: "s",
              gauge: { dataPoints: [{ ...times, asDouble: 1.5, exemplars: [exemplar], attributes }] },
            },
            { name: "s", sum: { dataPoints: [{ asInt: "-7" }], aggregationTemporality: 2, isMonotonic: true } },
            {
              name: "h",
              histogram: {
                dataPoints: [{ count: "3", sum: "NaN", bucketCounts: ["1", "2"], explicitBounds: [0.5], min: "-0" }],
                aggregationTemporality: 1,
              },
            },
            {
              name: "e",
              exponentialHistogram: {
                dataPoints: [
                  { scale: -3, zeroCount: "1", positive: { offset: -2147483648, bucketCounts: ["1", "300"] } },
                ],
              },
            },
            { name: "q", summary: { dataPoints: [{ quantileValues: [{ quantile: 0.99, value: 2 }] }] } },
          ],
        },
      ],
    },
  ],
};

describe("metrics and logs as OTLP/JSON", () => {
  it.each([
    ["metrics", metrics],
    ["logs", logs],
  ] as const)("reads every field of %s that the JSON reader writes", (signal, request) => {
    const body = jsonToProtobuf(signal, Buffer.from(JSON.stringify(request)));
    expect(protobufToJson(signal, body)).toEqual(request);
  });

  it("gives a permanent error for every truncated request, or a shorter one", () => {
    const body = jsonToProtobuf("metrics", Buffer.from(JSON.stringify(metrics)));
    for (let length = 1; length < body.length; length++) {
      expect(() => protobufToJson("metrics", body.subarray(0, length))).toThrow(
        /^malformed ExportMetricsServiceRequest: /,
      );
    }
    expect(protobufToJson("metrics", new Uint8Array(0))).toEqual({});
  });

  it("refuses values nested deeper than any receiver lets in", () => {
    let value: Buffer = Buffer.alloc(0);
    const field = (tag: number, body: Buffer): Buffer =>
      Buffer.concat([Buffer.from([tag, (body.length & 0x7f) | 0x80, body.length >>> 7]), body]);
    for (let level = 0; level < 200; level++) value = field(0x0a, field(0x2a, value));
    const body = field(0x0a, field(0x12, field(0x12, field(0x2a, field(0x2a, value)))));
    expect(() => protobufToJson("logs", body)).toThrow("malformed ExportLogsServiceRequest: nested too deep");
  });
});

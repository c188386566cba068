import { readFile } from "node:fs/promises";
import protobuf from "protobufjs/minimal.js";
import { describe, expect, it } from "vitest";
import { jsonToProtobuf } from "../../otlp/json-to-protobuf.ts";
import { PermanentError, StatusCode } from "../../pipeline/errors.ts";
import { fieldsOf } from "../support/protobuf-fields.ts";

const convert = (signal: "metrics" | "logs", body: unknown, maxDepth?: number): Uint8Array =>
  jsonToProtobuf(signal, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), maxDepth);

/** The one log record of a request, as fields. */
const recordOf = (record: object) => {
  const request = convert("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  return fieldsOf(request, [1, 2, 2]);
};
const pointOf = (kind: "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary", point: object) => {
  const field = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 }[kind];
  const request = convert("metrics", {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ [kind]: { dataPoints: [point] } }] }] }],
  });
  return fieldsOf(request, [1, 2, 2, field, 1]);
};

describe("OTLP/JSON of metrics and logs", () => {
  it("takes the names of fields in camelCase and snake_case", () => {
    const camel = { resourceLogs: [{ schemaUrl: "u", scopeLogs: [{ logRecords: [{ severityText: "INFO" }] }] }] };
    const snake = { resource_logs: [{ schema_url: "u", scope_logs: [{ log_records: [{ severity_text: "INFO" }] }] }] };
    expect(convert("logs", snake)).toEqual(convert("logs", camel));
  });

  it("takes 64-bit integers as numbers and as strings", () => {
    const asString = recordOf({ timeUnixNano: "1700000000000000001" });
    expect(asString[1]).toEqual([1_700_000_000_000_000_001n]);
    expect(recordOf({ timeUnixNano: 12 })[1]).toEqual([12n]);
    expect(pointOf("gauge", { asInt: "-5" })[6]).toEqual([BigInt.asUintN(64, -5n)]);
    expect(recordOf({ body: { intValue: "-9223372036854775808" } })[5]).toEqual([
      Buffer.from(protobuf.Writer.create().uint32(24).int64("-9223372036854775808").finish()),
    ]);
  });

  it("takes enums as numbers and as names", () => {
    expect(recordOf({ severityNumber: "SEVERITY_NUMBER_WARN2" })[2]).toEqual([14n]);
    expect(recordOf({ severityNumber: 9 })[2]).toEqual([9n]);
  });

  it("reads ids as hex digits of either case, and bytes as base64", () => {
    const record = recordOf({ traceId: "5B8EFFF798038103d269b633813fc60c", body: { bytesValue: "AQI=" } });
    expect(record[9]).toEqual([Buffer.from("5b8efff798038103d269b633813fc60c", "hex")]);
    expect(record[5]).toEqual([Buffer.from([0x3a, 2, 1, 2])]);
  });

  it("passes over unknown fields and nulls", () => {
    expect(recordOf({ severityText: null, somethingNew: { a: [1] }, eventName: "e" })).toEqual({
      12: [Buffer.from("e")],
    });
  });

  it("packs repeated numbers", () => {
    const point = pointOf("histogram", { bucketCounts: ["1", 2], explicitBounds: [0.5, "Infinity"], min: 0 });
    expect(point[6]).toEqual([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])]);
    expect((point[7]![0] as Buffer).readDoubleLE(8)).toBe(Number.POSITIVE_INFINITY);
    expect(point[11]).toEqual([0n]);
    const exponential = pointOf("exponentialHistogram", { scale: -1, positive: { offset: 1, bucketCounts: ["300"] } });
    expect([exponential[6], exponential[8]]).toEqual([[1n], [Buffer.from([8, 2, 18, 2, 0xac, 2])]]);
  });

  it.each(["metrics", "logs"] as const)("reads the published example of %s", async (signal) => {
    const body = await readFile(new URL(`../testdata/otlp/${signal}.json`, import.meta.url), "utf8");
    const [resource] = fieldsOf(convert(signal, body), [])[1]!;
    expect(String(resource)).toContain("service.name");
    expect(String(resource)).toContain("my.service");
  });

  it.each([
    [{ timeUnixNano: 1.5 }, "LogRecord.timeUnixNano: must be an integer"],
    [{ timeUnixNano: "-1" }, "LogRecord.timeUnixNano: must be an integer of 64 bits"],
    [{ timeUnixNano: "18446744073709551616" }, "LogRecord.timeUnixNano: must be an integer of 64 bits"],
    [{ severityNumber: "SEVERE" }, "LogRecord.severityNumber: must be a number or the name of one of its values"],
    [{ traceId: "xyz0" }, "LogRecord.traceId: must be pairs of hex digits"],
    [{ body: { bytesValue: "a-*" } }, "AnyValue.bytesValue: must be base64"],
    [{ attributes: {} }, "LogRecord.attributes: must be an array"],
    [{ body: "text" }, "AnyValue: must be an object"],
    [{ severityText: 1 }, "LogRecord.severityText: must be a string"],
    [{ droppedAttributesCount: -1 }, "LogRecord.droppedAttributesCount: must be an integer from 0 to 4294967295"],
  ])("refuses %j", (record, message) => {
    expect(() => recordOf(record)).toThrow(
      new PermanentError(`malformed ExportLogsServiceRequest: ${message}`, { code: StatusCode.INVALID_ARGUMENT }),
    );
  });

  it("refuses what is no JSON without repeating it", () => {
    expect(() => convert("logs", '{"secret')).toThrow("malformed ExportLogsServiceRequest: not valid JSON");
    expect(() => convert("metrics", "[]")).toThrow("ExportMetricsServiceRequest: must be an object");
  });

  it("bounds how deep values nest, and takes any depth below", () => {
    const nested = (depth: number): object =>
      depth === 0 ? { boolValue: true } : { arrayValue: { values: [nested(depth - 1)] } };
    expect(recordOf({ body: nested(64) })[5]).toHaveLength(1);
    expect(() => recordOf({ body: nested(65) })).toThrow("nested too deep");
  });
});

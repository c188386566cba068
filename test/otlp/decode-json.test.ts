import { describe, expect, it } from "vitest";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import { encodeTracesJson } from "../../otlp/encode-json.ts";
import { PermanentError, StatusCode } from "../../pipeline/errors.ts";
import { takeBody, withRoom } from "../../pipeline/span-batch/buffer-pool.ts";
import { Random } from "../support/generate.ts";
import { RequestMaker } from "../support/otlp-requests.ts";
import { encodeWithProtobufjs } from "../support/otlp-schema.ts";
import { plainSpans } from "../support/plain.ts";

const ids = { traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "eee19b7ec3c1b174" };

function decode(text: string): ReturnType<typeof decodeTracesJson> {
  return decodeTracesJson(Buffer.from(text));
}

function decodeSpans(...spans: unknown[]): ReturnType<typeof decodeTracesJson> {
  return decode(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
}

function attributeOf(value: unknown): unknown {
  const { batch } = decodeSpans({ ...ids, attributes: [{ key: "k", value }] });
  return Array.from(batch, (span) => span.attributes.get("k"))[0];
}

function refusal(text: string): PermanentError {
  try {
    decode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PermanentError);
    expect((error as PermanentError).code).toBe(StatusCode.INVALID_ARGUMENT);
    return error as PermanentError;
  }
  throw new Error(`was taken: ${text.slice(0, 80)}`);
}

describe("JSON decoder of traces", () => {
  it("reads the same columns as the protobuf decoder does from the same request", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(seed).request()).slice());
      const fromJson = decodeTracesJson(Buffer.from(encodeTracesJson(batch)));
      expect(fromJson.rejectedSpans).toBe(0);
      expect(plainSpans(fromJson.batch), `seed ${seed}`).toEqual(plainSpans(batch));
    }
  });

  it("ends where the body ends, whatever lies in the memory behind it", () => {
    const text = Buffer.from(
      JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, name: "n".repeat(70_000) }] }] }] }),
    );
    const pooled = (cut: number): Uint8Array => {
      const body = takeBody(text.length - cut);
      withRoom(body).set(text);
      return body;
    };
    expect(decodeTracesJson(pooled(0)).batch.length).toBe(1);
    expect(() => decodeTracesJson(pooled(1))).toThrow("malformed ExportTraceServiceRequest");
  });

  it("takes snake_case names, enums by name, 64-bit numbers without quotes, null for what is left out", () => {
    const { batch } = decode(`{"resource_spans":[{"scope_spans":[{"scope":null,"spans":[{
      "trace_id":"${ids.traceId}","span_id":"${ids.spanId}","parent_span_id":"","name":"n","kind":"SPAN_KIND_CLIENT",
      "start_time_unix_nano":1544712660000000001,"endTimeUnixNano":"1544712661000000009",
      "status":{"code":"STATUS_CODE_ERROR","message":null},"unknown":{"deep":[1,"x",{"y":null}]},"events":null,
      "attributes":[{"key":"i","value":{"int_value":-9223372036854775808}},{"key":"e","value":{"intValue":"1e3"}}]}]}]}]}`);
    const [span] = Array.from(batch, (row) => ({
      kind: row.kind,
      times: [row.startTimeUnixNano, row.endTimeUnixNano],
      status: row.statusCode,
      attributes: [...row.attributes],
    }));
    expect(span).toEqual({
      kind: 3,
      times: [1544712660000000001n, 1544712661000000009n],
      status: 2,
      attributes: [
        ["i", -(2n ** 63n)],
        ["e", 1000],
      ],
    });
  });

  it("keeps the type of every value", () => {
    expect(attributeOf({ doubleValue: 1 })).toBe(1);
    expect(attributeOf({ doubleValue: "NaN" })).toBeNaN();
    expect(attributeOf({ doubleValue: "-Infinity" })).toBe(Number.NEGATIVE_INFINITY);
    expect(attributeOf({ intValue: "9007199254740993" })).toBe(9007199254740993n);
    expect(attributeOf({ boolValue: true })).toBe(true);
    expect(attributeOf({ bytesValue: "AQID_-8=" })).toEqual(new Uint8Array([1, 2, 3, 255, 239]));
    expect(attributeOf({})).toBeNull();
    const nested = {
      kvlistValue: { values: [{ key: "a", value: { arrayValue: { values: [{ intValue: 7 }, {}] } } }] },
    };
    expect(attributeOf(nested)).toEqual(new Map([["a", [7, null]]]));
  });

  it("unescapes texts as JSON.parse does; a lone surrogate becomes U+FFFD", () => {
    const text = 'quote " backslash \\ slash / \b\f\n\r\t é 語 😀 \u0001';
    expect(attributeOf({ stringValue: text })).toBe(text);
    const escaped = [...text].map((letter) => [...letter.split("")].map((unit) => unicode(unit)).join("")).join("");
    const { batch } = decode(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${ids.traceId}","spanId":"${ids.spanId}","name":"${escaped}\\ud800x"}]}]}]}`,
    );
    expect(Array.from(batch, (span) => span.name)).toEqual([`${text}\ufffdx`]);
  });

  it("rejects a span alone whose ids are not hexadecimal, keeping its neighbours", () => {
    const { batch, rejectedSpans, rejectReason } = decodeSpans(
      { ...ids, name: "a" },
      { ...ids, traceId: "zz8EFFF798038103D269B633813FC60C" },
      { ...ids, spanId: "W47/95gDgQM=" },
      { ...ids, name: "b" },
    );
    expect(Array.from(batch, (span) => span.name)).toEqual(["a", "b"]);
    expect(rejectedSpans).toBe(2);
    expect(rejectReason).toContain("trace_id");
  });

  it("rejects a span alone whose value nests 1000 deep", () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(1000)}{}${"]}}".repeat(1000)}`;
    const { batch, rejectedSpans } = decode(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${ids.traceId}","spanId":"${ids.spanId}","attributes":[{"key":"k","value":${deep}}]},
       {"traceId":"${ids.traceId}","spanId":"${ids.spanId}"}]}]}]}`,
    );
    expect([batch.length, rejectedSpans]).toEqual([1, 1]);
  });

  it.each([
    ["nothing", ""],
    ["an array", "[]"],
    ["a text without an end", '{"resourceSpans":[{"schemaUrl":"abc'],
    ["something behind the message", '{"resourceSpans":[]} x'],
    ["an unknown enum name", '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_OTHER"}]}]}]}'],
    ["a number that is none", '{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":"abc"}]}]}]}'],
    [
      "a number past 64 bits",
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":99999999999999999999}]}]}]}',
    ],
    ["an unknown escape", '{"resourceSpans":[{"schemaUrl":"\\x"}]}'],
    ["a control character", '{"resourceSpans":[{"schemaUrl":"\u0001"}]}'],
    ["an unknown field nested 1000 deep", `{"x":${"[".repeat(1000)}${"]".repeat(1000)}}`],
  ])("refuses %s", (_title, text) => {
    expect(refusal(text).message).toContain("malformed ExportTraceServiceRequest");
  });

  it("refuses every truncated prefix", () => {
    const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(5).request()).slice());
    const body = Buffer.from(encodeTracesJson(batch));
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeTracesJson(Buffer.from(body.subarray(0, length)))).toThrow(PermanentError);
    }
  });

  it("takes mutated messages or refuses them, and never fails in another way", () => {
    const random = new Random(5);
    const bodies = Array.from({ length: 20 }, (_, seed) => {
      const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(seed).request()).slice());
      return Buffer.from(encodeTracesJson(batch));
    });
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const body = Buffer.from(bodies[round % bodies.length]!);
      body[random.int(body.length)] = random.int(256);
      try {
        decodeTracesJson(body);
      } catch (error) {
        expect(error).toBeInstanceOf(PermanentError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });
});

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

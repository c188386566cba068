import { describe, expect, it } from "vitest";
import { decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import { encodeTracesProtobuf } from "../../otlp/encode-protobuf.ts";
import { PermanentError, StatusCode } from "../../pipeline/errors.ts";
import { Random } from "../support/generate.ts";
import { RequestMaker } from "../support/otlp-requests.ts";
import { decodeWithProtobufjs, ExportTraceServiceRequest, encodeWithProtobufjs } from "../support/otlp-schema.ts";
import { plainSpans } from "../support/plain.ts";

type Plain = Record<string, unknown>;
const traceId = Buffer.alloc(16, 1);
const spanId = Buffer.alloc(8, 2);

function requestOf(...spans: Plain[]): Uint8Array {
  return encodeWithProtobufjs({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

const good = (name: string): Plain => ({ traceId, spanId, name });

/** Decodes, or gives the error; anything but a refusal as INVALID_ARGUMENT fails the test. */
function tryDecode(body: Uint8Array): ReturnType<typeof decodeTracesProtobuf> | PermanentError {
  try {
    return decodeTracesProtobuf(body);
  } catch (error) {
    expect(error).toBeInstanceOf(PermanentError);
    expect((error as PermanentError).code).toBe(StatusCode.INVALID_ARGUMENT);
    return error as PermanentError;
  }
}

/** A length-delimited field. */
function field(number: number, bytes: Uint8Array): Buffer {
  const head: number[] = [number * 8 + 2];
  let length = bytes.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), bytes]);
}

/** The attribute `k` whose value nests `depth` arrays, as bytes: protobufjs does not write values that deep. */
function nestedAttribute(depth: number): Buffer {
  let value = field(1, Buffer.from("leaf"));
  for (let level = 0; level < depth; level++) value = field(5, field(1, value));
  return Buffer.concat([field(1, Buffer.from("k")), field(2, value)]);
}

/** A request with one span that has `nestedAttribute(depth)`. */
function requestOfNested(depth: number): Buffer {
  const span = Buffer.concat([field(1, traceId), field(2, spanId), field(9, nestedAttribute(depth))]);
  return field(1, field(2, field(2, span)));
}

describe("protobuf decoder of traces: a span that can never be stored is rejected alone", () => {
  const cases: readonly [string, Plain, string][] = [
    ["no trace id", { ...good("bad"), traceId: Buffer.alloc(0) }, "trace_id must be 16 bytes"],
    ["a trace id of zeros", { ...good("bad"), traceId: Buffer.alloc(16) }, "trace_id must be 16 bytes"],
    ["a trace id of 15 bytes", { ...good("bad"), traceId: Buffer.alloc(15, 1) }, "trace_id must be 16 bytes"],
    ["a span id of zeros", { ...good("bad"), spanId: Buffer.alloc(8) }, "span_id must be 8 bytes"],
    ["a span id of 16 bytes", { ...good("bad"), spanId: Buffer.alloc(16, 1) }, "span_id must be 8 bytes"],
    ["a parent id of 7 bytes", { ...good("bad"), parentSpanId: Buffer.alloc(7, 1) }, "parent_span_id must be"],
    [
      "a start past the year 2262",
      { ...good("bad"), startTimeUnixNano: "9223372036854775808" },
      "times must be below 2^63",
    ],
    ["a link with a short id", { ...good("bad"), links: [{ traceId: Buffer.alloc(3), spanId }] }, "a link needs"],
    ["10,001 attributes", { ...good("bad"), attributes: Array(10_001).fill({ key: "k" }) }, "more attributes"],
    ["10,001 events", { ...good("bad"), events: Array(10_001).fill({ name: "e" }) }, "more events"],
    ["10,001 links", { ...good("bad"), links: Array(10_001).fill({ traceId, spanId }) }, "more links"],
  ];

  it.each(cases)("%s", (_title, bad, reason) => {
    const { batch, rejectedSpans, rejectReason } = decodeTracesProtobuf(requestOf(good("a"), bad, good("b")));
    expect(Array.from(batch, (span) => span.name)).toEqual(["a", "b"]);
    expect(rejectedSpans).toBe(1);
    expect(rejectReason).toContain(`1 span: ${reason}`);
    expect(plainSpans(batch)).toEqual(plainSpans(decodeTracesProtobuf(requestOf(good("a"), good("b"))).batch));
  });

  it("a value nested deeper than max_depth, 1000 levels among them", () => {
    for (const depth of [65, 1000]) {
      const body = Buffer.concat([requestOf(good("a")), requestOfNested(depth), requestOf(good("b"))]);
      const { batch, rejectReason } = decodeTracesProtobuf(body);
      expect(Array.from(batch, (span) => span.name)).toEqual(["a", "b"]);
      expect(rejectReason).toContain("1 span: attribute value nested deeper than max_depth");
    }
    expect(decodeTracesProtobuf(requestOfNested(64)).rejectedSpans).toBe(0);
  });

  it("counts rejected spans by reason", () => {
    const bad = { ...good("bad"), traceId: Buffer.alloc(0) };
    const { rejectedSpans, rejectReason } = decodeTracesProtobuf(requestOf(bad, bad, { ...good("x"), spanId: "" }));
    expect(rejectedSpans).toBe(3);
    expect(rejectReason).toBe(
      "2 spans: trace_id must be 16 bytes, not all zero; 1 span: span_id must be 8 bytes, not all zero",
    );
  });
});

describe("protobuf decoder of traces: odd but storable", () => {
  it("takes times of 1970 and 2200, an end before the start, \\0 in keys and texts that are not UTF-8", () => {
    const body = Buffer.from(
      requestOf(
        { ...good("1970"), startTimeUnixNano: "0", endTimeUnixNano: "1" },
        { ...good("2200"), startTimeUnixNano: "7258118400000000000", endTimeUnixNano: "5" },
        { ...good("bytes"), attributes: [{ key: "a\0b", value: { stringValue: "INVALID" } }] },
      ),
    );
    body.set([0xff, 0xfe, 0xc0], body.indexOf("INVALID"));
    const { batch, rejectedSpans } = decodeTracesProtobuf(body);
    expect(rejectedSpans).toBe(0);
    expect(Array.from(batch, (span) => [span.startTimeUnixNano, span.endTimeUnixNano])).toEqual([
      [0n, 1n],
      [7258118400000000000n, 5n],
      [0n, 0n],
    ]);
    expect(Array.from(batch, (span) => span.attributes.get("a\0b"))[2]).toContain("ALID");
  });

  it("takes fields of newer versions, groups among them, and a body without anything", () => {
    const unknown = Buffer.from([0xc0, 0x3e, 0x01, 0xcb, 0x3e, 0x08, 0x01, 0xcc, 0x3e]);
    const { batch } = decodeTracesProtobuf(Buffer.concat([unknown, requestOf(good("a")), unknown]));
    expect(batch.length).toBe(1);
    expect(decodeTracesProtobuf(new Uint8Array(0)).batch.length).toBe(0);
  });
});

describe("protobuf decoder of traces: a body that cannot be decoded is refused whole", () => {
  it.each([
    ["a varint of 11 bytes", Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])],
    ["a length past the end", Buffer.from([0x0a, 0x7f, 0x00])],
    ["a known field with a foreign wire type", Buffer.from([0x08, 0x01])],
    ["the end of a group that did not begin", Buffer.from([0x0a, 0x01, 0x0c])],
    ["field number 0", Buffer.from([0x02, 0x00])],
    ["1000 groups in one another", Buffer.alloc(2000, Buffer.from([0xcb, 0x3e]))],
    ["text", Buffer.from("hello, this is no protobuf")],
  ])("%s", (_title, body) => {
    expect(tryDecode(body)).toBeInstanceOf(PermanentError);
  });

  it("resource attributes nested too deep, since they concern every span", () => {
    const body = Buffer.concat([requestOf(good("a")), field(1, field(1, field(1, nestedAttribute(1000))))]);
    expect(String(tryDecode(body))).toContain("resource or scope: attribute value nested deeper");
  });

  it("every truncated prefix of a good message, or taken as the shorter message it also is", () => {
    const body = encodeWithProtobufjs(new RequestMaker(3).request());
    let refused = 0;
    for (let length = 0; length < body.length; length++) {
      if (tryDecode(body.slice(0, length)) instanceof PermanentError) refused++;
    }
    // A prefix is whole only where one ResourceSpans ends and the next begins.
    expect(refused).toBeGreaterThan(body.length - 10);
  });
});

describe("protobuf decoder of traces against protobufjs", () => {
  it("agrees on mutated messages wherever both take them and the bytes are in canonical form", () => {
    const random = new Random(11);
    let agreed = 0;
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const body = encodeWithProtobufjs(new RequestMaker(round % 50).request()).slice();
      for (let hits = 0; hits <= random.int(3); hits++) {
        body[random.int(body.length)] = random.int(256);
      }
      const ours = tryDecode(body.slice());
      if (ours instanceof PermanentError) refused++;
      else if (ours.rejectedSpans === 0 && isCanonical(body)) {
        const again = encodeTracesProtobuf(ours.batch)[0];
        expect(spans(again), `round ${round}`).toEqual(spans(body));
        agreed++;
      }
    }
    expect(refused).toBeGreaterThan(200);
    expect(agreed).toBeGreaterThan(200);
  });
});

/** Whether protobufjs writes the same bytes that it reads: nothing repeated, unknown or out of order. */
function isCanonical(body: Uint8Array): boolean {
  try {
    return Buffer.from(body).equals(ExportTraceServiceRequest.encode(ExportTraceServiceRequest.decode(body)).finish());
  } catch {
    return false;
  }
}

/** Numbers that OTLP does not know: protobufjs keeps them, Signalbox takes them for "unspecified". */
function dropUnknownEnums(span: Plain): void {
  if (!((span["kind"] as number) <= 5 && (span["kind"] as number) > 0)) delete span["kind"];
  const status = span["status"] as Plain | undefined;
  if (status !== undefined && !((status["code"] as number) <= 2 && (status["code"] as number) > 0))
    delete status["code"];
  if (status !== undefined && Object.keys(status).length === 0) delete span["status"];
}

function spans(body: Uint8Array | undefined): unknown {
  if (body === undefined) return [];
  const { resourceSpans = [] } = decodeWithProtobufjs(body) as { resourceSpans?: { scopeSpans?: Plain[] }[] };
  const scopes = resourceSpans.flatMap(({ scopeSpans = [] }) => scopeSpans);
  const found = scopes.flatMap((scope) => (scope["spans"] ?? []) as Plain[]);
  for (const span of found) dropUnknownEnums(span);
  return found;
}

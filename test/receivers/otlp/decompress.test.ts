import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { type Coding, decompress } from "../../../receivers/otlp/decompress.ts";
import { InFlight } from "../../../receivers/otlp/in-flight.ts";
import { httpSizeLimit } from "../../../receivers/otlp/size-limit.ts";
import { Random } from "../../support/generate.ts";

// The package has no type declarations.
const snappy = createRequire(import.meta.url)("snappyjs") as { compress(bytes: Uint8Array): Uint8Array };

const fixture = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../testdata/compressed/${name}`, import.meta.url));
const room = () => new InFlight(10, 2 ** 30).admit();

function compressedText(): Buffer {
  const line = (i: number): string => `{"line":${i},"text":"a span of telemetry, number ${(i * 7919) % 1000}"}\n`;
  return Buffer.from(Array.from({ length: 4_000 }, (_, i) => line(i)).join(""));
}
const text = compressedText();

function run(coding: Coding, body: Uint8Array, maxBytes = 2 ** 20, admission = room()): Promise<Uint8Array> {
  return decompress(coding, body, httpSizeLimit(maxBytes), admission);
}

const compressed: [string, Coding, () => Promise<Uint8Array> | Uint8Array][] = [
  ["gzip", "gzip", () => gzipSync(text)],
  ["several gzip members", "gzip", () => Buffer.concat([gzipSync(text.subarray(0, 99)), gzipSync(text.subarray(99))])],
  ["zlib", "zlib", () => deflateSync(text)],
  ["deflate with the zlib header", "deflate", () => deflateSync(text)],
  ["deflate without a header", "deflate", () => deflateRawSync(text)],
  ["zstd that states its size", "zstd", () => fixture("sized.zst")],
  ["zstd that does not state its size", "zstd", () => fixture("unsized.zst")],
  ["several zstd frames", "zstd", () => fixture("two-frames.zst")],
  ["lz4 with independent blocks", "lz4", () => fixture("independent.lz4")],
  ["lz4 with linked blocks", "lz4", () => fixture("linked.lz4")],
  ["a snappy block", "snappy", () => snappyBlock(text)],
  ["framed snappy", "x-snappy-framed", () => framedSnappy(text)],
  ["framed snappy under the name of the block format", "snappy", () => framedSnappy(text)],
];

describe("decompression", () => {
  it.each(compressed)("reads %s", async (_, coding, make) => {
    expect(Buffer.from(await run(coding, await make())).equals(text)).toBe(true);
  });

  it.each(compressed)("stops %s at the limit", async (_, coding, make) => {
    const failure = run(coding, await make(), 100_000).catch((error: unknown) => error);
    const error = (await failure) as PermanentError;
    expect(error).toBeInstanceOf(PermanentError);
    expect([error.code, error.message]).toEqual([
      StatusCode.RESOURCE_EXHAUSTED,
      "otlp: body after decompression is larger than max_request_body_size 100000",
    ]);
  });

  it.each(compressed)("takes %s that is just as large as the limit", async (_, coding, make) => {
    expect(await run(coding, await make(), text.length)).toHaveLength(text.length);
  });

  it.each(compressed)("finds every truncation of %s, and no damage stops it", async (_, coding, make) => {
    const body = Buffer.from(await make());
    const random = new Random(1);
    for (let i = 0; i < 100; i++) {
      const cut = await run(coding, body.subarray(0, random.int(body.length))).catch((error: unknown) => error);
      if (!(cut instanceof PermanentError)) expect((cut as Uint8Array).length).toBeLessThan(text.length);
      const damaged = Buffer.from(body);
      for (let j = 0; j < 5; j++) damaged[random.int(damaged.length)] = random.int(256);
      const result = await run(coding, damaged).catch((error: unknown) => error);
      expect(result instanceof PermanentError || result instanceof Uint8Array).toBe(true);
    }
  });

  it.each(compressed)("counts what %s takes, and gives the compressed bytes back", async (_, coding, make) => {
    const inFlight = new InFlight(10, 2 ** 30);
    const admission = inFlight.admit();
    const body = await make();
    admission.grow(body.length);
    await run(coding, body, 2 ** 20, admission);
    expect(inFlight.bytes).toBe(text.length);
    admission.release();
    expect([inFlight.bytes, inFlight.requests]).toEqual([0, 0]);
  });

  it("is refused for now when there is no room for the result", async () => {
    const inFlight = new InFlight(10, 100_000);
    inFlight.admit();
    await expect(run("gzip", gzipSync(text), 2 ** 20, inFlight.admit())).rejects.toThrow(RetryableError);
  });

  it("stops bombs without making what they promise", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20));
    const before = process.memoryUsage().arrayBuffers;
    await expect(run("gzip", bomb)).rejects.toThrow("larger than max_request_body_size");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
    const promisesFourGigabytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0);
    await expect(run("snappy", promisesFourGigabytes)).rejects.toThrow("more than the data can hold");
    const manyRuns = zstdRuns(10_000);
    await expect(run("zstd", manyRuns)).rejects.toThrow("larger than max_request_body_size");
  });

  it("finds snappy literals of negative length, which must not run for ever", async () => {
    await expect(run("snappy", Uint8Array.of(8, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0, 0))).rejects.toThrow(
      "otlp: body is not valid snappy: truncated literal",
    );
  });
});

function snappyBlock(bytes: Uint8Array): Buffer {
  return Buffer.from(snappy.compress(new Uint8Array(bytes)));
}

/** A stream header, then compressed chunks, one stored and one of padding. */
function framedSnappy(bytes: Buffer): Buffer {
  const chunk = (type: number, data: Buffer): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(data.length * 256 + type);
    return Buffer.concat([header, data]);
  };
  const checksum = Buffer.alloc(4);
  const parts = [Buffer.from([0xff, 6, 0, 0]), Buffer.from("sNaPpY"), chunk(0xfe, Buffer.alloc(9))];
  parts.push(chunk(1, Buffer.concat([checksum, bytes.subarray(0, 1_000)])));
  for (let at = 1_000; at < bytes.length; at += 65_536)
    parts.push(chunk(0, Buffer.concat([checksum, snappyBlock(bytes.subarray(at, at + 65_536))])));
  return Buffer.concat(parts);
}

/** A zstd frame of blocks that each repeat one byte 131072 times, and that does not state its size. */
function zstdRuns(blocks: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  const block = (isLast: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntLE((131_072 << 3) | 2 | isLast, 0, 3);
    return bytes;
  };
  return Buffer.concat([header, ...Array.from({ length: blocks }, (_, i) => block(Number(i === blocks - 1)))]);
}

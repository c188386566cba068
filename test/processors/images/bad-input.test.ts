import { describe, expect, it } from "vitest";
import { base64, gif, jpeg, pdf, png, pythonBytes, refOf, sha256, wav, wrapped } from "./pictures.ts";
import { run } from "./run.ts";

const image = png();
const raw = base64(image);
const url = `data:image/png;base64,${raw}`;
const errorOf = (code: string): string => `attachment://error/${code}`;
const parsed = (value: unknown): unknown => JSON.parse(value as string);
const opaque = Buffer.alloc(300, "opaque bytes, no medium ").toString("base64");

describe("images processor: what is no image, or a bad one", () => {
  it.each([
    ["a data URL", (v: string) => JSON.stringify({ image_url: { url: v } }), "data:image/png;base64,!!not base64!!"],
    [
      "an illegal character in the midst",
      (v: string) => JSON.stringify({ url: v }),
      `${url.slice(0, 90)}%${url.slice(90)}`,
    ],
    ["no such number of characters", (v: string) => JSON.stringify({ url: v }), `${url.slice(0, -4)}A`],
    [
      "an Anthropic source",
      (v: string) => JSON.stringify({ type: "base64", media_type: "image/png", data: v }),
      `${raw.slice(0, 60)}***${raw.slice(60)}`,
    ],
    ["padding in the midst", (v: string) => JSON.stringify({ b64_json: v }), `${raw.slice(0, 60)}==${raw.slice(60)}`],
    ["a whole attribute", (v: string) => v, `data:image/png;base64,@@@@${raw}`],
  ])("invalid base64 is removed: %s", async (_, make, sent) => {
    const { attributes, codes, attachments } = await run({ k: make(sent) });
    expect(attributes["k"]).toBe(make(errorOf("attachment_invalid_base64")));
    expect(codes).toEqual(["attachment_invalid_base64"]);
    expect(attachments).toEqual([]);
  });

  it.each([
    [
      "SVG with a script",
      "image/svg+xml",
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
    ],
    ["BMP", "image/bmp", Buffer.concat([Buffer.from("BM"), Buffer.alloc(100, 7)])],
    ["text that says it is a PNG", "image/png", Buffer.alloc(120, "just text, ")],
    ["a PDF that says it is a PNG", "image/png", pdf()],
  ])("an unsupported type is removed: %s", async (_, mediaType, bytes) => {
    const source = (data: string) => JSON.stringify({ source: { type: "base64", media_type: mediaType, data }, n: 1 });
    const { attributes, codes } = await run({
      url: `data:${mediaType};base64,${base64(bytes)}`,
      source: source(base64(bytes)),
      text: `![](data:${mediaType};base64,${base64(bytes)})`,
    });
    const error = errorOf("attachment_unsupported_type");
    expect(attributes).toEqual({ url: error, source: source(error), text: `![](${error})` });
    expect(codes).toEqual(Array(3).fill("attachment_unsupported_type"));
  });

  it("believes the first bytes, not the declared type", async () => {
    const source = (data: string) => JSON.stringify({ media_type: "application/pdf", data });
    const { attributes, attachments } = await run({ url: `data:text/plain;base64,${raw}`, s: source(base64(gif())) });
    expect(attributes).toEqual({ url: refOf(image), s: source(refOf(gif())) });
    expect(attachments.map(({ mediaType }) => mediaType)).toEqual(["image/png", "image/gif"]);
  });

  it("leaves alone base64 that nothing declares to be an image", async () => {
    const attributes = {
      responses: JSON.stringify([{ type: "reasoning", id: "rs_1", encrypted_content: opaque, summary: [] }]),
      anthropic: JSON.stringify([{ type: "thinking", thinking: "an image of", signature: opaque }]),
      gemini: JSON.stringify({
        parts: [{ thoughtSignature: opaque, inlineData: { mimeType: "image/png", data: "" } }],
      }),
      file: JSON.stringify({ type: "file", file: { file_data: `data:text/plain;base64,${opaque}` } }),
      embedding: JSON.stringify({ object: "embedding", embedding: opaque }),
      document: JSON.stringify({ source: { type: "base64", media_type: "application/pdf", data: base64(pdf()) } }),
      audio: JSON.stringify({ type: "input_audio", input_audio: { data: base64(wav()), format: "wav" } }),
      hash: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".repeat(3),
      tokens: JSON.stringify(Array.from({ length: 300 }, (_, i) => i % 256)),
      vector: JSON.stringify(Array.from({ length: 100 }, (_, i) => i / 7)),
      path: `/usr/${"lib/python3/site-packages/".repeat(8)}`,
      prose: "use data:image/png;base64,... or data:image/png;base64,{image} and /9j/ for JPEG, iVBORw0KGgo for PNG",
      redacted: "data:image/png;base64,[REDACTED]",
      bytes: new Uint8Array([1, 2, 3]),
    };
    const outcome = await run(attributes);
    expect(outcome.attributes).toEqual(attributes);
    expect(outcome.warnings).toEqual([]);
    expect(outcome.batch.derivedColumn("AttachmentIds")).toBeUndefined();
  });

  it("leaves opaque members alone even when they look like an image", async () => {
    const attributes = { k: JSON.stringify([{ encrypted_content: raw, signature: raw, image: "x".repeat(60) }]) };
    expect((await run(attributes)).attributes).toEqual(attributes);
  });

  it("takes audio and PDF where media_types says so", async () => {
    const audio = (data: string) => JSON.stringify({ input_audio: { data, format: "wav" } });
    const { attributes, attachments } = await run(
      { audio: audio(base64(wav())), pdf: `data:application/pdf;base64,${base64(pdf())}`, png: url },
      { media_types: ["audio", "pdf"] },
    );
    expect(attributes["audio"]).toBe(audio(refOf(wav())));
    expect(attributes["pdf"]).toBe(refOf(pdf()));
    // Declared to be an image, and images are not wanted.
    expect(attributes["png"]).toBe(errorOf("attachment_unsupported_type"));
    expect(attachments.map(({ mediaType, type, width }) => [mediaType, type, width])).toEqual([
      ["audio/wav", "audio", 0],
      ["application/pdf", "pdf", 0],
    ]);
  });

  it("removes images larger than max_image_bytes", async () => {
    const limit = { max_image_bytes: image.length };
    expect((await run({ k: url }, limit)).codes).toEqual([]);
    const larger = await run({ k: url, b: new Uint8Array(image) }, { max_image_bytes: image.length - 1 });
    expect(larger.attributes).toEqual({ k: errorOf("attachment_too_large"), b: errorOf("attachment_too_large") });
    expect(larger.warnings[0]).toBe(
      `attachment_too_large: image 0: ${image.length} bytes, max_image_bytes is ${image.length - 1}`,
    );
  });

  it("removes an image of 60 MB without decoding it, and keeps its siblings", async () => {
    const huge = `iVBORw0KGgo${"A".repeat(60_000_001)}`;
    const make = (data: string) => JSON.stringify({ data, label: "huge", media_type: "image/png" });
    const { attributes, codes, batch } = await run({ k: make(huge) });
    expect(attributes["k"]).toBe(make(errorOf("attachment_too_large")));
    expect(codes).toEqual(["attachment_too_large"]);
    expect(batch.attachments).toEqual([]);
  });

  it("removes images whose header announces more than max_pixels", async () => {
    const bomb = png(4, 3, 0, [65_535, 65_535]);
    const { attributes, warnings } = await run({ k: `data:image/png;base64,${base64(bomb)}` });
    expect(attributes["k"]).toBe(errorOf("attachment_too_large"));
    expect(warnings).toEqual(["attachment_too_large: image 0: 65535 x 65535 pixels, max_pixels is 100000000"]);
    expect((await run({ k: url }, { max_pixels: 12 })).codes).toEqual([]);
    expect((await run({ k: url }, { max_pixels: 11 })).codes).toEqual(["attachment_too_large"]);
  });

  it("keeps the first images up to max_images_per_span and removes the rest", async () => {
    const images = Array.from({ length: 7 }, (_, i) => png(4, 3, i));
    const urls = images.map((bytes) => `data:image/png;base64,${base64(bytes)}`);
    const { attributes, attachments, codes } = await run({
      k: JSON.stringify([...urls, "data:image/png;base64,?", urls[0]]),
    });
    const limit = errorOf("attachment_limit_exceeded");
    const invalid = errorOf("attachment_invalid_base64");
    expect(parsed(attributes["k"])).toEqual([
      ...images.slice(0, 5).map(refOf),
      limit,
      limit,
      invalid,
      refOf(images[0]!),
    ]);
    expect(attachments.map(({ id, ordinal }) => [id, ordinal])).toEqual(
      images.slice(0, 5).map((b, i) => [sha256(b), i]),
    );
    expect(codes).toEqual(["attachment_limit_exceeded", "attachment_limit_exceeded", "attachment_invalid_base64"]);
    expect((await run({ k: url }, { max_images_per_span: 0 })).codes).toEqual(["attachment_limit_exceeded"]);
  });

  it("does not search values longer than max_scan_bytes", async () => {
    const value = JSON.stringify([url, "x".repeat(1000)]);
    const { attributes, warnings } = await run({ k: value, short: url }, { max_scan_bytes: 1000 });
    expect(attributes).toEqual({ k: value, short: refOf(image) });
    expect(warnings).toEqual([`attachment_not_scanned: a value of ${value.length} bytes, max_scan_bytes is 1000`]);
  });

  it("removes an image that the end of its JSON cuts off", async () => {
    const whole = JSON.stringify([
      { role: "user", content: [{ image_url: { url } }, { image_url: { url: url.slice(0, -1) } }] },
    ]);
    const cut = whole.slice(0, whole.lastIndexOf('"'));
    const nested = JSON.stringify({ body: cut });
    const { attributes, codes, attachments } = await run({ k: cut, nested });
    const expected = cut.replace(url, refOf(image)).replace(url.slice(0, -1), errorOf("attachment_truncated"));
    expect(attributes).toEqual({ k: expected, nested: JSON.stringify({ body: expected }) });
    expect(codes).toEqual(["attachment_truncated", "attachment_truncated"]);
    expect(attachments).toHaveLength(1);
  });

  it.each([
    ["a list of numbers", `{"image":[${[...image].join(",").slice(0, -3)}`],
    ["an object with indexes", JSON.stringify({ image: Object.fromEntries(image.entries()) }).slice(0, -9)],
    ["bytes that Python prints", `{'bytes': ${pythonBytes(image).slice(0, -1)}`],
  ])("removes an image that is cut off: %s", async (_, text) => {
    const { attributes, codes } = await run({ k: text });
    expect(attributes["k"]).toContain(errorOf("attachment_truncated"));
    expect((attributes["k"] as string).length).toBeLessThan(80);
    expect(codes).toEqual(["attachment_truncated"]);
  });

  it("gives every prefix of a span's JSON back whole but for the image", async () => {
    const text = JSON.stringify([{ a: 'é"\\', image_url: { url, detail: "low" }, n: [1, { b: null }] }, `say ${url}!`]);
    for (let length = 0; length <= text.length; length++) {
      const prefix = text.slice(0, length);
      const { attributes } = await run({ k: prefix });
      const after = attributes["k"] as string;
      // Nothing of the first image is left once it is there to be seen.
      if (length > 130) expect(after).not.toContain(raw.slice(0, 60));
      expect(after.startsWith(prefix.slice(0, 20))).toBe(true);
    }
  });

  it.each(["[".repeat(5000), `${'{"a":'.repeat(3000)}"${url}"`, `${'["'.repeat(500)}${url}`])(
    "stands text that is nested deeply",
    async (text) => {
      const { attributes } = await run({ k: text });
      expect(attributes["k"]).not.toContain(raw);
    },
  );

  it("goes on after base64 when text follows it", async () => {
    const around = (v: string) => `${v} is the first, and ${v} the second.`;
    expect((await run({ k: around(url) })).attributes["k"]).toBe(around(refOf(image)));
    expect((await run({ k: around(raw) })).attributes["k"]).toBe(around(refOf(image)));
    const lines = (v: string) => `Look:\n${v}\nThis is it.`;
    expect((await run({ k: lines(wrapped(jpeg())) })).attributes["k"]).toBe(lines(refOf(jpeg())));
    expect((await run({ k: JSON.stringify({ c: lines(wrapped(jpeg())) }) })).attributes["k"]).toBe(
      JSON.stringify({ c: lines(refOf(jpeg())) }),
    );
  });

  it("keeps what JSON strings say: surrogates, controls, escapes", async () => {
    const strange = 'a\\u00e9\\ud83d\\ude00\\ud800\\b\\f\\n\\t\\"\\\\ \\u0001 \\u007f';
    const text = `{"c":"${strange} ${url.replaceAll("/", "\\/")} ${strange}"}`;
    const { attributes } = await run({ k: text });
    expect(parsed(attributes["k"])).toEqual(parsed(text.replace(url.replaceAll("/", "\\/"), refOf(image))));
  });
});

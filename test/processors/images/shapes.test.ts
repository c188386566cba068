import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { base64, gif, jpeg, png, pythonBytes, refOf, sha256, webp, wrapped } from "./pictures.ts";
import { run } from "./run.ts";

const image = png();
const raw = base64(image);
const url = `data:image/png;base64,${raw}`;
const ref = refOf(image);
const indexed = Object.fromEntries(image.entries());

/** Payloads of a span, and what they become; `with` is what stands where the image stood. */
const shapes: readonly (readonly [name: string, make: (image: unknown) => unknown, sent: unknown])[] = [
  [
    "OpenAI image_url",
    (v) => [{ role: "user", content: [{ type: "image_url", image_url: { url: v, detail: "low" } }] }],
    url,
  ],
  ["OpenAI Responses input_image", (v) => [{ type: "input_image", image_url: v, detail: "auto" }], url],
  ["OpenAI Responses input_file", (v) => [{ type: "input_file", file_data: v, filename: "a.png" }], url],
  [
    "OpenAI image_generation_call",
    (v) => ({ output: [{ type: "image_generation_call", id: "ig_1", result: v }] }),
    raw,
  ],
  [
    "OpenAI computer_call_output",
    (v) => ({ type: "computer_call_output", output: { type: "computer_screenshot", image_url: v } }),
    url,
  ],
  ["OpenAI images API", (v) => ({ created: 1, data: [{ b64_json: v, revised_prompt: 'a "cat"' }] }), raw],
  ["Anthropic source", (v) => [{ type: "image", source: { type: "base64", media_type: "image/png", data: v } }], raw],
  [
    "Anthropic tool_result",
    (v) => [
      {
        type: "tool_result",
        tool_use_id: "t",
        content: [{ type: "image", source: { data: v, media_type: "image/png", type: "base64" } }],
      },
    ],
    raw,
  ],
  [
    "Gemini inline_data",
    (v) => ({ contents: [{ parts: [{ inline_data: { mime_type: "image/png", data: v } }, { text: "?" }] }] }),
    raw,
  ],
  ["Gemini inlineData", (v) => ({ parts: [{ inlineData: { mimeType: "image/png", data: v } }] }), raw],
  ["Bedrock Converse bytes", (v) => [{ image: { format: "png", source: { bytes: v } } }], raw],
  ["Vercel AI image part", (v) => [{ type: "image", image: v, mimeType: "image/png" }], raw],
  ["Vercel AI file part", (v) => [{ type: "file", data: v, mediaType: "image/png" }], url],
  ["Vercel AI Uint8Array as an object", (v) => [{ type: "image", image: v, mediaType: "image/png" }], indexed],
  ["Node.js Buffer", (v) => [{ type: "image", image: { type: "Buffer", data: v } }], [...image]],
  [
    "semconv blob",
    (v) => [{ role: "user", parts: [{ type: "blob", modality: "image", mime_type: "image/png", content: v }] }],
    raw,
  ],
  ["semconv blob, mime_type null", (v) => [{ parts: [{ type: "blob", mime_type: null, content: v }] }], raw],
  ["pydantic-ai binary", (v) => [{ kind: "binary", media_type: "image/png", content: v }], raw],
  ["LangChain source_type", (v) => [[{ type: "image", source_type: "base64", data: v, mime_type: "image/png" }]], raw],
  ["LangChain base64", (v) => [[{ type: "image", base64: v, mime_type: "image/png" }]], raw],
  ["LangChain Vertex media", (v) => [{ type: "media", mime_type: "image/png", data: v }], raw],
  ["MCP content", (v) => ({ content: [{ type: "image", data: v, mimeType: "image/png" }] }), raw],
  ["MCP resource", (v) => ({ contents: [{ uri: "file:///a.png", blob: v, mimeType: "image/png" }] }), raw],
  ["an array of strings", (v) => ["first", v, "last"], raw],
  ["an unknown member", (v) => ({ whatever: { deep: [[{ x: v, n: 1.5e3, t: true }]] } }), raw],
];

describe("images processor: payload shapes", () => {
  it.each(shapes)("%s: replaced in place, siblings intact", async (_, make, sent) => {
    const { attributes, attachments, data, ids, warnings } = await run({ "input.value": JSON.stringify(make(sent)) });
    expect(JSON.parse(attributes["input.value"] as string)).toEqual(make(ref));
    expect(attachments).toMatchObject([
      { id: sha256(image), mediaType: "image/png", width: 4, height: 3, bytes: image.length },
    ]);
    expect(data).toEqual([image]);
    expect(ids).toEqual([sha256(image)]);
    expect(warnings).toEqual([]);
  });

  it.each(shapes)("%s: also in JSON within JSON within JSON", async (_, make, sent) => {
    const nest = (value: unknown): string => JSON.stringify({ body: JSON.stringify({ inner: JSON.stringify(value) }) });
    const { attributes, data } = await run({ "gen_ai.prompt": nest(make(sent)) });
    expect(attributes["gen_ai.prompt"]).toBe(nest(make(ref)));
    expect(data).toEqual([image]);
  });

  it.each(shapes)("%s: also with slashes escaped and spread over lines", async (_, make, sent) => {
    const text = JSON.stringify(make(sent), undefined, 2).replaceAll("/", "\\/");
    const { attributes, data } = await run({ "input.value": text });
    expect(JSON.parse(attributes["input.value"] as string)).toEqual(make(ref));
    expect(data).toEqual([image]);
  });

  it.each([
    ["PNG", png(4, 3), "image/png", 4, 3],
    ["JPEG", jpeg(5, 6), "image/jpeg", 5, 6],
    ["GIF", gif(1, 1), "image/gif", 1, 1],
    ["WebP", webp(7, 8), "image/webp", 7, 8],
  ] as const)("finds a %s as bare base64, as a data URL and as bytes", async (_, bytes, mediaType, width, height) => {
    for (const value of [base64(bytes), `data:image/png;base64,${base64(bytes)}`, new Uint8Array(bytes)]) {
      const { attributes, attachments, data } = await run({ picture: value });
      expect(attributes["picture"]).toBe(refOf(bytes));
      expect(attachments).toMatchObject([{ mediaType, width, height, type: "image" }]);
      expect(data).toEqual([bytes]);
    }
  });

  it("finds flattened OpenInference keys, and the same image in input.value once", async () => {
    const key = "llm.input_messages.0.message.contents.1.message_content.image.image.url";
    const { attributes, attachments } = await run({ "input.value": JSON.stringify([{ image: url }]), [key]: url });
    expect(attributes).toEqual({ "input.value": JSON.stringify([{ image: ref }]), [key]: ref });
    expect(attachments).toHaveLength(1);
  });

  it.each([
    ["Markdown", (v: string) => `Look: ![a cat](${v}) and say "hi".`],
    ["HTML", (v: string) => `<p><img src="${v}" alt='x'></p>`],
    ["CSS", (v: string) => `div { background: url(${v}); }`],
    ["prose", (v: string) => `first\n${v}\nlast, with 3 words`],
    ["two in one text", (v: string) => `${v} and ${v}`],
  ])("finds data URLs in %s", async (_, make) => {
    const { attributes, data } = await run({ text: make(url), json: JSON.stringify({ content: make(url) }) });
    expect(attributes["text"]).toBe(make(ref));
    expect(JSON.parse(attributes["json"] as string)).toEqual({ content: make(ref) });
    expect(data).toEqual([image]);
  });

  it("finds bare base64 in the midst of text", async () => {
    const { attributes } = await run({ text: `the picture is ${raw}, is it not?` });
    expect(attributes["text"]).toBe(`the picture is ${ref}, is it not?`);
  });

  it("finds what Python prints for bytes, raw and in base64", async () => {
    const python = (v: string): string => `[{'image': {'format': 'png', 'source': {'bytes': ${v}}}}]`;
    const { attributes, data } = await run({
      raw: python(pythonBytes(jpeg())),
      encoded: python(`b'${raw}'`),
      json: JSON.stringify({ bytes: pythonBytes(image) }),
    });
    expect(attributes["raw"]).toBe(python(`'${refOf(jpeg())}'`));
    expect(attributes["encoded"]).toBe(python(`b'${ref}'`));
    expect(JSON.parse(attributes["json"] as string)).toEqual({ bytes: `'${ref}'` });
    expect(data).toEqual([jpeg(), image]);
  });

  it("finds images in values that are arrays and maps", async () => {
    const nested = (v: AttributeValue, b: AttributeValue): AttributeValue => [
      new Map<string, AttributeValue>([
        ["type", "image"],
        ["data", v],
        ["bytes", b],
        ["more", [1, 2.5, true, null, new Map([["text", "x".repeat(200)]])]],
      ]),
      "tail",
    ];
    const { attributes, data } = await run({ messages: nested(raw, new Uint8Array(jpeg())) });
    expect(attributes["messages"]).toEqual(nested(ref, refOf(jpeg())));
    expect(data).toEqual([image, jpeg()]);
  });

  it("takes URL-safe base64, missing padding and wrapped lines", async () => {
    const bytes = jpeg();
    const forms = {
      urlSafe: bytes.toString("base64url"),
      unpadded: base64(bytes).replaceAll("=", ""),
      tooMuchPadding: `${base64(bytes)}==`.slice(0, -1),
      newlines: wrapped(bytes),
      windowsNewlines: wrapped(bytes, "\r\n"),
      lines64: wrapped(bytes, "\n", 64),
    };
    for (const form of Object.values(forms)) {
      const json = JSON.stringify({ data: form, media_type: "image/jpeg" });
      const { attributes, data, warnings } = await run({ text: form, json, url: `data:image/jpeg;base64,${form}` });
      expect(attributes["text"]).toBe(refOf(bytes));
      expect(attributes["url"]).toBe(refOf(bytes));
      expect(JSON.parse(attributes["json"] as string)).toEqual({ data: refOf(bytes), media_type: "image/jpeg" });
      expect(data).toEqual([bytes]);
      expect(warnings).toEqual([]);
    }
  });

  it("takes any whitespace in data URLs and in members that hold nothing but base64", async () => {
    const spaced = raw.replace(/(.{7})/g, "$1 ");
    const item = (rest: object) => JSON.stringify([{ type: "image", ...rest }]);
    const { attributes, data } = await run({
      url: `data:image/png;base64,${spaced}\n`,
      attachments: item({ base64: ` ${spaced}` }),
    });
    expect(attributes).toEqual({ url: ref, attachments: item({ attachment_id: sha256(image) }) });
    expect(data).toEqual([image]);
  });
});

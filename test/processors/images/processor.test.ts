import { describe, expect, it } from "vitest";
import { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { imagesConfigSchema } from "../../../processors/images/config.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { base64, extendedWebp, gif, jpeg, lossyWebp, png, refOf, sha256, webp } from "./pictures.ts";
import { create, run, runBatch } from "./run.ts";

const image = png();
const raw = base64(image);
const url = `data:image/png;base64,${raw}`;
const ref = refOf(image);

describe("images processor", () => {
  itLivesAsAComponent(() => create());

  it("passes batches without images on as they are, byte for byte", async () => {
    const batch = batchOfSpans([
      { attributes: { a: "x".repeat(5000), b: `${"word ".repeat(500)}`, c: 5, d: [1, "two"], "http.route": "/" } },
      { statusMessage: "failed", attributes: {} },
    ]);
    const before = Buffer.from(batch.arena.bytes.slice(0, batch.arena.length));
    const next = new RecordingConsumer<SpanBatch>();
    await create({}, next).consume(batch);
    expect(next.batches).toEqual([batch]);
    expect(Buffer.from(batch.arena.bytes.slice(0, batch.arena.length))).toEqual(before);
    expect([...batch.derivedNames()]).toEqual([]);
  });

  it("gives the error of the next stage on", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    next.failWith(new Error("no"));
    await expect(create({}, next).consume(batchOfSpans([{ attributes: { url } }]))).rejects.toThrow("no");
  });

  it("edits input and output together with the attribute whose range they are", async () => {
    const batch = batchOfSpans([{ attributes: { "input.value": `see ${url}`, other: JSON.stringify({ in: url }) } }]);
    const { attributes, attributeStart, attributeEnd } = batch;
    const entry = attributes.find(attributeStart[0]!, attributeEnd[0]!, attributes.keys.find("input.value"));
    batch.deriveColumn("Input").setRange(0, attributes.words[2 * entry]!, attributes.words[2 * entry + 1]!);
    batch.setDerived("Output", 0, JSON.stringify([{ role: "assistant", content: url }]));
    batch.setDerived("ToolCalls", 0, JSON.stringify([{ arguments: { picture: raw } }]));
    const { attachments } = await runBatch(batch);
    const range = (): number[] => [attributes.words[2 * entry]!, attributes.words[2 * entry + 1]!];
    const input = batch.deriveColumn("Input");
    expect([input.startAt(0), input.lengthAt(0)]).toEqual(range());
    expect(input.get(0)).toBe(`see ${ref}`);
    expect(batch.getDerived("Output", 0)).toBe(JSON.stringify([{ role: "assistant", content: ref }]));
    expect(batch.getDerived("ToolCalls", 0)).toBe(JSON.stringify([{ arguments: { picture: ref } }]));
    expect(attachments).toHaveLength(1);
  });

  it("edits an input that is part of an attribute", async () => {
    const text = JSON.stringify({ prompt: url });
    const batch = batchOfSpans([{ attributes: { payload: text } }]);
    const start = batch.attributes.words[2 * batch.attributeStart[0]!]!;
    batch.deriveColumn("Input").setRange(0, start + text.indexOf("data:"), url.length);
    const { attributes } = await runBatch(batch);
    expect(attributes["payload"]).toBe(JSON.stringify({ prompt: ref }));
    expect(batch.getDerived("Input", 0)).toBe(ref);
  });

  it("edits events and status messages", async () => {
    const batch = batchOfSpans([{ statusMessage: `cannot read ${url}` }]);
    batch.events.reserve(1);
    batch.events.length = 1;
    batch.events.nameIndex[0] = batch.names.internText("gen_ai.user.message");
    batch.eventEnd[0] = 1;
    for (const span of batch) span.events[0]!.attributes.set("content", JSON.stringify([{ image: { bytes: raw } }]));
    const { attachments } = await runBatch(batch);
    for (const span of batch) {
      expect(span.events[0]!.attributes.get("content")).toBe(JSON.stringify([{ image: { bytes: ref } }]));
      expect(span.statusMessage).toBe(`cannot read ${ref}`);
    }
    expect(attachments).toHaveLength(1);
  });

  const items = (first: object, second: object, third: object): AttributeValue =>
    JSON.stringify([
      { type: "screenshot", viewport: "mobile", width: 10, label: "home", ...first },
      { ...second, metadata: { page: 1, tags: ["a"] } },
      { type: "text", text: "é", ...third },
    ]);

  it.each(["attachments", "output_data"])("replaces base64 by attachment_id in the items of %s", async (key) => {
    const { attributes, attachments, codes } = await run({
      [key]: items({ base64: url }, { base64: base64(jpeg()) }, { base64: "not base64!" }),
    });
    expect(attributes[key]).toBe(
      items(
        { attachment_id: sha256(image) },
        { attachment_id: sha256(jpeg()) },
        { error: "attachment_invalid_base64" },
      ),
    );
    expect(attachments).toMatchObject([
      { ordinal: 0, type: "screenshot", label: "home", viewport: "mobile", metadata: "", mediaType: "image/png" },
      {
        ordinal: 1,
        type: "image",
        label: "",
        viewport: "",
        metadata: '{"page":1,"tags":["a"]}',
        mediaType: "image/jpeg",
      },
    ]);
    expect(codes).toEqual(["attachment_invalid_base64"]);
  });

  it("does the same to attachments that are a nested value", async () => {
    const item = (key: string, value: AttributeValue): AttributeValue =>
      new Map<string, AttributeValue>([
        ["viewport", "desktop"],
        [key, value],
        ["label", "first"],
      ]);
    const { attributes, attachments } = await run({ attachments: [item("base64", raw), item("base64", "?")] });
    expect(attributes["attachments"]).toEqual([
      item("attachment_id", sha256(image)),
      item("error", "attachment_invalid_base64"),
    ]);
    expect(attachments).toMatchObject([{ type: "screenshot", viewport: "desktop", label: "first" }]);
  });

  it("keeps metadata of attachments that are a nested value, unless an image was in it", async () => {
    const item = (label: string, metadata: AttributeValue): AttributeValue =>
      new Map<string, AttributeValue>([
        ["base64", raw],
        ["label", label],
        ["metadata", metadata],
      ]);
    const page = new Map<string, AttributeValue>([
      ["page", 1],
      ["tags", ["a", true, 0.5]],
    ]);
    const thumbnail = new Map<string, AttributeValue>([["thumbnail", url]]);
    const { attachments } = await run({ attachments: [item("a", page), item("b", thumbnail), item("c", "no map")] });
    const metadata = Object.fromEntries(attachments.map((attachment) => [attachment.label, attachment.metadata]));
    expect(metadata).toMatchObject({ a: '{"page":1,"tags":["a",true,0.5]}', b: "", c: "" });
  });

  it("leaves an output without base64 untouched, and addresses with a warning", async () => {
    const attachments = JSON.stringify([{ type: "image", url: "https://example.org/a.png", label: "x" }]);
    const output = '[ {"text":  "no image", "url":"https://example.org/"} ]';
    const { attributes, warnings } = await run({ attachments, output_data: output });
    expect(attributes).toEqual({ attachments, output_data: output });
    expect(warnings).toEqual(["attachment_url_not_allowed: the url of an attachment is kept and not fetched"]);
  });

  it("counts attachments and output before everything else", async () => {
    const urls = Array.from({ length: 6 }, (_, i) => `data:image/png;base64,${base64(png(4, 3, i))}`);
    const { attributes } = await run({
      "input.value": JSON.stringify(urls.slice(0, 4)),
      output_data: JSON.stringify([{ base64: urls[4] }]),
      attachments: JSON.stringify([{ base64: urls[5] }]),
    });
    expect(attributes["attachments"]).toContain("attachment_id");
    expect(attributes["output_data"]).toContain("attachment_id");
    expect((JSON.parse(attributes["input.value"] as string) as string[]).at(-1)).toBe(
      "attachment://error/attachment_limit_exceeded",
    );
  });

  it("adds to warnings that are there", async () => {
    const batch = batchOfSpans([{ attributes: { url: "data:image/png;base64,?" } }]);
    batch.setDerived("Warnings", 0, ["earlier: one"]);
    expect((await runBatch(batch)).codes).toEqual(["earlier", "attachment_invalid_base64"]);
  });

  it("stores an image that several spans have once, and says of each that it has it", async () => {
    const batch = batchOfSpans(Array.from({ length: 3 }, (_, i) => ({ attributes: { [`k${i}`]: url } })));
    await create().consume(batch);
    expect(batch.attachments.map(({ row, id }) => [row, id])).toEqual([0, 1, 2].map((row) => [row, sha256(image)]));
    expect(new Set(batch.attachments.map(({ dataStart }) => dataStart)).size).toBe(1);
  });

  it("leaves dropped spans alone", async () => {
    const batch = batchOfSpans([{ attributes: { url } }, { attributes: { url } }]);
    batch.drop(0);
    await create().consume(batch);
    expect(batch.attachments.map(({ row }) => row)).toEqual([1]);
  });

  it("gives the same again when a batch comes twice", async () => {
    const batch = batchOfSpans([{ attributes: { url, json: JSON.stringify([{ b64_json: raw }]) } }]);
    const first = (await runBatch(batch)).attributes;
    expect((await runBatch(batch)).attributes).toEqual(first);
    expect(batch.attachments).toHaveLength(1);
  });

  it("survives a copy of the batch with its bytes", async () => {
    const batch = batchOfSpans([{ attributes: { url } }]);
    await create().consume(batch);
    const copy = new SpanBatch();
    copy.append(batch.clone());
    const { dataStart, dataLength } = copy.attachments[0]!;
    expect(Buffer.from(copy.arena.bytes.slice(dataStart, dataStart + dataLength))).toEqual(image);
  });

  it.each([
    ["PNG", png(300, 2), 300, 2],
    ["JPEG", jpeg(1000, 2000), 1000, 2000],
    ["GIF", gif(515, 258), 515, 258],
    ["WebP, lossless", webp(10_000, 9000), 10_000, 9000],
    ["WebP, lossy", lossyWebp(640, 480), 640, 480],
    ["WebP, extended", extendedWebp(70_000, 1025), 70_000, 1025],
  ])("reads the size of a %s, and none from a header that is cut off", async (_, bytes, width, height) => {
    const { attachments } = await run({ bytes: new Uint8Array(bytes) });
    expect(attachments).toMatchObject([{ width, height }]);
    for (let length = 16; length < Math.min(bytes.length, 120); length++) {
      const cut = await run({ bytes: new Uint8Array(bytes.subarray(0, length)) });
      expect(cut.codes).toEqual([]);
    }
  });

  it("counts what it takes out and what fails", async () => {
    const metrics = collectMetrics();
    const processor = create({}, new RecordingConsumer(), testSettings({ meter: metrics.meter }));
    const bad = "data:image/png;base64,!!!";
    await processor.consume(batchOfSpans([{ attributes: { a: url, b: base64(jpeg()), c: raw, d: bad } }]));
    expect(await metrics.value("processor_images_extracted", { media_type: "image/png" })).toBe(1);
    expect(await metrics.value("processor_images_extracted_bytes")).toBe(image.length + jpeg().length);
    expect(await metrics.value("processor_images_failed", { code: "attachment_invalid_base64" })).toBe(1);
    expect(await metrics.value("processor_images_deduplicated")).toBe(1);
    expect(await metrics.value("processor_incoming_items")).toBe(1);
    expect(await metrics.value("processor_outgoing_items")).toBe(1);
  });

  it.each([
    [{ storage: "directory" }, "directory", "is needed for storage directory"],
    [{ storage: "s3" }, "s3", "is needed for storage s3"],
    [{ directory: { path: "/x" } }, "directory", "has no effect with storage clickhouse; set storage to directory"],
    [{ max_image_bytes: 0 }, "max_image_bytes", "must be between 1 byte and 1GiB"],
  ])("refuses the configuration %j", (input, path, message) => {
    const { error } = imagesConfigSchema.safeParse(input);
    expect(error?.issues).toMatchObject([{ path: [path], message }]);
  });
});

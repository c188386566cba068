import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryableError } from "../../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../../support/doubles.ts";
import { itLivesAsAComponent } from "../../../support/lifecycle.ts";
import { collectMetrics } from "../../../support/metrics.ts";
import { base64, jpeg, png, refOf, sha256 } from "../pictures.ts";
import { create } from "../run.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-images-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const image = png();
const batchOf = (bytes = image): SpanBatch =>
  batchOfSpans([{ attributes: { url: `data:image/png;base64,${base64(bytes)}` } }]);
const config = (path = folder) => ({ storage: "directory", directory: { path } }) as const;
const pathOf = (bytes: Buffer, extension: string): string =>
  join(folder, sha256(bytes).slice(0, 2), `${sha256(bytes)}.${extension}`);
const filesIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);

describe("images processor with a directory", () => {
  itLivesAsAComponent(() => create(config()));

  it("writes each image under its hash before the spans go on", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = create(config(), next);
    await processor.start();
    await processor.consume(batchOf());
    await processor.consume(batchOf(jpeg()));
    expect(await readFile(pathOf(image, "png"))).toEqual(image);
    expect(await readFile(pathOf(jpeg(), "jpg"))).toEqual(jpeg());
    const [batch] = next.batches;
    expect(batch!.attachments).toMatchObject([{ id: sha256(image), dataLength: 0, bytes: image.length }]);
    expect(fileURLToPath(batch!.attachments[0]!.url)).toBe(pathOf(image, "png"));
    for (const span of batch!) expect(span.attributes.get("url")).toBe(refOf(image));
    expect((await filesIn(folder)).sort()).toEqual([`${sha256(image)}.png`, `${sha256(jpeg())}.jpg`].sort());
  });

  it("does not write what is there, and puts right a file of another length", async () => {
    const metrics = collectMetrics();
    const processor = create(config(), undefined, testSettings({ meter: metrics.meter }));
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    expect(await metrics.value("processor_images_deduplicated")).toBe(1);
    const { ino } = await stat(pathOf(image, "png"));
    await create(config()).consume(batchOf());
    expect((await stat(pathOf(image, "png"))).ino).toBe(ino);
    await writeFile(pathOf(image, "png"), "half");
    await create(config()).consume(batchOf());
    expect(await readFile(pathOf(image, "png"))).toEqual(image);
  });

  it("writes an image once that several batches bring at the same time", async () => {
    const processor = create(config());
    await Promise.all(Array.from({ length: 20 }, () => processor.consume(batchOf())));
    expect(await filesIn(folder)).toEqual([`${sha256(image)}.png`]);
  });

  it("refuses the batch when an image cannot be written, and takes it when it can", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = create(config(), next);
    await writeFile(join(folder, sha256(image).slice(0, 2)), "a file in the way");
    const refusal = processor.consume(batchOf());
    await expect(refusal).rejects.toBeInstanceOf(RetryableError);
    await expect(refusal).rejects.toThrow(/^images: an image cannot be stored: /);
    expect(next.batches).toEqual([]);
    await rm(join(folder, sha256(image).slice(0, 2)));
    await processor.consume(batchOf());
    expect(next.batches).toHaveLength(1);
    expect(await filesIn(folder)).toEqual([`${sha256(image)}.png`]);
  });

  it("refuses batches while more than max_pending_bytes of images are under way", async () => {
    const processor = create({ ...config(), max_pending_bytes: 1 });
    const first = processor.consume(batchOf());
    await expect(processor.consume(batchOf(jpeg()))).rejects.toThrow(/more than max_pending_bytes 1$/);
    await first;
    await processor.consume(batchOf(jpeg()));
  });

  it("makes its folder at start, and fails where it cannot", async () => {
    await create(config(join(folder, "a", "b"))).start();
    await access(join(folder, "a", "b"));
    expect(await filesIn(folder)).toEqual([]);
    await writeFile(join(folder, "file"), "");
    await expect(create(config(join(folder, "file"))).start()).rejects.toThrow(
      `images: cannot write to directory.path ${join(folder, "file")}: `,
    );
  });
});

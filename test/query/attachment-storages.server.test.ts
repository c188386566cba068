import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SignedUrls } from "../../query/attachments/signed-urls.ts";
import { png, sha256 } from "../processors/images/pictures.ts";
import { TestStore, uuidOf } from "./test-store.ts";

/*
 * The whole way of an image, for each place where it may be stored: in base64 in a span, through the processor images, and
 * back by the URL that the API gives.
 */

const secret = "0123456789abcdef";
/** What the test's bucket takes. */
const credentials = { access_key_id: "S3RVER", secret_access_key: "S3RVER" };
/** Of the processor. Characters that a URL has to escape, some of which the signature must escape otherwise. */
const prefix = "a b/ü+(1)'/";
const image = png(7, 5);
const key = `${prefix}${sha256(image).slice(0, 2)}/${sha256(image)}.png`;

let folder: string;
let bucketFolder: string;
let bucket: S3rver;
let endpoint: string;
let store: TestStore;

const s3 = () => ({ bucket: "traces", endpoint, force_path_style: true, ...credentials });
/** Configurations of the processor, once the folder and the bucket are there. */
const storages: Readonly<Record<string, () => object>> = {
  clickhouse: () => ({ storage: "clickhouse" }),
  directory: () => ({ storage: "directory", directory: { path: folder } }),
  s3: () => ({ storage: "s3", s3: { ...s3(), prefix } }),
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-attachments-"));
  bucketFolder = await mkdtemp(join(tmpdir(), "signalbox-bucket-"));
  const configureBuckets = [{ name: "traces", configs: [] }];
  bucket = new S3rver({ address: "127.0.0.1", port: 0, directory: bucketFolder, silent: true, configureBuckets });
  endpoint = `http://127.0.0.1:${(await bucket.run()).port}`;
  store = await TestStore.start({ api: { attachments: { url_secret: secret, directory: folder, s3: s3() } } });
});
afterAll(async () => {
  await store.stop();
  await bucket.close();
  await Promise.all([folder, bucketFolder].map((path) => rm(path, { recursive: true, force: true })));
});

/** Stores a span with the image, and gives the URL of its one attachment. */
async function urlOfNewSpan(storage: string): Promise<URL> {
  await store.configureImages(storages[storage]!());
  const id = uuidOf("span");
  const attachments = [{ type: "image", base64: image.toString("base64") }];
  const span = { id, trace_id: uuidOf("trac"), name: "shot", started_at: 1_772_000_000, attributes: { attachments } };
  const { body } = await store.post("/spans", [span]);
  expect(JSON.stringify(body)).not.toContain(image.toString("base64"));
  const list = (await store.get(`/spans/${id}/attachments`)).body;
  expect(list).toMatchObject({ count: 1, attachments: [{ id: sha256(image), media_type: "image/png", width: 7 }] });
  return new URL(list.attachments[0].url);
}

describe.each(Object.keys(storages))("an image in storage %s", (storage) => {
  let url: URL;
  beforeAll(async () => {
    url = await urlOfNewSpan(storage);
  });

  it("comes back by its URL, byte for byte, without a key", async () => {
    const answer = await fetch(url, { redirect: "error" });
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(image);
    expect(answer.headers.get("content-type")).toBe("image/png");
  });

  it("is read from where the processor has put it", async () => {
    const spanId = url.pathname.split("/").at(-2);
    const rows = await store.clickhouse.query("SELECT Url FROM attachments WHERE SpanId = {spanId: String}", {
      spanId,
    });
    const file = new RegExp(`^file://.*/${sha256(image)}\\.png$`);
    const stored = { clickhouse: "", directory: expect.stringMatching(file), s3: `s3://traces/${key}` };
    expect(rows).toEqual([{ Url: stored[storage as keyof typeof stored] }]);
  });

  it("does not come by a URL that has expired", async () => {
    const [project, traceId, spanId, attachmentId] = url.pathname.split("/").slice(-4) as [string, ...string[]];
    const ref = { project, traceId: traceId!, spanId: spanId!, attachmentId: attachmentId! };
    const urls = new SignedUrls(secret, 60_000);
    expect((await fetch(new URL(urls.pathOf(ref, Date.now()), url))).status).toBe(200);
    const late = await fetch(new URL(urls.pathOf(ref, Date.now() - 61_000), url));
    expect([late.status, await late.json()]).toEqual([403, { detail: expect.stringContaining("has expired") }]);
  });

  it("does not come by a URL that was changed", async () => {
    const changes: readonly ((changed: URL) => void)[] = [
      (changed) => changed.searchParams.set("expires", String(Number(changed.searchParams.get("expires")) + 60)),
      (changed) => changed.searchParams.set("signature", "0".repeat(64)),
      (changed) => (changed.pathname = changed.pathname.replace(/[0-9a-f]{64}$/, "0".repeat(64))),
    ];
    for (const change of changes) {
      const changed = new URL(url);
      change(changed);
      const answer = await fetch(changed);
      expect([answer.status, await answer.json()]).toEqual([403, { detail: expect.stringContaining("is not valid") }]);
    }
  });
});

describe("a bucket", () => {
  async function put(bytes: Buffer | undefined): Promise<void> {
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = credentials;
    const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1", retries: 0 });
    const path = key.split("/").map(encodeURIComponent).join("/");
    const init = bytes === undefined ? { method: "DELETE" } : { method: "PUT", body: new Uint8Array(bytes) };
    expect((await client.fetch(`${endpoint}/traces/${path}`, init)).ok).toBe(true);
  }

  it("with other bytes than the attachment's shows none of them; 404 where they are gone", async () => {
    const url = await urlOfNewSpan("s3");
    for (const bytes of [Buffer.alloc(image.length, 1), Buffer.concat([image, image]), image.subarray(1)]) {
      await put(bytes);
      const answer = await fetch(url);
      expect([answer.status, await answer.json()]).toEqual([502, { detail: "what is stored is not the attachment" }]);
    }
    await put(undefined);
    expect((await fetch(url)).status).toBe(404);
    await put(image);
    expect((await fetch(url)).status).toBe(200);
  });
});

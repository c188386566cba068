import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RetryableError } from "../../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../../support/doubles.ts";
import { collectMetrics } from "../../../support/metrics.ts";
import { base64, jpeg, png, sha256 } from "../pictures.ts";
import { create } from "../run.ts";

/** What the test server takes. */
const credentials = { access_key_id: "S3RVER", secret_access_key: "S3RVER" };
const image = png();
const batchOf = (...images: Buffer[]): SpanBatch =>
  batchOfSpans([
    { attributes: { images: JSON.stringify(images.map((bytes) => `data:image/png;base64,${base64(bytes)}`)) } },
  ]);

let folder: string;
let server: S3rver;
let endpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-s3-"));
  const configureBuckets = [{ name: "traces", configs: [] }];
  server = new S3rver({ address: "127.0.0.1", port: 0, directory: folder, silent: true, configureBuckets });
  endpoint = `http://127.0.0.1:${(await server.run()).port}`;
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const config = (s3: object = {}) =>
  ({
    storage: "s3",
    s3: { bucket: "traces", endpoint, force_path_style: true, ...credentials, ...s3 },
  }) as const;

async function objectOf(key: string): Promise<Response> {
  const client = new AwsClient({
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    service: "s3",
    region: "us-east-1",
  });
  return client.fetch(`${endpoint}/traces/${key}`);
}

/** A server that answers with what the test says, and counts. */
async function scripted(answer: (method: string) => number | "hang"): Promise<{
  readonly server: Server;
  readonly url: string;
  readonly requests: { method: string; host: string; url: string }[];
}> {
  const requests: { method: string; host: string; url: string }[] = [];
  const http = createServer((request, response) => {
    requests.push({ method: request.method!, host: request.headers.host!, url: request.url! });
    const status = answer(request.method!);
    request.resume();
    if (status !== "hang") request.on("end", () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { server: http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, requests };
}

async function close(http: Server): Promise<void> {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
}

/**
 * The signature that the request must have.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function signatureOf({ method, url, headers }: IncomingMessage, secret: string): string {
  const [, scope, names] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization!)!;
  const lines = names!.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const hash = headers["x-amz-content-sha256"] as string;
  const canonical = [method, url, "", lines.join(""), names, hash].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(Buffer.from(canonical))].join("\n");
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  return hmac(scope!.split("/").reduce<string | Buffer>(hmac, `AWS4${secret}`), text).toString("hex");
}

describe("images processor with a bucket", () => {
  it("puts each image under its hash before the spans go on", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    await create(config({ prefix: "a b/ü/" }), next).consume(batchOf(image, jpeg()));
    const key = `a b/ü/${sha256(image).slice(0, 2)}/${sha256(image)}.png`;
    const response = await objectOf(encodeURI(key));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(image);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(next.batches[0]!.attachments).toMatchObject([
      { url: `s3://traces/${key}`, dataLength: 0 },
      { mediaType: "image/jpeg", dataLength: 0 },
    ]);
  });

  it("does not send what the bucket has", async () => {
    const metrics = collectMetrics();
    const own = png(5, 5, 3);
    await create(config()).consume(batchOf(own));
    const processor = create(config(), undefined, testSettings({ meter: metrics.meter }));
    await processor.consume(batchOf(own));
    expect(await metrics.value("processor_images_deduplicated")).toBe(1);
    await processor.consume(batchOf(own));
    expect(await metrics.value("processor_images_deduplicated")).toBe(2);
  });

  it("keeps the batch from going on without its images: wrong key, missing bucket", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const attempt = (s3: object) => create(config(s3), next).consume(batchOf(png(2, 2, 9)));
    await expect(attempt({ access_key_id: "nobody" })).rejects.toThrow(
      "images: an image cannot be stored: bucket traces answered 403",
    );
    await expect(attempt({ bucket: "missing" })).rejects.toThrow("bucket missing answered 404");
    await expect(attempt({ bucket: "missing" })).rejects.toBeInstanceOf(RetryableError);
    expect(next.batches).toEqual([]);
  });

  it("tries again what the service could not do now", async () => {
    let puts = 0;
    const http = await scripted((method) => (method === "HEAD" ? 404 : ++puts < 3 ? 503 : 200));
    const next = new RecordingConsumer<SpanBatch>();
    await create(config({ endpoint: http.url }), next).consume(batchOf(image));
    expect(puts).toBe(3);
    expect(next.batches).toHaveLength(1);
    await close(http.server);
  });

  it("gives up after max_attempts, and after timeout", async () => {
    const down = await scripted(() => 500);
    await expect(create(config({ endpoint: down.url, max_attempts: 2 })).consume(batchOf(image))).rejects.toThrow(
      "answered 500",
    );
    expect(down.requests.filter(({ method }) => method === "PUT")).toHaveLength(2);
    await close(down.server);
    const silent = await scripted(() => "hang");
    const slow = create(config({ endpoint: silent.url, max_attempts: 1, timeout: "50ms" }));
    await expect(slow.consume(batchOf(image))).rejects.toThrow("bucket traces cannot be reached");
    await close(silent.server);
    await expect(create(config({ endpoint: silent.url, max_attempts: 1 })).consume(batchOf(image))).rejects.toThrow(
      "cannot be reached",
    );
  });

  it("puts the bucket into the host name unless the path is asked for", async () => {
    const http = await scripted((method) => (method === "HEAD" ? 404 : 200));
    const port = new URL(http.url).port;
    // Every name under localhost is this machine.
    const virtual = create(config({ endpoint: `http://localhost:${port}`, force_path_style: false, max_attempts: 1 }));
    const outcome = await virtual.consume(batchOf(image)).then(
      () => http.requests[0]!.host,
      (error: Error) => error.message,
    );
    // Not every resolver knows them; the name is in the error then.
    expect(outcome).toContain("traces.localhost");
    await create(config({ endpoint: http.url })).consume(batchOf(image));
    expect(http.requests.at(-1)!.url).toBe(`/traces/${sha256(image).slice(0, 2)}/${sha256(image)}.png`);
    await close(http.server);
  });

  it("signs each upload with the hash of its bytes, for the region, with a session token", async () => {
    const headers: IncomingHttpHeaders[] = [];
    const http = createServer((request, response) => {
      expect(request.headers.authorization).toContain(`Signature=${signatureOf(request, "S3RVER")}`);
      if (request.method === "PUT") headers.push(request.headers);
      request.resume();
      request.on("end", () => response.writeHead(request.method === "HEAD" ? 404 : 200).end());
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    await create(config({ endpoint: url, region: "eu-west-9", session_token: "token" })).consume(batchOf(image));
    expect(headers).toMatchObject([
      {
        "x-amz-content-sha256": sha256(image),
        "x-amz-security-token": "token",
        "content-length": String(image.length),
        "content-type": "image/png",
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=S3RVER\/\d{8}\/eu-west-9\/s3\/aws4_request, /,
        ),
      },
    ]);
    await close(http);
  });

  it("uploads at most max_in_flight images at a time", async () => {
    let open = 0;
    let most = 0;
    const http = createServer((request, response) => {
      most = Math.max(most, ++open);
      request.resume();
      request.on("end", () => setImmediate(() => response.writeHead(request.method === "HEAD" ? 404 : 200).end()));
      response.on("finish", () => open--);
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const processor = create({ ...config({ endpoint: url, max_in_flight: 2 }), max_images_per_span: 20 });
    await processor.consume(batchOf(...Array.from({ length: 12 }, (_, i) => png(3, 3, i))));
    expect(most).toBeLessThanOrEqual(2);
    await close(http);
  });
});

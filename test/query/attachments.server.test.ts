import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { SignedUrls } from "../../query/attachments/signed-urls.ts";
import { projects, TestStore, uuidOf } from "./test-store.ts";

/** The smallest PNG: one pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const [span, trace] = [uuidOf("span"), uuidOf("trac")];
const body = [
  {
    ...{ id: span, trace_id: trace, name: "shot", started_at: 1_772_000_000 },
    attributes: {
      attachments: [{ type: "screenshot", base64: png.toString("base64"), label: "start", viewport: "mobile" }],
    },
  },
];

let store: TestStore;
let folder: string;
let inFolder: TestStore;

beforeAll(async () => {
  store = await TestStore.start({ api: { attachments: { url_secret: "0123456789abcdef" } } });
  folder = await mkdtemp(join(tmpdir(), "signalbox-attachments-"));
  inFolder = await TestStore.start({
    api: { attachments: { directory: folder, base_url: "https://traces.example.com/" } },
    images: { storage: "directory", directory: { path: folder } },
  });
  await store.post("/spans", body);
  await inFolder.post("/spans", body);
});
afterAll(async () => {
  await store.stop();
  await inFolder.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => void vi.useRealTimers());

async function urlIn(one: TestStore): Promise<string> {
  return (await one.get(`/spans/${span}/attachments`)).body.attachments[0].url;
}

describe("GET /spans/{id}/attachments", () => {
  it("lists what a span carried, with a URL that needs no key", async () => {
    const { status, body: list } = await store.get(`/spans/${span}/attachments`);
    expect(status).toBe(200);
    expect(list).toMatchObject({
      count: 1,
      attachments: [
        {
          ...{ type: "screenshot", label: "start", viewport: "mobile", width: 1, height: 1, media_type: "image/png" },
          ...{ size_bytes: png.length },
        },
      ],
    });
    const image = await fetch(list.attachments[0].url);
    expect(image.status).toBe(200);
    expect(Buffer.from(await image.arrayBuffer())).toEqual(png);
    expect(Object.fromEntries(image.headers)).toMatchObject({
      "content-type": "image/png",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "content-disposition": expect.stringMatching(/^inline; filename="[0-9a-f]{16}\.png"$/),
      "cache-control": expect.stringMatching(/^private, max-age=3\d{3}, immutable$/),
    });
    const again = await fetch(list.attachments[0].url, { headers: { "if-none-match": image.headers.get("etag")! } });
    expect(again.status).toBe(304);
  });

  it("is empty for a span without any, and 404 where there is no span", async () => {
    const other = uuidOf("span");
    await store.post("/spans", [{ id: other, trace_id: trace, name: "none", started_at: 1_772_000_000 }]);
    expect((await store.get(`/spans/${other}/attachments`)).body).toEqual({ attachments: [], count: 0 });
    expect((await store.get(`/spans/${uuidOf("none")}/attachments`)).status).toBe(404);
    expect((await store.get("/spans/x/attachments")).status).toBe(400);
    expect((await store.get(`/spans/${span}/attachments`, "b")).status).toBe(404);
  });

  it("says how many there are on the span", async () => {
    expect((await store.get(`/spans/${span}`)).body.attachment_count).toBe(1);
  });
});

describe("URLs of attachments", () => {
  const changed: Record<string, (url: URL) => void> = {
    "another project": (url) => (url.pathname = url.pathname.replace(projects.a, projects.b)),
    "another attachment": (url) => (url.pathname = url.pathname.replace(/[0-9a-f]{64}$/, "0".repeat(64))),
    "another span": (url) => (url.pathname = url.pathname.replace(/[0-9a-f]{32}(?=\/[0-9a-f]{64}$)/, "1".repeat(32))),
    "a later end": (url) => url.searchParams.set("expires", String(Number(url.searchParams.get("expires")) + 1)),
    "another signature": (url) => url.searchParams.set("signature", "0".repeat(64)),
  };
  it.each(Object.keys(changed))("are refused with %s", async (name) => {
    const url = new URL(await urlIn(store));
    changed[name]!(url);
    expect((await fetch(url)).status).toBe(403);
  });

  it.each(["expires=1&signature=", "signature=00", "expires=99999999999", "expires=1e9&signature=x", ""])(
    "with the query '%s' are a mistake",
    async (query) => {
      const url = new URL(await urlIn(store));
      url.search = query;
      expect((await fetch(url)).status).toBe(400);
    },
  );

  it.each([
    "/attachments/../../etc/passwd",
    "/attachments/%2e%2e/%2e%2e/%2e%2e/etc%2fpasswd",
    "/attachments/a/b/c/d%00",
  ])("%s leads nowhere", async (path) => {
    // Not by fetch, which would resolve the dots itself.
    const status = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(store.url);
      request({ hostname, port, path }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect([400, 404]).toContain(status);
  });

  it("end", () => {
    const urls = new SignedUrls("0123456789abcdef", 60_000);
    const ref = { project: projects.a, traceId: "a", spanId: "b", attachmentId: "c" };
    const url = new URL(urls.pathOf(ref, 1_000_000), "http://localhost");
    const left = (now: number) =>
      urls.secondsLeft(ref, Number(url.searchParams.get("expires")), url.searchParams.get("signature")!, now);
    expect(left(1_000_000)).toBe(60);
    expect(left(1_059_000)).toBe(1);
    expect(left(1_060_000)).toBeUndefined();
  });

  it("take no host from a request that says something else than a host", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(store.url);
      const headers = { host: 'evil"><script>', authorization: "Bearer key-a" };
      request({ hostname, port, path: `/spans/${span}/attachments`, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text));
      })
        .on("error", reject)
        .end();
    });
    expect(answer).not.toContain("script");
  });

  it("lead to files of the configured folder", async () => {
    const url = await urlIn(inFolder);
    expect(url).toMatch(/^https:\/\/traces\.example\.com\/attachments\//);
    const image = await fetch(url.replace("https://traces.example.com", inFolder.url));
    expect(Buffer.from(await image.arrayBuffer())).toEqual(png);
  });

  it("never show bytes that are not those of the attachment, nor files elsewhere", async () => {
    const url = (await urlIn(inFolder)).replace("https://traces.example.com", inFolder.url);
    const [digits] = (await readdir(folder)).filter((name) => name.length === 2);
    const [name] = await readdir(join(folder, digits!));
    const path = join(folder, digits!, name!);
    await writeFile(path, Buffer.alloc(png.length, 1));
    expect((await fetch(url)).status).toBe(502);
    await writeFile(path, Buffer.concat([png, png]));
    expect((await fetch(url)).status).toBe(502);
    await rm(path);
    expect((await fetch(url)).status).toBe(404);
    await inFolder.clickhouse.command(
      "ALTER TABLE attachments UPDATE Url = 'file:///etc/hostname' WHERE 1 SETTINGS mutations_sync = 2",
    );
    expect((await fetch(url)).status).toBe(502);
  });
});

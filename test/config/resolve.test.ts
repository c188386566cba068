import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultLimits, type LoadLimits } from "../../config/limits.ts";
import { ConfigError } from "../../config/problems.ts";
import { resolveConfig } from "../../config/resolve.ts";

async function treeOf(sources: string[], sets: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  return (await resolveConfig(sources, sets, env)).tree;
}

async function messageOf(sources: string[], sets: string[] = [], limits: LoadLimits = defaultLimits): Promise<string> {
  const error: unknown = await resolveConfig(sources, sets, {}, limits).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe("sources", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "signalbox-config-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it("merge maps deeply and replace lists and scalars, from left to right", async () => {
    const first = file("first.yaml", "a: {b: 1, c: [1, 2], d: {e: 1}}\nf: 1\n");
    const second = file("second.yaml", "a: {c: [3], d: {g: 2}}\nf: {h: 1}\n");
    expect(await treeOf([first, `file:${second}`])).toEqual({ a: { b: 1, c: [3], d: { e: 1, g: 2 } }, f: { h: 1 } });
  });

  it("let a later null override", async () => {
    expect(await treeOf(["yaml:a: {b: 1}", "yaml:a: "])).toEqual({ a: null });
  });

  it("separate keys of inline YAML with ::", async () => {
    const source = "yaml:exporters::otlp/a.b::endpoint: x";
    expect(await treeOf([source, "yaml:exporters::debug: {}"])).toEqual({
      exporters: { "otlp/a.b": { endpoint: "x" }, debug: {} },
    });
  });

  it("may come from a variable", async () => {
    expect(await treeOf(["env:CONFIG"], [], { CONFIG: "a: ${env:B}", B: "2" })).toEqual({ a: 2 });
  });

  it("put --set on top, whatever delimiter separates its keys", async () => {
    const sets = ["a.b=2", "a::c.d=x", "e={f: 1}", "a.g=", "h=a=b", 'i="quoted"'];
    expect(await treeOf(["yaml:{a: {b: 1, k: 1}, e: {l: 1}}"], sets)).toEqual({
      a: { b: 2, k: 1, "c.d": "x", g: null },
      e: { f: 1, l: 1 },
      h: "a=b",
      i: "quoted",
    });
  });

  it("keep the text of --set for string fields", async () => {
    const { texts } = await resolveConfig(["yaml:"], ["a.b=0123"], {});
    expect(texts.at(["a", "b"])).toBe("0123");
  });

  it("replace references that --set brings", async () => {
    expect(await treeOf(["yaml:"], ["a=${env:X:-1}"])).toEqual({ a: 1 });
  });

  it("name the source that wrote a value last", async () => {
    const { origins } = await resolveConfig(["yaml:a: {b: 1, c: 1}", "env:X"], ["a.c=3"], { X: "a: {b: 2}" });
    expect(["b", "c"].map((key) => origins.of(["a", key]))).toEqual(["env:X", "--set"]);
    expect(origins.of(["a", "missing"])).toBe("--set");
  });

  it("resolve merge keys and aliases of YAML", async () => {
    const source = file("anchors.yaml", "base: &base {a: 1, b: 2}\nuser: {<<: *base, b: 3}\nagain: *base\n");
    expect(await treeOf([source])).toMatchObject({ user: { a: 1, b: 3 }, again: { a: 1, b: 2 } });
  });

  it("all report their faults at once", async () => {
    const missing = join(folder, "missing.yaml");
    const message = await messageOf(
      [missing, "env:NOT_SET", folder, "ftp://host/file", "yaml:[1]"],
      ["novalue", "a..b=1"],
    );
    expect(message.split("\n")).toEqual([
      `${missing}: cannot be read: no such file`,
      "env:NOT_SET: environment variable is not set",
      `${folder}: cannot be read: is a directory`,
      '--config: scheme "ftp" is not supported, must be env, file, yaml, http, https',
      "yaml: must hold a map with receivers, exporters and service, got a list",
      "--set: must be a key and a value such as exporters.debug.verbosity=detailed",
      '--set: key "a..b" is not valid, must be names separated by .',
    ]);
  });

  it("must be there", async () => {
    expect(await messageOf([])).toBe("at least one config flag must be provided");
  });

  it("do not repeat the text of an option whose key is missing", async () => {
    expect(await messageOf(["yaml:"], ["hunter2"])).not.toContain("hunter2");
  });

  it.each([
    ["is larger than 10 bytes", "a: 1234567890", { maxSourceBytes: 10 }],
    ["nested deeper than 5 levels", "a: [[[[[[1]]]]]]", { maxDepth: 5 }],
    ["holds more than 3 values", "a: [1, 2, 3]", { maxValues: 3 }],
    ["is not UTF-8 text", Buffer.from([0x61, 0x3a, 0x20, 0xff]), {}],
    ['line 1: key "__proto__" is not allowed', "__proto__: {a: 1}", {}],
    ["line 1: a key must be a string, got a map", "{a: 1}: b", {}],
    ["line 2: holds a second YAML document, only one is read", "a: 1\n---\nb: 1\n", {}],
  ])("%s: is a problem", async (message, content, limits) => {
    const path = file("limits.yaml", content);
    expect(await messageOf([path], [], { ...defaultLimits, ...limits })).toBe(`${path}: ${message}`);
  });

  it("refuse aliases that expand to far more than the file", async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? "l0: &l0 [x]"
        : `l${level}: &l${level} [${Array(9)
            .fill(`*l${level - 1}`)
            .join(", ")}]`,
    );
    const message = await messageOf([file("bomb.yaml", levels.join("\n"))]);
    expect(message).toContain("invalid YAML: its aliases expand to too much");
  });

  it("refuse nesting that would overflow the stack", async () => {
    const message = await messageOf([file("deep.yaml", `a: ${"[".repeat(100_000)}`)]);
    expect(message).toContain("invalid YAML");
  });
});

describe("sources over HTTP", () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/config.yaml") response.end("a: 1");
      else if (request.url === "/large") response.end(`a: ${"x".repeat(1000)}`);
      else if (request.url === "/missing") response.writeHead(404).end();
      // Everything else waits for ever.
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("are fetched", async () => {
    expect(await treeOf([`${address}/config.yaml`])).toEqual({ a: 1 });
  });

  it("are bounded in size and in time, and must answer well", async () => {
    const limits = { ...defaultLimits, maxSourceBytes: 100, httpTimeoutMs: 200 };
    expect(await messageOf([`${address}/large`], [], limits)).toBe(`${address}/large: is larger than 100 bytes`);
    expect(await messageOf([`${address}/never`], [], limits)).toContain("cannot be fetched: ");
    expect(await messageOf([`${address}/missing`])).toBe(`${address}/missing: cannot be fetched: status 404`);
  });

  it("are named without their passwords", async () => {
    const message = await messageOf([`http://user:hunter2@127.0.0.1:1/?token=hunter3`]);
    expect(message).not.toMatch(/hunter/);
    expect(message).toContain("http://user:[REDACTED]@127.0.0.1:1/?token=[REDACTED]: cannot be fetched: ");
  });
});

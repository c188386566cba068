import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { cipherList } from "../../net/ciphers.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import { listen } from "../../net/listen.ts";

const servers: Server[] = [];
const server = (): Server => {
  servers.push(createServer());
  return servers.at(-1)!;
};

afterEach(() => {
  for (const open of servers.splice(0)) open.close();
});

describe("endpoint", () => {
  it.each([
    ["localhost:4317", { host: "localhost", port: 4317 }],
    ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
    ["[::1]:4317", { host: "::1", port: 4317 }],
    [":4317", { host: undefined, port: 4317 }],
    ["unix:/run/a.sock", { path: "/run/a.sock" }],
    ["unix:///run/a.sock", { path: "/run/a.sock" }],
    ["4317", undefined],
    ["localhost", undefined],
    ["::1:4317", undefined],
    ["localhost:65536", undefined],
    ["http://localhost:4317", undefined],
    ["unix:", undefined],
  ])("%s", (endpoint, address) => {
    expect(parseEndpoint(endpoint)).toEqual(address);
  });

  it("is a path for the transport unix", () => {
    expect(parseEndpoint("/run/a.sock", "unix")).toEqual({ path: "/run/a.sock" });
  });
});

describe("listen", () => {
  it("takes the IPv4 address of localhost", async () => {
    expect(await listen(server(), "otlp", "localhost:0")).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it("names the component, the endpoint and the reason when it cannot", async () => {
    const taken = await listen(server(), "otlp", "127.0.0.1:0");
    await expect(listen(server(), "otlp/2", taken)).rejects.toThrow(
      `otlp/2: cannot listen on ${taken}: address already in use`,
    );
    await expect(listen(server(), "otlp", "no-such-host.invalid:1")).rejects.toThrow("host not found");
  });

  it("replaces the unix socket of a dead process, and leaves that of a living one", async () => {
    const folder = await mkdtemp(`${tmpdir()}/listen-`);
    const path = `${folder}/s.sock`;
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const other = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(other.stdout, "data");
    await expect(listen(server(), "otlp", `unix:${path}`)).rejects.toThrow("address already in use");
    other.kill("SIGKILL");
    await once(other, "exit");
    await access(path);
    expect(await listen(server(), "otlp", `unix:${path}`)).toBe(`unix:${path}`);
    await rm(folder, { recursive: true });
  });
});

describe("cipher suites", () => {
  it.each([
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
    ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"],
    ["TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"],
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"],
    ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
  ])("%s", (name, expected) => {
    expect(cipherList([name])).toBe(expected);
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { traceRequest } from "../support/otlp.ts";
import { type Addresses, defaultConfigWith, Program, projectPath, ready } from "../support/program.ts";

let clickhouse: TestClickHouse;
const programs: Program[] = [];

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.dispose()));
});

afterAll(() => clickhouse?.stop());

async function start(...args: string[]): Promise<Program> {
  const program = await Program.start({ args });
  programs.push(program);
  return program;
}

/** Runs a command to its end. */
async function run(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const program = await start(...args);
  const code = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

async function send({ http }: Pick<Addresses, "http">, spans: number): Promise<number> {
  const headers = { "content-type": "application/x-protobuf" };
  const answer = await fetch(`${http}/v1/traces`, { method: "POST", headers, body: traceRequest(spans) });
  await answer.arrayBuffer();
  return answer.status;
}

const pipelineYaml = projectPath("pipeline.yaml");

describe("the command line", () => {
  it("finds nothing wrong with the default configuration", async () => {
    expect(await run("validate", "--config", pipelineYaml)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("names every problem of a configuration, and exits 1", async () => {
    const sets = ["--set", "exporters.clickhouse.timeout=10", "--set", "processors.bath="];
    const { code, stdout, stderr } = await run("validate", "--config", pipelineYaml, ...sets);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('--set: processors.bath: unknown processor type "bath", did you mean "batch"?\n');
  });

  it("needs a configuration to run, and says so", async () => {
    const stderr = "at least one config flag must be provided\n";
    expect(await run()).toEqual({ code: 1, stdout: "", stderr });
  });

  it("prints name and version", async () => {
    expect(await run("--version")).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^signalbox version \d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it("lists every component that the default configuration names", async () => {
    const { code, stdout } = await run("components");
    expect(code).toBe(0);
    const named = (kind: string): string[] => parse(stdout)[kind].map(({ name }: { name: string }) => name);
    expect(named("receivers")).toContain("otlp");
    expect(named("processors")).toEqual(expect.arrayContaining(["batch", "memory_limiter"]));
    expect(named("exporters")).toContain("clickhouse");
    expect(named("extensions")).toEqual(expect.arrayContaining(["clickhouse_server", "health_check"]));
  });

  it("prints the configuration without secrets, unless asked for them", async () => {
    const args = ["print-config", "--config", pipelineYaml, "--set", "exporters.clickhouse.password=hunter2"];
    const redacted = await run(...args);
    expect(redacted).toMatchObject({ code: 0, stderr: "" });
    expect(redacted.stdout).not.toContain("hunter2");
    expect(parse(redacted.stdout).exporters.clickhouse.password).toBe("[REDACTED]");
    const open = await run(...args, "--mode", "unredacted");
    expect(parse(open.stdout).exporters.clickhouse.password).toBe("hunter2");
  });

  it("exits 1 with the address when it cannot listen", async () => {
    const first = await start(...defaultConfigWith(clickhouse));
    const { http } = await ready(first);
    const taken = http.replace("http://", "");
    const second = `receivers.otlp.protocols.http.endpoint=${taken}`;
    const { code, stderr } = await run(...defaultConfigWith(clickhouse, second));
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`otlp: cannot listen on ${taken}: address already in use`);
  });
});

describe("a running Signalbox", () => {
  it("logs JSON when no terminal reads it, and says where to send, look and scrape", async () => {
    const program = await start(...defaultConfigWith(clickhouse));
    const addresses = await ready(program);
    const texts = program.lines.map(({ msg }) => msg);
    expect(program.stderr.trimEnd().split("\n")).toHaveLength(texts.length);
    expect(texts).toContain(`otlp: send OTLP over gRPC to ${addresses.grpc}`);
    expect(texts).toContain(`otlp: send OTLP over HTTP to ${addresses.http}`);
    expect(texts.find((text) => text.startsWith("  curl "))).toContain(clickhouse.url);
    const health = texts.find((text) => text.startsWith("health_check: "))!.slice("health_check: ".length);
    expect((await fetch(health)).status).toBe(200);
    expect((await fetch(addresses.metrics)).status).toBe(200);
  });

  it("stores what it has accepted before it exits 0 on SIGTERM", async () => {
    await clickhouse.command("TRUNCATE TABLE IF EXISTS otel_traces");
    // Blocks that would stay open for an hour, and answers that do not wait for them.
    const slow = ["exporters.clickhouse.insert.max_age=1h", "exporters.clickhouse.insert.linger=1h"];
    const program = await start(...defaultConfigWith(clickhouse, "service.acknowledge=received", ...slow));
    const addresses = await ready(program);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => send(addresses, 50)));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await clickhouse.query("SELECT count() AS spans FROM otel_traces")).toEqual([{ spans: "0" }]);
    expect(await program.stop()).toBe(0);
    expect(program.lines.at(-1)!.msg).toBe("stopped");
    expect(await clickhouse.query("SELECT count() AS spans FROM otel_traces")).toEqual([{ spans: "1000" }]);
  });

  it("takes a changed configuration on SIGHUP, and goes on with the former when the new one is wrong", async () => {
    const overlay = join((await start("--version")).directory, "overlay.yaml");
    await writeFile(overlay, "processors: {batch: {timeout: 100ms}}");
    const program = await start(...defaultConfigWith(clickhouse), "--config", overlay);
    await ready(program);

    await writeFile(overlay, "processors: {batch: {timeout: soon}}");
    program.signal("SIGHUP");
    const failure = await program.logged(/^reload failed, the former configuration goes on: /);
    expect(failure.level).toBe("error");
    expect(failure.msg).toContain("processors.batch.timeout");
    expect(await send(await ready(program), 1)).toBe(200);

    await writeFile(overlay, "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}");
    program.signal("SIGHUP");
    await program.logged(/^reloaded; /);
    const listens = await program.logged(/^OTLP receiver listens$/, 2);
    expect(await send({ http: `http://${listens["http"]}` }, 1)).toBe(200);
    expect(await program.stop()).toBe(0);
  });
});

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCli } from "../../main/cli.ts";
import type { RunOptions } from "../../main/options.ts";
import { fakeComponents } from "../support/fake-components.ts";

const valid = `yaml:
receivers: {otlp: }
exporters: {clickhouse: {endpoint: "http://u:hunter2@db", password: "\${env:PASSWORD}"}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [clickhouse]}}}`;

interface Outcome {
  code: number;
  out: string;
  err: string;
  runs: RunOptions[];
}

/** Runs a command line with fake components; `failure` is thrown by the pipelines. */
async function cli(args: string[], failure?: Error): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "", runs: [] };
  outcome.code = await runCli(args, {
    out: (text) => {
      outcome.out += text;
    },
    err: (text) => {
      outcome.err += text;
    },
    input: () => Readable.from([]),
    env: { PASSWORD: "0123" },
    components: async () => fakeComponents,
    run: async (options) => {
      outcome.runs.push(options);
      if (failure !== undefined) throw failure;
    },
  });
  return outcome;
}

describe("signalbox", () => {
  it("runs with its sources and settings in their order", async () => {
    const { code, err, runs } = await cli(["--config", "a.yaml", "--set=a.b=1", "--config=b.yaml", "--set", "c=2"]);
    expect({ code, err, runs }).toEqual({
      code: 0,
      err: "",
      runs: [{ configs: ["a.yaml", "b.yaml"], sets: ["a.b=1", "c=2"] }],
    });
  });

  it("exits 1 with the message of what stopped the run", async () => {
    const { code, err } = await cli(["--config", "a.yaml"], new Error("otlp: cannot listen"));
    expect({ code, err }).toEqual({ code: 1, err: "otlp: cannot listen\n" });
  });

  it("has no feature gates, and says so instead of failing", async () => {
    const { code, err, runs } = await cli(["--config", "a.yaml", "--feature-gates", "-a.b,c"]);
    expect([code, runs.length]).toEqual([0, 1]);
    expect(err).toBe(
      'warning: --feature-gates: "-a.b" is no feature gate of Signalbox and has no effect\n' +
        'warning: --feature-gates: "c" is no feature gate of Signalbox and has no effect\n',
    );
  });

  it.each([
    [[], "at least one config flag must be provided\n"],
    [["validate"], "at least one config flag must be provided\n"],
    [["print-config", "--validate=false"], "at least one config flag must be provided\n"],
    [["--confg", "x"], "error: unknown option '--confg'\n(Did you mean --config?)\n"],
    [["validate", "--confg", "x"], "error: unknown option '--confg'\n(Did you mean --config?)\n"],
    [["valdate"], 'unknown command "valdate", did you mean "validate"?\n'],
    [["featuregate", "x"], 'feature gate "x" is not known, Signalbox has no feature gates\n'],
    [["print-config", "--validate=maybe", "--config", valid], '--validate must be true or false, got "maybe"\n'],
    [
      ["print-config", "--mode", "open"],
      "error: option '--mode <mode>' argument 'open' is invalid. Allowed choices are redacted, unredacted.\n",
    ],
  ])("%j exits 1 and says why", async (args, message) => {
    const { code, out, err, runs } = await cli(args);
    expect({ code, out, err, runs }).toEqual({ code: 1, out: "", err: message, runs: [] });
  });

  it.each(["-v", "--version"])("%s prints name and version", async (option) => {
    const { code, out } = await cli([option]);
    expect(code).toBe(0);
    expect(out).toMatch(/^signalbox version \d+\.\d+\.\d+\n$/);
  });

  it("--help shows the options and commands, and exits 0", async () => {
    const { code, out } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const word of ["--config", "--set", "validate", "components", "print-config"]) expect(out).toContain(word);
    expect(out).not.toContain("docs");
  });
});

describe("signalbox validate", () => {
  it.each([
    ["validate", "--config", valid],
    ["--config", valid, "validate"],
  ])("says nothing about a good configuration: %s %s", async (...args) => {
    const { code, out, err } = await cli(args);
    expect({ code, out, err }).toEqual({ code: 0, out: "", err: "" });
  });

  it("writes warnings on standard error, and exits 0", async () => {
    const { code, out, err } = await cli(["validate", "--config", valid, "--set", "extensions.zpages="]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^warning: --set: extensions.zpages: Signalbox has no zpages extension; .*\n$/);
  });

  it("writes every problem on standard error and exits 1", async () => {
    const { code, out, err } = await cli([
      "validate",
      "--config",
      valid,
      "--set",
      "processors.bath=",
      "--set",
      "servce.x=1",
    ]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err.trimEnd().split("\n")).toEqual([
      '--set: unknown key "servce", did you mean "service"?',
      '--set: processors.bath: unknown processor type "bath", did you mean "batch"?',
    ]);
  });
});

describe("signalbox components", () => {
  it("lists what the build holds as YAML", async () => {
    const { code, out } = await cli(["components"]);
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      buildinfo: { command: "signalbox" },
      receivers: [{ name: "otlp", module: "signalbox/receivers/otlp", stability: { traces: "Beta", logs: "Beta" } }],
      exporters: [{ name: "clickhouse" }, { name: "debug" }, { name: "otlp_grpc", aliases: ["otlp"] }],
      extensions: [{ name: "health_check", module: "signalbox/extensions/health_check" }],
      connectors: [],
    });
  });
});

describe("signalbox print-config", () => {
  it.each(["print-config", "print-initial-config"])("%s hides secrets", async (command) => {
    const { code, out } = await cli([command, "--config", valid]);
    expect(code).toBe(0);
    expect(parse(out).exporters.clickhouse).toEqual({ endpoint: "http://u:[REDACTED]@db", password: "[REDACTED]" });
  });

  it("shows everything on demand, as JSON too", async () => {
    const { out } = await cli(["print-config", "--mode", "unredacted", "--format", "json", "--config", valid]);
    expect(JSON.parse(out).exporters.clickhouse).toEqual({ endpoint: "http://u:hunter2@db", password: "0123" });
  });

  it("refuses a configuration with problems, unless told not to look", async () => {
    const args = ["print-config", "--config", valid, "--set", "exporters.clickhouse.pasword=hunter2"];
    expect((await cli(args)).code).toBe(1);
    const { code, out } = await cli([...args, "--validate=false"]);
    expect(code).toBe(0);
    expect(parse(out).exporters.clickhouse.pasword).toBe("[REDACTED]");
  });
});

describe("signalbox docs", () => {
  it("writes the reference to a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-docs-"));
    const file = join(folder, "docs", "configuration.md");
    expect((await cli(["docs", "--output", file])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe((await cli(["docs"])).out);
    rmSync(folder, { recursive: true });
  });

  it("writes the reference of dialects, and says which documents there are", async () => {
    expect((await cli(["docs", "genai-dialects"])).out).toMatch(/^# Dialects\n/);
    expect((await cli(["docs", "recipes"])).err).toContain("Allowed choices are configuration, genai-dialects.");
  });

  it("fails --check when the file is stale", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-docs-"));
    const file = join(folder, "configuration.md");
    await cli(["docs", "--output", file]);
    expect(await cli(["docs", "--check", file])).toMatchObject({ code: 0, out: "", err: "" });
    appendFileSync(file, "more");
    const { code, err } = await cli(["docs", "--check", file]);
    expect(code).toBe(1);
    expect(err).toContain("is stale, write it with npm run docs");
    rmSync(folder, { recursive: true });
  });
});

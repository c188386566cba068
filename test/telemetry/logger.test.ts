import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogsConfig } from "../../telemetry/config.ts";
import { LogSampler } from "../../telemetry/log-sampling.ts";
import { componentLogger, createLogger } from "../../telemetry/logger.ts";

describe("logger", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const configOf = (overrides: Partial<LogsConfig> = {}): LogsConfig => ({
    level: "info",
    output_paths: [join(folder, "log")],
    initial_fields: {},
    ...overrides,
  });
  const lines = async (): Promise<Record<string, unknown>[]> =>
    (await readFile(join(folder, "log"), "utf8"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));

  it("writes JSON lines with level, time, initial fields and the component", async () => {
    const logger = createLogger(configOf({ initial_fields: { region: "eu" } }));
    componentLogger(logger, "processor", "batch/large", "traces").warn({ spans: 3 }, "late");
    expect(await lines()).toEqual([
      {
        level: "warn",
        ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        region: "eu",
        "otelcol.component.id": "batch/large",
        "otelcol.component.kind": "processor",
        "otelcol.signal": "traces",
        spans: 3,
        msg: "late",
      },
    ]);
  });

  it("leaves lines below the level out, and takes the Collector's level names", async () => {
    const logger = createLogger(configOf({ level: "DPANIC" }));
    logger.error("no");
    logger.fatal("yes");
    expect((await lines()).map((line) => line["msg"])).toEqual(["yes"]);
  });

  it("shows no secrets: neither well-known fields nor what libraries hang onto errors", async () => {
    const logger = createLogger(configOf());
    const error = Object.assign(new Error("failed", { cause: new Error("deeper") }), {
      code: "EFAIL",
      request: { headers: { authorization: "hunter2" } },
    });
    logger.info({ password: "hunter2", request: { headers: { authorization: "Bearer hunter2" } } }, "fields");
    logger.error({ err: error }, "error");
    const [fields, failed] = await lines();
    expect(JSON.stringify(await lines())).not.toContain("hunter2");
    expect(fields).toMatchObject({ password: "[REDACTED]", request: { headers: { authorization: "[REDACTED]" } } });
    expect(failed).toMatchObject({ err: { message: "failed", code: "EFAIL", cause: { message: "deeper" } } });
  });

  it("thins out repeated lines of all children together", async () => {
    const sampling = { enabled: true, tick: 60_000, initial: 2, thereafter: 3 };
    const logger = createLogger(configOf({ sampling }));
    const children = [componentLogger(logger, "exporter", "a"), componentLogger(logger, "exporter", "b")];
    for (let i = 0; i < 8; i++) children[i % 2]!.error({ i }, "again");
    logger.error({ i: 8 }, "another");
    expect((await lines()).map((line) => line["i"])).toEqual([0, 1, 4, 7, 8]);
  });

  it("writes for people when the encoding is console", async () => {
    const logger = createLogger(configOf({ encoding: "console" }));
    logger.info("hello");
    const component = componentLogger(logger, "processor", "batch/large", "traces");
    component.warn({ spans: 3 }, "late");
    component.warn("batch/large: names itself");
    const text = await readFile(join(folder, "log"), "utf8");
    expect(text.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^\[[\d:.]+\] INFO: hello$/),
      expect.stringMatching(/ WARN: batch\/large: late \{"spans":3\}$/),
      expect.stringMatching(/ WARN: batch\/large: names itself$/),
    ]);
  });

  it("names the key when the level or an output path is wrong", () => {
    expect(() => createLogger(configOf({ level: "loud" }))).toThrow(
      'service.telemetry.logs.level: unknown level "loud", must be one of trace, debug, info, warn, error, fatal',
    );
    expect(() => createLogger(configOf({ output_paths: ["/dev/null/x"] }))).toThrow(
      'service.telemetry.logs.output_paths: cannot open "/dev/null/x": ',
    );
  });
});

describe("log sampler", () => {
  it("counts anew after a tick, per message and level", () => {
    let now = 0;
    const sampler = new LogSampler({ enabled: true, tick: 10, initial: 1, thereafter: 0 }, () => now);
    expect([
      sampler.passes(30, "a"),
      sampler.passes(30, "a"),
      sampler.passes(40, "a"),
      sampler.passes(30, "b"),
    ]).toEqual([true, false, true, true]);
    now = 10;
    expect([sampler.passes(30, "a"), sampler.passes(30, "a")]).toEqual([true, false]);
  });

  it("stays bounded when every message is new", () => {
    const sampler = new LogSampler({ enabled: true, tick: 1e9, initial: 1, thereafter: 0 }, () => 0);
    for (let i = 0; i < 5_000; i++) sampler.passes(30, `message ${i}`);
    expect(sampler.passes(30, "message 4999")).toBe(false);
    expect(sampler.passes(30, "message 0")).toBe(true);
  });
});

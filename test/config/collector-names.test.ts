import { describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { loadComponents } from "../../pipeline/components.ts";

/** What a configuration with real components gives to see. */
async function warningsOf(yaml: string): Promise<readonly string[]> {
  const source = `yaml:${yaml}`;
  const { warnings } = await loadConfig([source], [], loadComponents, {});
  return warnings.map((warning) => warning.replace(/^yaml: /, ""));
}

const pipelines = "{traces: {receivers: [otlp], exporters: [debug]}}";

describe("names and keys of the Collector, former ones among them", () => {
  it.each([
    ["processors", "resource", "{attributes: [{key: a, value: b, action: insert}]}"],
    ["processors", "memory_limiter", "{limit_mib: 100}"],
    ["processors", "batch", ""],
    ["exporters", "logging", ""],
    ["exporters", "otlp", "{endpoint: 'localhost:4317'}"],
    ["exporters", "otlphttp", "{endpoint: 'http://localhost:4318'}"],
  ])("%s: %s works for every signal", async (kind, type, config) => {
    const processor = kind === "processors" ? type : "batch/other";
    const exporter = kind === "exporters" ? type : "debug/other";
    const uses = `{receivers: [otlp], processors: [${processor}], exporters: [${exporter}]}`;
    const written = kind === "processors" ? `{${type}: ${config}}` : "{batch/other: }";
    const sent = kind === "exporters" ? `{${type}: ${config}}` : "{debug/other: }";
    const yaml = `{receivers: {otlp: {protocols: {grpc: }}}, processors: ${written}, exporters: ${sent},
      service: {pipelines: {traces: ${uses}, metrics: ${uses}, logs: ${uses}}}}`;
    expect(await warningsOf(yaml)).toEqual([]);
  });

  it.each([
    ["basic_auth", "{htpasswd: {inline: 'user:$$apr1$$x$$y'}}"],
    ["bearer_token_auth", "{token: x}"],
  ])("extensions: %s guards a receiver", async (type, config) => {
    const yaml = `{receivers: {otlp: {protocols: {grpc: {auth: {authenticator: ${type}}}}}}, exporters: {debug: },
      extensions: {${type}: ${config}}, service: {extensions: [${type}], pipelines: ${pipelines}}}`;
    expect(await warningsOf(yaml)).toEqual([]);
  });

  it("says what has no effect, and what stands for it today", async () => {
    const yaml = `{receivers: {otlp: {protocols: {grpc: }}}, processors: {memory_limiter: {limit_mib: 100, ballast_size_mib: 30}},
      exporters: {logging: {loglevel: debug}}, extensions: {memory_ballast: , healthcheckv2: },
      service: {extensions: [memory_ballast, healthcheckv2], pipelines: {traces: {receivers: [otlp],
      processors: [memory_limiter], exporters: [logging]}}}}`;
    expect(await warningsOf(yaml)).toEqual([
      "processors.memory_limiter.ballast_size_mib: is accepted without effect: there is no ballast",
      "exporters.logging.loglevel: is deprecated, use verbosity instead",
      "extensions.memory_ballast: Signalbox has no memory_ballast extension; it runs without what the extension offers",
      "extensions.healthcheckv2: Signalbox has no healthcheckv2 extension; it runs without what the extension offers; use health_check",
    ]);
  });
});

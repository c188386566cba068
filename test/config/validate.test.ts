import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../config/load.ts";
import { secret } from "../../config/secret.ts";
import type { LoadedConfig } from "../../config/validate.ts";
import { fakeComponents } from "../support/fake-components.ts";

const minimal = `
receivers: {otlp: }
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`;

function load(overlay: string, env: NodeJS.ProcessEnv = {}): Promise<LoadedConfig> {
  return loadConfig([`yaml:${minimal}`, `yaml:${overlay}`], [], fakeComponents, env);
}

describe("a loaded configuration", () => {
  it("holds the schema's output for each component, and defaults for one without a value", async () => {
    const config = await load("exporters: {clickhouse: {endpoint: x, timeout: 2s, max_block_size: 1KiB}}");
    expect(config.exporters.get("debug")?.config).toEqual({ verbosity: "basic" });
    expect(config.exporters.get("clickhouse")?.config).toMatchObject({ timeout: 2000, max_block_size: 1024 });
  });

  it("finds a factory by its alias and keeps the id as it is written", async () => {
    const config = await load("exporters: {otlp: {endpoint: a}, otlp_grpc/eu: {endpoint: b}}");
    expect(["otlp", "otlp_grpc/eu"].map((id) => config.exporters.get(id)?.factory.type)).toEqual([
      "otlp_grpc",
      "otlp_grpc",
    ]);
  });

  it("holds the pipelines with their signals", async () => {
    const { service } = await load("service: {pipelines: {logs/eu: {receivers: [otlp], exporters: [debug]}}}");
    expect([...service.pipelines.values()]).toEqual([
      { id: "traces", signal: "traces", receivers: ["otlp"], processors: [], exporters: ["debug"] },
      { id: "logs/eu", signal: "logs", receivers: ["otlp"], processors: [], exporters: ["debug"] },
    ]);
  });

  it("leaves out receivers and extensions that Signalbox lacks", async () => {
    const { service } = await load(`
receivers: {jaeger: }
extensions: {zpages: , health_check: }
service: {extensions: [zpages, health_check], pipelines: {traces: {receivers: [jaeger, otlp]}}}`);
    expect(service.extensions).toEqual(["health_check"]);
    expect(service.pipelines.get("traces")?.receivers).toEqual(["otlp"]);
  });

  it("takes a section without a value as a map with its defaults, and a key without one as left out", async () => {
    const { receivers } = await load("receivers: {otlp: {protocols: {grpc: , http: {endpoint: }}}}");
    expect(receivers.get("otlp")?.config).toEqual({
      protocols: { grpc: { endpoint: "localhost:4317" }, http: { endpoint: "localhost:4318" } },
    });
  });

  it("has the Collector's defaults for the service, and stored as acknowledgement", async () => {
    const { service } = await load("");
    expect(service).toMatchObject({
      acknowledge: "stored",
      shutdown_timeout: 30_000,
      telemetry: {
        logs: { level: "info", encoding: "console", sampling: { enabled: true, tick: 10_000, initial: 10 } },
        metrics: { level: "normal", readers: [{ host: "localhost", port: 8888, without_type_suffix: true }] },
        resource: {},
      },
    });
  });

  it.each([
    ["address: localhost:9999", [{ host: "localhost", port: 9999, without_units: true }]],
    ["address: ':8888'", [{ host: "0.0.0.0", port: 8888 }]],
    ["address: '[::1]:8888'", [{ host: "::1", port: 8888 }]],
    ["readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0}}}}]", [{ host: "0.0.0.0", without_units: false }]],
    ["readers: [{periodic: {exporter: {otlp: {endpoint: x}}}}]", []],
  ])("reads metrics as %s", async (metrics, readers) => {
    const { service } = await load(`service: {telemetry: {metrics: {${metrics}}}}`);
    expect(service.telemetry.metrics.readers).toMatchObject(readers);
  });

  it.each(["{a.b: x, c: null}", "{attributes: [{name: a.b, value: x}, {name: c, value: null}]}"])(
    "reads the resource from %s",
    async (resource) => {
      const { service } = await load(`service: {telemetry: {resource: ${resource}}}`);
      expect(service.telemetry.resource).toEqual({ "a.b": "x", c: null });
    },
  );

  it("keeps the tree as it was written, with strings where strings are wanted", async () => {
    const overlay = "exporters: {clickhouse: {endpoint: x, password: '${env:PASSWORD}', timeout: 2s}}";
    const { tree } = await load(overlay, { PASSWORD: "0123" });
    expect(tree["exporters"]).toEqual({ debug: null, clickhouse: { endpoint: "x", password: "0123", timeout: "2s" } });
  });
});

describe("problems", () => {
  it("name the source that holds the key at fault", async () => {
    const loading = loadConfig([`yaml:${minimal}`, "env:MORE"], ["exporters.debug.verbosity=loud"], fakeComponents, {
      MORE: "processors: {batch: {send_batch_sise: 1}}",
    });
    await expect(loading).rejects.toThrow(
      'env:MORE: processors.batch: unknown key "send_batch_sise", did you mean "send_batch_size"?\n' +
        '--set: exporters.debug.verbosity: must be basic, normal or detailed, got "loud"',
    );
  });

  it.each([
    "{endpoint: x, headers: {authorization: [hunter2]}}",
    "{endpoint: x, headers: {x-tenant: 12345}}",
    "{endpoint: [x], tls: {key_pem: {a: hunter2}}}",
    "{endpoint: x, compression: 'tcp://u:hunter2@host/'}",
    "{endpoint: x, api_key: hunter2}",
    "hunter2",
  ])("hold no secret of %s", async (config) => {
    const error: unknown = await load(`exporters: {otlp: ${config}}`).catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty("name", "ConfigError");
    const shown = config === "hunter2" ? /nothing/ : /hunter2|12345/;
    expect(String(error)).not.toMatch(shown);
  });

  it("hide everything inside a map that is a secret as a whole", async () => {
    const schema = z.strictObject({ users: z.record(z.string(), z.int()).meta({ secret: true }).optional() });
    const [debug] = fakeComponents.exporters.filter(({ type }) => type === "debug");
    const components = { ...fakeComponents, exporters: [{ ...debug!, configSchema: schema }] };
    const loading = loadConfig([`yaml:${minimal}`, "yaml:exporters: {debug: {users: {bob: hunter2}}}"], [], components);
    await expect(loading).rejects.toThrow("exporters.debug.users.bob: must be a number, got [REDACTED]");
  });

  it("of a union are those of the option that was meant, and hide what any option calls a secret", async () => {
    const schema = z.strictObject({
      auth: z.union([secret, z.strictObject({ user: z.string(), attempts: z.int().max(3) })]),
    });
    const [debug] = fakeComponents.exporters.filter(({ type }) => type === "debug");
    const components = { ...fakeComponents, exporters: [{ ...debug!, configSchema: schema }] };
    const messageOf = async (auth: string): Promise<string> =>
      loadConfig([`yaml:${minimal}`, `yaml:exporters: {debug: {auth: ${auth}}}`], [], components).then(
        () => "loads",
        (error: Error) => error.message,
      );
    expect(await messageOf("{user: x, attempts: 4}")).toContain("debug.auth.attempts: must be at most 3");
    expect(await messageOf("12345")).toContain("debug.auth: must be a string or a map, got [REDACTED]");
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNoopMeter } from "@opentelemetry/api";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../../config/load.ts";
import { Service } from "../../../main/service.ts";
import { loadComponents } from "../../../pipeline/components.ts";
import { messageOf } from "../../../pipeline/errors.ts";
import { cli } from "../../support/cli.ts";
import { tlsFolder } from "../../support/otlp-sinks.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-validate-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Sections of a configuration; a pipeline of traces lists what is in them, with `nop` at the ends that are not said. */
interface Parts {
  readonly receivers?: Record<string, unknown>;
  readonly processors?: Record<string, unknown>;
  readonly exporters?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

function configOf({
  receivers = { nop: {} },
  processors = {},
  exporters = { nop: {} },
  extensions = {},
}: Parts): string {
  const traces = {
    receivers: Object.keys(receivers),
    processors: Object.keys(processors),
    exporters: Object.keys(exporters),
  };
  const service = { extensions: Object.keys(extensions), pipelines: { traces } };
  return `yaml:${stringify({ receivers, processors, exporters, extensions, service })}`;
}

/** What a start says of a configuration. */
async function sayingOfStart(config: string): Promise<string> {
  const loaded = await loadConfig([config], [], loadComponents, {});
  const onFatal = (error: Error): never => {
    throw error;
  };
  const service = new Service({ logger: pino({ level: "silent" }), meter: createNoopMeter(), onFatal });
  try {
    await service.start(loaded);
  } catch (error) {
    return messageOf(error);
  }
  await service.shutdown();
  throw new Error("it has started");
}

/** Writes files and gives their paths back, by name. */
async function written<Name extends string>(texts: Record<Name, string>): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(texts) as Name[]) {
    paths[name] = join(directory, name);
    await writeFile(paths[name], texts[name]);
  }
  return paths as Record<Name, string>;
}

const goodTls = { cert_file: `${tlsFolder}server.crt`, key_file: `${tlsFolder}server.key` };
const rules = (field: string): string => `rules: [{id: costly, when: {field: ${field}, gt: 1}}]`;

/** Each component that reads a file: its configuration with a path, a right file, a broken one and what is said of that. */
const cases: readonly {
  readonly title: string;
  readonly parts: (path: string) => Parts;
  readonly right: string;
  readonly broken: string;
  readonly message: (path: string) => string;
}[] = [
  {
    title: "the price file of cost",
    parts: (path) => ({ processors: { cost: { price_file: { path } } } }),
    right: "models: [{model: mine, input: 1, output: 2}]",
    broken: "models: [{model: mine, inptu: 1, output: 2}, {prefix: other, input: free}]",
    message: (path) =>
      [
        `cost: price_file ${path}: [0]: unknown key "inptu", did you mean "input"?`,
        `cost: price_file ${path}: [1].input: must be a number, got "free"`,
      ].join("\n"),
  },
  {
    title: "the file of rules of signals",
    parts: (path) => ({ processors: { signals: { rules_file: { path } } } }),
    right: rules("Cost"),
    broken: rules("Csot"),
    message: (path) => `signals: rules_file ${path}: rules[0].when.field: `,
  },
  {
    title: "rules that the configuration has already",
    parts: (path) => ({ processors: { signals: { rule_sets: ["refusal"], rules_file: { path } } } }),
    right: rules("Cost"),
    broken: rules("Cost").replace("costly", "refusal"),
    message: (path) =>
      `signals: rules_file ${path}: rules[0].id: must not be that of a rule of the configuration, got "refusal"`,
  },
  {
    title: "the htpasswd file of basicauth",
    parts: (path) => ({ extensions: { basicauth: { htpasswd: { file: path } } } }),
    right: "joe:secret",
    broken: "# nobody\njoe",
    message: (path) => `basicauth: htpasswd.file ${path}: line 2 must be user:password`,
  },
  {
    title: "the tokens of bearertokenauth",
    parts: (path) => ({ extensions: { bearertokenauth: { filename: path } } }),
    right: "token",
    broken: "\n",
    message: (path) => `bearertokenauth: filename ${path}: holds no token`,
  },
  ...(["grpc", "http"] as const).map((protocol) => ({
    title: `the certificate of otlp over ${protocol}`,
    parts: (path: string) => ({
      receivers: {
        otlp: { protocols: { [protocol]: { endpoint: "127.0.0.1:0", tls: { ...goodTls, cert_file: path } } } },
      },
    }),
    right: "server.crt",
    broken: "no PEM",
    message: (path: string) => `otlp: cannot use tls.cert_file ${path}: `,
  })),
  {
    title: "the certificate of the api",
    parts: (path) => ({
      exporters: { clickhouse: { endpoint: "http://127.0.0.1:1" } },
      extensions: { api: { endpoint: "127.0.0.1:0", clickhouse: "clickhouse", tls: { ...goodTls, cert_file: path } } },
    }),
    right: "server.crt",
    broken: "no PEM",
    message: (path) => `api: cannot use tls.cert_file ${path}: `,
  },
  ...["clickhouse", "otlp_http", "otlp_grpc"].map((exporter) => ({
    title: `the certificate of ${exporter}`,
    parts: (path: string) => ({
      exporters: { [exporter]: { endpoint: "https://127.0.0.1:1", tls: { ...goodTls, cert_file: path } } },
    }),
    right: "server.crt",
    broken: "no PEM",
    message: (path: string) => `${exporter}: cannot use tls.cert_file ${path}: `,
  })),
];

describe("signalbox validate", () => {
  it.each(cases)("says of $title what a start says", async ({ parts, broken, message }) => {
    const { file } = await written({ file: broken });
    const config = configOf(parts(file));
    const { code, out, err } = await cli("validate", "--config", config);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err.startsWith(message(file)), err).toBe(true);
    expect(err).toBe(`${await sayingOfStart(config)}\n`);
  });

  it.each(cases)("says of $title that it is not there, as a start does", async ({ parts }) => {
    const config = configOf(parts(join(directory, "missing")));
    const { code, err } = await cli("validate", "--config", config);
    expect({ code, err }).toEqual({ code: 1, err: `${await sayingOfStart(config)}\n` });
    expect(err).toContain(`${join(directory, "missing")}: ENOENT`);
  });

  it.each(cases)("says nothing of $title when it is right", async ({ parts, right }) => {
    const path = right === "server.crt" ? `${tlsFolder}${right}` : (await written({ right })).right;
    expect(await cli("validate", "--config", configOf(parts(path)))).toEqual({ code: 0, out: "", err: "" });
  });

  it("names the faults of all files, extensions first, each once, behind the warnings", async () => {
    const { prices, users, password } = await written({ prices: "- model: free", users: "", password: "x" });
    const config = {
      receivers: { otlp: { protocols: { grpc: { tls: { cert_file: "a", key_file: "b" } } } } },
      processors: { cost: { price_file: { path: prices } }, "cost/unused": { price_file: { path: "unused" } } },
      exporters: { nop: null },
      extensions: {
        basicauth: { htpasswd: { file: users } },
        "basicauth/client": { client_auth: { username_file: "no user", password_file: "no password" } },
        "basicauth/right": { client_auth: { username: "me", password_file: password } },
      },
      service: {
        extensions: ["basicauth", "basicauth/client", "basicauth/right"],
        pipelines: {
          traces: { receivers: ["otlp"], processors: ["cost"], exporters: ["nop"] },
          "traces/2": { receivers: ["otlp"], processors: ["cost"], exporters: ["nop"] },
        },
      },
    };
    const { code, err } = await cli("validate", "--config", `yaml:${stringify(config)}`);
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toEqual([
      "warning: yaml: processors.cost/unused: is not used by any pipeline",
      `basicauth: htpasswd.file ${users}: holds no user`,
      "basicauth/client: client_auth.username_file no user: ENOENT: no such file or directory, open 'no user'",
      "basicauth/client: client_auth.password_file no password: ENOENT: no such file or directory, open 'no password'",
      `cost: price_file ${prices}: [0]: needs a price: input, output or request, got a map`,
      "otlp: cannot read tls.cert_file a: ENOENT: no such file or directory, open 'a'",
    ]);
  });

  it("names a key that is none, and one that is another certificate's", async () => {
    const { key } = await written({ key: "no PEM" });
    const withKey = (key_file: string): string =>
      configOf({
        receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0", tls: { ...goodTls, key_file } } } } },
      });
    const first = await cli("validate", "--config", withKey(key));
    expect(first.err.startsWith(`otlp: cannot use tls.key_file ${key}: `), first.err).toBe(true);
    const stranger = `${tlsFolder}stranger.key`;
    const { err } = await cli("validate", "--config", withKey(stranger));
    const both = `otlp: cannot use tls.cert_file ${goodTls.cert_file} with tls.key_file ${stranger}: `;
    expect(err.startsWith(both), err).toBe(true);
    expect(err).toContain("key values mismatch");
  });

  it("asks a plugin's processor about its files, and creates it not", async () => {
    const { plugin } = await written({
      plugin: `export default ({ z }) => ({ processors: [{
        type: "reading", description: "Reads.", stability: "alpha", signals: ["traces"],
        configSchema: z.strictObject({ path: z.string() }),
        create: () => { throw new Error("created"); },
        checkFiles: (config, { id }) => [Promise.reject(new Error(id + ": got " + JSON.stringify(config)))],
      }] });`,
    });
    const config = configOf({ processors: { reading: { path: "x" } } });
    const { code, err } = await cli("validate", "--config", config, "--set", `service.plugins=[${plugin}]`);
    expect({ code, err }).toEqual({ code: 1, err: 'reading: got {"path":"x"}\n' });
  });

  it("needs no certificate of a server that is not asked over TLS", async () => {
    const tls = { ca_file: "missing", insecure: true };
    const exporters = {
      clickhouse: { endpoint: "http://127.0.0.1:1", tls },
      otlp_grpc: { endpoint: "127.0.0.1:1", tls },
    };
    expect(await cli("validate", "--config", configOf({ exporters }))).toEqual({ code: 0, out: "", err: "" });
  });
});

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { loadConfig } from "../../../config/load.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../../otlp/protobuf-to-json.ts";
import { loadComponents } from "../../../pipeline/components.ts";
import { PermanentError } from "../../../pipeline/errors.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { attributesConfigSchema } from "../../../processors/attributes/config.ts";
import { attributesFactory } from "../../../processors/attributes/factory.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { otlpRoot } from "../../support/otlp-schema.ts";

type Signal = OtlpBatch["signal"];
type Input = z.input<typeof attributesConfigSchema>;
type Json = Record<string, unknown>;

const create = (signal: Signal, input: Input, next = new RecordingConsumer<OtlpBatch>()) =>
  attributesFactory.create(attributesConfigSchema.parse(input), next as never, testSettings({ signals: [signal] }));

async function run(signal: Signal, input: Input, request: Uint8Array, context?: OtlpBatch["context"]): Promise<Buffer> {
  const next = new RecordingConsumer<OtlpBatch>();
  await create(signal, input, next).consume(new OtlpBatch(signal, [request], 7, context));
  expect(next.itemCount).toBe(7);
  return Buffer.from(next.batches[0]!.requests[0]!);
}

const types = {
  logs: otlpRoot.lookupType("otlp.ExportLogsServiceRequest"),
  metrics: otlpRoot.lookupType("otlp.ExportMetricsServiceRequest"),
};
const encode = (signal: Signal, request: Json): Uint8Array =>
  types[signal].encode(types[signal].fromObject(request)).finish();
const decode = (signal: Signal, bytes: Uint8Array): Json =>
  types[signal].toObject(types[signal].decode(bytes), { longs: String, bytes: String });
const example = async (signal: Signal) =>
  Uint8Array.from(
    jsonToProtobuf(signal, await readFile(new URL(`../../testdata/otlp/${signal}.json`, import.meta.url))),
  );

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const logsOf = (...logRecords: Json[]): Json => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
const upsert: Input["actions"] = [{ action: "upsert", key: "seen", value: "yes" }];

/** Which of the records, in order, get the attribute `seen`. */
async function matched(match: Input["include"], request: Json): Promise<boolean[]> {
  const changed = await run("logs", { actions: upsert, include: match }, encode("logs", request));
  const found: boolean[] = [];
  for (const { scopeLogs } of protobufToJson("logs", changed).resourceLogs ?? []) {
    for (const { logRecords } of scopeLogs ?? []) {
      for (const { attributes } of logRecords ?? []) found.push((attributes ?? []).some(({ key }) => key === "seen"));
    }
  }
  return found;
}

describe("attributes processor of logs", () => {
  itLivesAsAComponent(() => create("logs", { actions: upsert }));

  it("acts on the attributes of every record, and not on those of resources and scopes", async () => {
    const attributes = [text("secret", "s"), text("user", "u")];
    const around = (logRecords: Json[]): Json => ({
      resourceLogs: [
        { resource: { attributes }, scopeLogs: [{ scope: { name: "s", attributes }, logRecords }], schemaUrl: "x" },
      ],
    });
    const other = { timeUnixNano: "5", severityNumber: 9, body: { stringValue: "b" }, traceId: "AAAA", flags: 1 };
    const request = encode("logs", around([{ ...other, attributes }, other, { attributes: [text("secret", "t")] }]));
    const actions: Input["actions"] = [
      { action: "delete", key: "secret" },
      { action: "insert", key: "n", value: 7 },
    ];
    const n = { key: "n", value: { intValue: "7" } };
    expect(decode("logs", await run("logs", { actions }, request))).toEqual(
      decode(
        "logs",
        encode(
          "logs",
          around([
            // A deleted entry gives its place to the next new one.
            { ...other, attributes: [n, text("user", "u")] },
            { ...other, attributes: [n] },
            { attributes: [n] },
          ]),
        ),
      ),
    );
  });

  it("takes values from the metadata of the sender", async () => {
    const context = { metadata: new Map([["tenant", ["acme"]]]), auth: new Map<string, string>() };
    const actions: Input["actions"] = [{ action: "insert", key: "tenant", from_context: "metadata.tenant" }];
    const changed = await run("logs", { actions }, encode("logs", logsOf({})), context);
    expect(decode("logs", changed)).toEqual(logsOf({ attributes: [text("tenant", "acme")] }));
  });

  it("matches bodies as text, whatever their type", async () => {
    const bodies = [{ stringValue: "GET /" }, { intValue: 42 }, { kvlistValue: { values: [text("GET", "x")] } }];
    const request = logsOf(...bodies.map((body) => ({ body })), {});
    expect(await matched({ match_type: "strict", log_bodies: ["GET /", "42"] }, request)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(await matched({ match_type: "regexp", log_bodies: ["GET"] }, request)).toEqual([true, false, true, false]);
  });

  it("matches severities by text and by lowest number; records without one as match_undefined says", async () => {
    const request = logsOf(
      { severityText: "INFO", severityNumber: 9 },
      { severityText: "WARN", severityNumber: 13 },
      { severityNumber: 0 },
    );
    expect(await matched({ match_type: "strict", log_severity_texts: ["INFO"] }, request)).toEqual([
      true,
      false,
      false,
    ]);
    const byNumber = (number: object) => matched({ log_severity_number: number }, request);
    expect(await byNumber({ min: 10 })).toEqual([false, true, false]);
    expect(await byNumber({ min: 10, match_undefined: true })).toEqual([false, true, true]);
    expect(await byNumber({})).toEqual([true, true, false]);
  });

  it("matches attributes, resources and libraries, wherever these stand in their messages", async () => {
    const scope = { name: "lib", version: "1" };
    const record = { attributes: [text("k", "v")] };
    const request = {
      resourceLogs: [
        { resource: { attributes: [text("env", "prod")] }, scopeLogs: [{ scope, logRecords: [record, {}] }] },
        { scopeLogs: [{ logRecords: [record] }] },
      ],
    };
    const match = (properties: object) => matched({ match_type: "strict", ...properties }, request);
    expect(await match({ attributes: [{ key: "k", value: "v" }] })).toEqual([true, false, true]);
    expect(await match({ resources: [{ key: "env", value: "prod" }] })).toEqual([true, true, false]);
    expect(await match({ libraries: [{ name: "lib", version: "1" }] })).toEqual([true, true, false]);
  });

  it("leaves records that exclude matches, and the bytes of a request none of whose records is selected", async () => {
    const request = encode("logs", logsOf({ severityText: "INFO" }, { severityText: "WARN" }));
    const only = (texts: string[]): Input["include"] => ({ match_type: "strict", log_severity_texts: texts });
    const changed = await run("logs", { actions: upsert, exclude: only(["INFO"]) }, request);
    expect(decode("logs", changed)).toEqual(
      logsOf({ severityText: "INFO" }, { severityText: "WARN", attributes: [text("seen", "yes")] }),
    );
    const same = await run("logs", { actions: upsert, include: only(["ERROR"]) }, request);
    expect(same.equals(request)).toBe(true);
  });
});

const exemplars = [{ filteredAttributes: [text("secret", "kept")], timeUnixNano: "1", asDouble: 0.5, spanId: "AAAA" }];
const pointsWith = (attributes: Json[]): Json[] => [
  {
    name: "g",
    unit: "1",
    gauge: { dataPoints: [{ asInt: "-3", timeUnixNano: "7", exemplars, attributes, flags: 1 }] },
  },
  { name: "s", sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 0, attributes }] } },
  {
    name: "h",
    histogram: {
      aggregationTemporality: 1,
      dataPoints: [{ count: "2", sum: 1.5, bucketCounts: ["1", "1"], explicitBounds: [0.5], exemplars, attributes }],
    },
  },
  {
    name: "e",
    exponentialHistogram: {
      dataPoints: [
        { attributes, count: "9", scale: -2, positive: { offset: -1, bucketCounts: ["1", "300"] }, exemplars },
      ],
    },
  },
  {
    name: "q",
    summary: { dataPoints: [{ count: "4", sum: 2, quantileValues: [{ quantile: 0.5, value: 1 }], attributes }] },
    metadata: [text("secret", "kept")],
  },
];
const metricsOf = (metrics: Json[]): Json => ({
  resourceMetrics: [
    {
      resource: { attributes: [text("secret", "kept")] },
      scopeMetrics: [{ scope: { name: "m" }, metrics, schemaUrl: "y" }],
      schemaUrl: "x",
    },
  ],
});

describe("attributes processor of metrics", () => {
  itLivesAsAComponent(() => create("metrics", { actions: upsert }));

  it("acts on the attributes of points of every kind, and not on those of exemplars and metadata", async () => {
    const request = encode("metrics", metricsOf(pointsWith([text("secret", "s"), text("user", "u")])));
    const actions: Input["actions"] = [
      { action: "delete", key: "secret" },
      { action: "upsert", key: "user", value: "anyone" },
    ];
    expect(decode("metrics", await run("metrics", { actions }, request))).toEqual(
      decode("metrics", encode("metrics", metricsOf(pointsWith([text("user", "anyone")])))),
    );
  });

  it("gives attributes to points that have none", async () => {
    const changed = await run("metrics", { actions: upsert }, encode("metrics", metricsOf(pointsWith([]))));
    expect(decode("metrics", changed)).toEqual(
      decode("metrics", encode("metrics", metricsOf(pointsWith([text("seen", "yes")])))),
    );
  });

  it("matches names of metrics, also where the name stands behind the points", async () => {
    const include: Input["include"] = { match_type: "regexp", metric_names: ["^[gs]$"] };
    const request = metricsOf(pointsWith([]));
    const expected = pointsWith([]).map((metric, i) => (i < 2 ? pointsWith([text("seen", "yes")])[i]! : metric));
    const changed = await run("metrics", { actions: upsert, include }, encode("metrics", request));
    expect(decode("metrics", changed)).toEqual(decode("metrics", encode("metrics", metricsOf(expected))));
    // ResourceMetrics { ScopeMetrics { Metric { gauge { point {} }, name: "g" } } }
    const reversed = Buffer.from("0a0b12091207" + "2a020a00" + "0a0167", "hex");
    expect(decode("metrics", await run("metrics", { actions: upsert, include }, reversed))).toEqual({
      resourceMetrics: [
        {
          scopeMetrics: [{ metrics: [{ name: "g", gauge: { dataPoints: [{ attributes: [text("seen", "yes")] }] } }] }],
        },
      ],
    });
  });
});

describe.each(["logs", "metrics"] as const)("attributes processor of any %s", (signal) => {
  const addAndRemove: Input["actions"] = [
    { action: "insert", key: "added and removed", value: "x" },
    { action: "delete", key: "added and removed" },
  ];

  it("gives back the bytes of a whole request when its attributes become what they were", async () => {
    const request = await example(signal);
    expect((await run(signal, { actions: addAndRemove }, request)).equals(request)).toBe(true);
  });

  it("leaves the requests alone that other pipelines hold too", async () => {
    const request = await example(signal);
    const before = Uint8Array.from(request);
    await run(signal, { actions: [{ action: "upsert", key: "long", value: "x".repeat(100_000) }] }, request);
    expect(Uint8Array.from(request)).toEqual(before);
  });

  it("refuses requests that were cut anywhere but between two fields", async () => {
    const whole = await example(signal);
    for (let length = 1; length < whole.length; length++) {
      const batch = new OtlpBatch(signal, [whole.subarray(0, length)], 1);
      const outcome = create(signal, { actions: upsert }).consume(batch as never);
      await expect(outcome).rejects.toThrow(new RegExp(`malformed ${signal} request at byte`));
      await expect(outcome).rejects.toBeInstanceOf(PermanentError);
    }
  });

  it("takes or refuses bytes at random, and what it takes can be read", async () => {
    const whole = await example(signal);
    for (let seed = 0; seed < 500; seed++) {
      const bytes = Uint8Array.from(whole);
      for (let i = 0; i < 3; i++) bytes[(seed * 7919 + i * 104_729) % bytes.length] = (seed * 31 + i * 97) & 0xff;
      try {
        const changed = await run(signal, { actions: upsert }, bytes);
        types[signal].decode(changed);
      } catch (error) {
        // protobufjs reads more strictly in places, as in a message that ends within a group.
        if (!(error instanceof PermanentError)) expect(() => types[signal].decode(bytes)).toThrow();
      }
    }
  });
});

describe("attributes configuration in a pipeline", () => {
  const load = (signal: string, match: string) =>
    loadConfig(
      [
        `yaml:{receivers: {nop: }, exporters: {nop: }, processors: {attributes: {actions: [{key: k, action: delete}], ${match}}}, service: {pipelines: {${signal}: {receivers: [nop], processors: [attributes], exporters: [nop]}}}}`,
      ],
      [],
      loadComponents,
      {},
    );

  it.each([
    ["traces", "include: {match_type: strict, log_bodies: [x]}", "include.log_bodies"],
    ["logs/eu", "exclude: {match_type: strict, services: [x], attributes: [{key: k}]}", "exclude.services"],
    ["metrics", "include: {match_type: strict, log_severity_number: {min: 9}}", "include.log_severity_number"],
  ])("refuses for %s what %s asks for", async (pipeline, match, path) => {
    const signal = pipeline.split("/")[0];
    await expect(load(pipeline, match)).rejects.toThrow(
      new RegExp(
        `processors\\.attributes\\.${path}: cannot be used with ${signal}, must be among .*attributes, resources, libraries; pipeline ${pipeline} lists it`,
      ),
    );
  });

  it("needs match_type for what is compared", async () => {
    await expect(load("logs", "include: {log_bodies: [x]}")).rejects.toThrow(
      "processors.attributes.include.match_type: is missing, log_bodies needs it, must be strict or regexp",
    );
  });

  it("takes what every signal has", async () => {
    const match = "include: {match_type: regexp, regexp: {cacheenabled: true}, resources: [{key: k}]}";
    for (const signal of ["traces", "metrics", "logs"]) await expect(load(signal, match)).resolves.toBeDefined();
  });
});

describe("attributes processor of requests that are unusual", () => {
  const field = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const value = Buffer.concat(parts);
    const length = [];
    for (let rest = value.length; ; rest >>>= 7) {
      length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) break;
    }
    return Buffer.concat([Buffer.from([tag, ...length]), value]);
  };
  const attribute = (key: string) => field(0x32, field(0x0a, Buffer.from(key)), field(0x12, Buffer.from([0x10, 1])));
  const unknown = Buffer.from("9a06036e6577", "hex"); // field 99: "new"
  const request = (record: Buffer) =>
    Buffer.concat([field(0x0a, unknown, field(0x12, unknown, field(0x12, record), unknown)), unknown]);

  it("keeps fields of a newer OTLP at every level, also between attributes", async () => {
    const record = Buffer.concat([attribute("a"), unknown, attribute("secret"), unknown, attribute("c")]);
    const changed = await run("logs", { actions: [{ action: "delete", key: "secret" }] }, request(record));
    expect(changed).toEqual(request(Buffer.concat([attribute("a"), attribute("c"), unknown, unknown])));
  });

  it("copies the attributes of a record that is not selected where they stand", async () => {
    const record = Buffer.concat([attribute("a"), unknown, attribute("b")]);
    const include: Input["include"] = { match_type: "strict", attributes: [{ key: "only here" }] };
    const two = (other: Buffer) =>
      Buffer.concat([request(record), request(Buffer.concat([attribute("only here"), other]))]);
    const changed = await run(
      "logs",
      { actions: [{ action: "upsert", key: "n", value: true }], include },
      two(unknown),
    );
    expect(changed).toEqual(two(Buffer.concat([attribute("n"), unknown])));
  });

  it("refuses values that are nested deeper than can be read safely", async () => {
    let value: Buffer = Buffer.from([0x10, 1]);
    for (let depth = 0; depth < 65; depth++) value = field(0x2a, field(0x0a, value));
    const deep = request(field(0x32, field(0x0a, Buffer.from("k")), field(0x12, value)));
    await expect(run("logs", { actions: upsert }, deep)).rejects.toThrow("nested deeper than max_depth");
    const deepBody = request(field(0x2a, value));
    await expect(run("logs", { actions: upsert }, deepBody)).rejects.toThrow("nested deeper than max_depth");
  });
});

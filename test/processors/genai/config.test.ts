import { describe, expect, it } from "vitest";
import { findingsOf } from "../../../config/issues.ts";
import { parseMending } from "../../../config/parse.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { genaiConfigSchema } from "../../../processors/genai/config.ts";
import type { Dialect } from "../../../processors/genai/dialect.ts";
import { genaiFactory } from "../../../processors/genai/factory.ts";
import { knownDialects } from "../../../processors/genai/known-dialects.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import {
  type Columns,
  type ConfigInput,
  mapAttributes,
  mapperOf,
  mapSpans,
  RecordedEvents,
  sample,
} from "./support.ts";

type Attributes = Record<string, AttributeValue>;

const map = (config: ConfigInput, attributes: Attributes, dialects: readonly Dialect[] = [sample]): Columns =>
  mapAttributes(attributes, { mapper: mapperOf(config, dialects) });

/** The attributes that are left of spans. */
function left(
  config: ConfigInput,
  spans: readonly Attributes[],
  dialects: readonly Dialect[] = [sample],
): Attributes[] {
  const batch = batchOfSpans(spans.map((attributes) => ({ attributes })));
  mapperOf(config, dialects).map(batch);
  return Array.from(batch, (span) => Object.fromEntries(span.attributes));
}

describe("genai processor", () => {
  itLivesAsAComponent(() =>
    genaiFactory.create(genaiConfigSchema.parse({}), new RecordingConsumer<SpanBatch>(), testSettings()),
  );

  it("passes mapped batches on and counts what it did", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const metrics = collectMetrics();
    const settings = testSettings({ meter: metrics.meter, id: "genai" });
    await genaiFactory
      .create(genaiConfigSchema.parse({}), next, settings)
      .consume(
        batchOfSpans([
          { attributes: { "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": -1 } },
          { attributes: { "logfire.pending_parent_id": "0", "logfire.span_type": "pending_span" } },
        ]),
      );
    const labels = { processor: "genai" };
    expect(next.itemCount).toBe(1);
    expect(await metrics.value("processor_genai_mapped_spans", { ...labels, dialect: "otel" })).toBe(1);
    expect(await metrics.value("processor_genai_refused_values", labels)).toBe(1);
    expect(await metrics.value("processor_genai_pending_spans_dropped", labels)).toBe(1);
  });
});

describe("mappings", () => {
  it("go before the rules of dialects, which are tried after them", () => {
    const mappings = [{ target: "RequestModel" as const, sources: ["my.model"] }];
    const attributes = { "gen_ai.request.model": "sent" };
    expect(map({ mappings }, { ...attributes, "my.model": "mine" })).toMatchObject({ RequestModel: "mine" });
    expect(map({ mappings }, attributes)).toMatchObject({ RequestModel: "sent" });
  });

  it("replace the rules of dialects with override, where their condition holds", () => {
    const when = { attribute: "my.app", equals: true };
    const mappings = [{ target: "RequestModel" as const, sources: ["my.model"], override: true, when }];
    const attributes = { "gen_ai.request.model": "sent" };
    expect(map({ mappings }, { ...attributes, "my.app": true })).not.toHaveProperty("RequestModel");
    expect(map({ mappings }, { ...attributes, "my.app": false })).toMatchObject({ RequestModel: "sent" });
  });

  it("take values out of JSON, translate them, and gather attributes by prefix", () => {
    const mappings: ConfigInput["mappings"] = [
      { target: "UserId", sources: [{ attribute: "ctx", path: ["user", "id"] }] },
      { target: "OperationKind", sources: [{ attribute: "my.kind", values: { "ask*": "llm" } }] },
      { target: "RequestParameters", sources: [{ prefix: "my.param." }] },
      { target: "SessionName", sources: [{ resource: "service.name" }] },
    ];
    const attributes = { ctx: '{"user":{"id":7}}', "my.kind": "ASKED", "my.param.a": 1, "my.param.b": "x" };
    expect(map({ mappings }, attributes)).toMatchObject({
      UserId: "7",
      OperationKind: "llm",
      RequestParameters: '{"a":1,"b":"x"}',
    });
    const mapper = mapperOf({ mappings }, [sample]);
    expect(mapAttributes({}, { mapper, resource: { "service.name": "shop" } })).toMatchObject({ SessionName: "shop" });
  });

  it("are for spans of which scope, name, resource and attributes match", () => {
    const outcome = (when: NonNullable<ConfigInput["mappings"]>[number]["when"]): boolean => {
      const mapper = mapperOf({ mappings: [{ target: "UserId", sources: ["u"], when }] }, [sample]);
      const span = { name: "chat gpt", attributes: { u: "1", "a.b": "X" } };
      return mapSpans([span], { mapper, scope: "my-scope", resource: { env: "prod" } })[0]!.UserId === "1";
    };
    expect(outcome({ scope: "my-*" })).toBe(true);
    expect(outcome({ scope: "other" })).toBe(false);
    expect(outcome({ span_name: ["x", "chat *"] })).toBe(true);
    expect(outcome({ resource: "env", equals: "PROD" })).toBe(true);
    expect(outcome({ resource: "env", equals: "test" })).toBe(false);
    expect(outcome({ attribute: "a.*" })).toBe(true);
    expect(outcome({ attribute: "a.b", equals: ["y", "x"] })).toBe(true);
    expect(outcome({ attribute: "a.b", equals: "x", negate: true })).toBe(false);
    expect(outcome({ all: [{ scope: "my-*" }, { attribute: "none", negate: true }] })).toBe(true);
    expect(outcome({ any: [{ scope: "none" }, { attribute: "a.b", equals: "x" }] })).toBe(true);
  });

  it("are refused when they name what there is not", () => {
    const problems = (mapping: object): string[] => {
      const value = { mappings: [mapping] };
      const parsed = parseMending(genaiConfigSchema, value, () => undefined);
      const issues = parsed.success ? [] : parsed.issues;
      return findingsOf(genaiConfigSchema, value, issues).map(
        ({ path, message }) => `${path.slice(2).join(".")}: ${message}`,
      );
    };
    const target = "UserId";
    expect(problems({ target: "UserID", sources: ["a"] })[0]).toMatch(
      /^target: must be .*, got "UserID", did you mean "UserId"\?$/,
    );
    expect(problems({ target, sources: [{ atribute: "a" }] })).toContain(
      'sources.0: unknown key "atribute", did you mean "attribute"?',
    );
    expect(problems({ target, sources: [{ attribute: "a", prefix: "b" }] })).toEqual([
      expect.stringMatching(/^sources\.0: needs one of attribute, prefix, .* got attribute and prefix$/),
    ]);
    expect(problems({ target, sources: ["a"], when: { equals: "x" } })).toContain(
      "when: needs one of attribute, resource, scope, span_name, all and any, got none",
    );
    expect(problems({ target, sources: [{ prefix: "a", path: ["x"] }] })[0]).toMatch(
      /^sources\.0\.path: stands beside attribute only/,
    );
  });
});

describe("dialects", () => {
  it("can be switched off one by one", () => {
    const attributes = { "gen_ai.request.model": "m" };
    expect(map({ dialects: { otel: { enabled: false } } }, attributes, knownDialects)).toEqual({});
  });

  it("that do not exist are refused with the name that was probably meant", () => {
    const { error } = genaiConfigSchema.safeParse({ dialects: { langfuze: { enabled: false } } });
    expect(error?.issues[0]?.message).toBe('unknown dialect "langfuze", did you mean "langfuse"?');
  });

  it("are none where a span has attributes of none", () => {
    const events = new RecordedEvents();
    mapAttributes({ "http.request.method": "GET" }, { mapper: mapperOf({}, undefined, events) });
    expect(events.dialects).toEqual({});
  });
});

describe("remove_originals", () => {
  it("removes what filled a column, families too, and leaves the rest", () => {
    const family: Dialect = {
      ...sample,
      rules: [...sample.rules, { target: "Input", sources: [{ indexed: "gen_ai.prompt.", shape: "traceloop" }] }],
    };
    const attributes = {
      "gen_ai.request.model": "m",
      "gen_ai.provider.name": "openai",
      "gen_ai.system": "loser",
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": "hi",
      "gen_ai.usage.input_tokens": -1,
      "gen_ai.usage.prompt_tokens": 1,
      other: 1,
    };
    expect(left({ remove_originals: true }, [attributes], [family])).toEqual([
      { "gen_ai.system": "loser", "gen_ai.usage.input_tokens": -1, other: 1 },
    ]);
  });

  it("keeps what was cut, what is a part of JSON, and usage that was left out", () => {
    const long = "x".repeat(40);
    const json = '{"session":[{"id":"s"}]}';
    expect(
      left({ remove_originals: true, max_name_length: 16 }, [{ "gen_ai.request.model": long, "gen_ai.meta": json }]),
    ).toEqual([{ "gen_ai.request.model": long, "gen_ai.meta": json }]);
    const outer: Dialect = { ...sample, repeatsUsage: { attribute: "gen_ai.outer" } };
    const usage = { "gen_ai.usage.input_tokens": 3 };
    expect(left({ remove_originals: true }, [{ ...usage, "gen_ai.outer": true }, usage], [outer])).toEqual([
      { ...usage, "gen_ai.outer": true },
      {},
    ]);
  });

  it("leaves everything by default", () => {
    expect(left({}, [{ "gen_ai.request.model": "m" }])).toEqual([{ "gen_ai.request.model": "m" }]);
  });
});

describe("provenance", () => {
  const of = (config: ConfigInput, attributes: Attributes, dialects?: readonly Dialect[]): unknown => {
    const [found] = left({ provenance: true, ...config }, [attributes], dialects);
    return JSON.parse(found!["signalbox.mapping"] as string);
  };

  it("names dialect and key behind each column", () => {
    const mappings = [{ target: "UserId" as const, sources: [{ attribute: "ctx", path: ["id"] }] }];
    expect(of({ mappings }, { ctx: '{"id":"u"}', "gen_ai.system": "openai", tags: ["a"] })).toEqual({
      UserId: "mappings: ctx[id]",
      Provider: "sample: gen_ai.system",
      Tags: ["general: tags"],
    });
  });

  it("says that usage was left out", () => {
    const outer: Dialect = { ...sample, repeatsUsage: { attribute: "gen_ai.outer" } };
    expect(of({}, { "gen_ai.usage.input_tokens": 3, "gen_ai.outer": true }, [outer])).toEqual({
      InputTokens: "sample: gen_ai.usage.input_tokens",
      UsageRepeats: true,
    });
  });

  it("is written beside originals that are removed, of every span", () => {
    const spans = [{ "gen_ai.request.model": "a", x: 1 }, { "gen_ai.request.model": "b" }];
    const mapping = '{"RequestModel":"sample: gen_ai.request.model"}';
    expect(left({ provenance: true, remove_originals: true }, spans)).toEqual([
      { x: 1, "signalbox.mapping": mapping },
      { "signalbox.mapping": mapping },
    ]);
  });

  it("is not written by default, nor on spans that no rule fills anything of", () => {
    expect(left({}, [{ "gen_ai.request.model": "m" }])[0]).not.toHaveProperty("signalbox.mapping");
    expect(left({ provenance: true }, [{ other: 1 }])).toEqual([{ other: 1 }]);
  });
});

describe("pending spans", () => {
  const logfire: Dialect = { ...sample, pending: { attribute: "gen_ai.pending", equals: ["true"] } };
  const spans = [{ attributes: { "gen_ai.pending": true } }, { attributes: { "gen_ai.pending": false } }];

  it("are dropped and counted", () => {
    const events = new RecordedEvents();
    expect(mapSpans(spans, { mapper: mapperOf({}, [logfire], events) })).toHaveLength(1);
    expect(events.pending).toBe(1);
  });

  it("are kept when the configuration says so", () => {
    expect(mapSpans(spans, { mapper: mapperOf({ pending_spans: "keep" }, [logfire]) })).toHaveLength(2);
  });
});

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { attributesConfigSchema } from "../../../processors/attributes/config.ts";
import { attributesFactory } from "../../../processors/attributes/factory.ts";
import { batchOf, batchOfSpans, type SpanSketch } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";

type Input = z.input<typeof attributesConfigSchema>;
type Attributes = Record<string, AttributeValue>;

const create = (input: Input, next = new RecordingConsumer<SpanBatch>(), settings = testSettings()) =>
  attributesFactory.create(attributesConfigSchema.parse(input), next, settings);

async function change(input: Input, batch: SpanBatch): Promise<Attributes[]> {
  await create(input).consume(batch);
  return Array.from(batch, (span) => Object.fromEntries(span.attributes));
}

/** What becomes of the attributes of one span. */
async function act(actions: Input["actions"], attributes: Attributes): Promise<Attributes> {
  const [changed] = await change({ actions }, batchOfSpans([{ attributes }]));
  return changed!;
}

describe("attributes processor", () => {
  itLivesAsAComponent(() => create({ actions: [{ action: "delete", key: "k" }] }));

  it("inserts where the key is absent, updates where it is there, upserts either way", async () => {
    const spans: SpanSketch[] = [{ attributes: { k: "old" } }, {}];
    const outcome = (action: "insert" | "update" | "upsert") =>
      change({ actions: [{ action, key: "k", value: "new" }] }, batchOfSpans(spans));
    expect(await outcome("insert")).toEqual([{ k: "old" }, { k: "new" }]);
    expect(await outcome("update")).toEqual([{ k: "new" }, {}]);
    expect(await outcome("upsert")).toEqual([{ k: "new" }, { k: "new" }]);
  });

  it("sets values of every type", async () => {
    const set = (key: string, value: string | number | boolean | string[]) => ({
      action: "upsert" as const,
      key,
      value,
    });
    const actions = [set("s", "é"), set("i", 7), set("d", 0.5), set("b", false), set("l", ["a", "b"])];
    expect(await act(actions, {})).toEqual({ s: "é", i: 7, d: 0.5, b: false, l: ["a", "b"] });
  });

  it("does actions in order, each seeing what the one before did", async () => {
    const actions: Input["actions"] = [
      { action: "insert", key: "a", value: 1 },
      { action: "upsert", key: "b", from_attribute: "a" },
      { action: "delete", key: "a" },
      { action: "insert", key: "a", value: 2 },
      { action: "extract", key: "url", pattern: "^/(?P<part>\\w+)" },
      { action: "hash", key: "part" },
    ];
    const hashed = createHash("sha256").update("users").digest("hex");
    expect(await act(actions, { url: "/users/5" })).toEqual({ url: "/users/5", a: 2, b: 1, part: hashed });
  });

  it("copies values of any type from another attribute, and nothing where there is none", async () => {
    const nested = new Map<string, AttributeValue>([["x", [1, "y"]]]);
    expect(await act([{ action: "insert", key: "to", from_attribute: "from" }], { from: nested })).toEqual({
      from: nested,
      to: nested,
    });
    expect(await act([{ action: "upsert", key: "to", from_attribute: "from" }], { to: 1 })).toEqual({ to: 1 });
  });

  it("takes metadata and authentication data from the request", async () => {
    const batch = batchOf(1);
    batch.context = { metadata: new Map([["x-tenant", ["a", "b"]]]), auth: new Map([["subject", "me"]]) };
    const actions: Input["actions"] = [
      { action: "insert", key: "tenant", from_context: "metadata.X-Tenant" },
      { action: "insert", key: "who", from_context: "auth.subject" },
      { action: "insert", key: "absent", from_context: "metadata.other" },
    ];
    expect(await change({ actions }, batch)).toEqual([{ tenant: "a;b", who: "me" }]);
    expect(await change({ actions }, batchOf(1))).toEqual([{}]);
  });

  it("deletes by key and by pattern", async () => {
    const attributes = { a: 1, "http.a": 2, "http.b": 3, "x.http.c": 4 };
    expect(await act([{ action: "delete", key: "a", pattern: "^http\\." }], attributes)).toEqual({ "x.http.c": 4 });
  });

  it("deletes every entry of a key that a sender repeated", async () => {
    const batch = batchOfSpans([{ attributes: { k: 1 } }]);
    batch.attributes.push(batch.attributes.keys.find("k"), 3, 2, 0);
    batch.attributeEnd[0] = batch.attributes.length;
    expect(await change({ actions: [{ action: "delete", key: "k" }] }, batch)).toEqual([{}]);
  });

  it("hashes strings by their bytes, numbers as 8 bytes little-endian, booleans as one byte", async () => {
    const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
    const double = Buffer.alloc(8);
    double.writeDoubleLE(0.5);
    const attributes = { s: "é", i: -2, d: 0.5, b: true, empty: "", nothing: null };
    expect(await act([{ action: "hash", pattern: "." }], attributes)).toEqual({
      s: sha256("é"),
      i: sha256(Buffer.from("feffffffffffffff", "hex")),
      d: sha256(double),
      b: sha256(Uint8Array.of(1)),
      empty: "",
      nothing: "",
    });
  });

  it("extracts named groups over what stands there, from strings alone", async () => {
    const extract: Input["actions"] = [
      { action: "extract", key: "url", pattern: "^https?://(?P<host>[^/:]+)(?::(?P<port>\\d+))?" },
    ];
    expect(await act(extract, { url: "http://example.org/x", host: 1 })).toEqual({
      url: "http://example.org/x",
      host: "example.org",
      port: "",
    });
    expect(await act(extract, { url: "no url" })).toEqual({ url: "no url" });
    expect(await act(extract, { url: 5 })).toEqual({ url: 5 });
  });

  it("converts between types and leaves alone what cannot be converted", async () => {
    const convert = async (value: AttributeValue, converted_type: "int" | "double" | "string") => {
      const batch = batchOfSpans([{ attributes: { k: value } }]);
      const [changed] = await change({ actions: [{ action: "convert", key: "k", converted_type }] }, batch);
      return [changed!["k"], batch.attributes.types[batch.attributeStart[0]!]];
    };
    const [STRING, INT, DOUBLE] = [1, 3, 4];
    expect(await convert("-12", "int")).toEqual([-12, INT]);
    expect(await convert("9223372036854775807", "int")).toEqual([2n ** 63n - 1n, INT]);
    expect(await convert("9223372036854775808", "int")).toEqual(["9223372036854775808", STRING]);
    expect(await convert("12.5", "int")).toEqual(["12.5", STRING]);
    expect(await convert(-12.9, "int")).toEqual([-12, INT]);
    expect(await convert(true, "int")).toEqual([1, INT]);
    expect(await convert([1], "int")).toEqual([[1], 5]);
    expect(await convert("1e3", "double")).toEqual([1000, DOUBLE]);
    expect(await convert(7, "double")).toEqual([7, DOUBLE]);
    expect(await convert("x", "double")).toEqual(["x", STRING]);
    expect(await convert(2n ** 62n, "string")).toEqual(["4611686018427387904", STRING]);
    expect(await convert(false, "string")).toEqual(["false", STRING]);
    expect(await convert([1, new Map([["a", 2n ** 60n]])], "string")).toEqual([
      '[1,{"a":1152921504606846976}]',
      STRING,
    ]);
    expect(await convert(false, "double")).toEqual([0, DOUBLE]);
  });

  it("writes a value once, however many spans get it", async () => {
    const batch = batchOf(1_000);
    const before = batch.arena.length;
    const value = "v".repeat(1_000);
    const changed = await change({ actions: [{ action: "insert", key: "region", value }] }, batch);
    expect(changed.every((attributes) => attributes["region"] === value)).toBe(true);
    expect(batch.arena.length - before).toBeLessThan(1_100);
  });

  it("moves a span's entries once, however many attributes it gets", async () => {
    const batch = batchOfSpans(Array.from({ length: 100 }, () => ({ attributes: { a: 1, b: 2 } })));
    const actions = ["c", "d", "e", "f"].map((key) => ({ action: "insert" as const, key, value: key }));
    await change({ actions }, batch);
    expect(batch.attributes.length).toBeLessThanOrEqual(100 * (2 + 6));
  });

  it("is stopped neither by patterns that would backtrack nor by long texts", async () => {
    const extract: Input["actions"] = [{ action: "extract", key: "k", pattern: "^(?P<all>(a+)+)$" }];
    const evil = `${"a".repeat(2_000)}!`;
    expect(await act(extract, { k: evil })).toEqual({ k: evil });
    const long = "a".repeat(70_000);
    expect(await act(extract, { k: long })).toEqual({ k: long });
  });

  it("leaves dropped spans alone and passes nothing on when all are dropped", async () => {
    const { meter, value } = collectMetrics();
    const next = new RecordingConsumer<SpanBatch>();
    const settings = testSettings({ id: "attributes/a", meter });
    const processor = create({ actions: [{ action: "upsert", key: "k", value: 1 }] }, next, settings);
    const batch = batchOf(2);
    batch.drop(0);
    await processor.consume(batch);
    const dropped = batchOf(1);
    dropped.drop(0);
    await processor.consume(dropped);
    expect(next.batches).toEqual([batch]);
    expect(batch.attributes.length).toBe(1);
    const labels = { processor: "attributes/a", "otel.signal": "traces" };
    expect([await value("processor_incoming_items", labels), await value("processor_outgoing_items", labels)]).toEqual([
      1, 1,
    ]);
  });
});

describe("attributes processor, include and exclude", () => {
  const spans: SpanSketch[] = [
    { name: "GET /a", kind: 2, attributes: { env: "prod", code: 200 } },
    { name: "GET /b", kind: 3, attributes: { env: "dev", code: 500 } },
    { name: "llm", kind: 3, attributes: { env: "prod" } },
  ];
  /** Names of the spans that are changed. */
  const matched = async (match: Pick<Input, "include" | "exclude">): Promise<string[]> => {
    const batch = batchOfSpans(spans, { "service.name": "shop", tier: 1 });
    await change({ actions: [{ action: "insert", key: "hit", value: true }], ...match }, batch);
    return Array.from(batch, (span) => (span.attributes.has("hit") ? span.name : "")).filter((name) => name !== "");
  };
  const include = (
    match: Omit<NonNullable<Input["include"]>, "match_type">,
    match_type: "strict" | "regexp" = "strict",
  ) => matched({ include: { match_type, ...match } });

  it("compares whole texts when strict, and searches patterns when regexp", async () => {
    expect(await include({ span_names: ["GET /a", "llm"] })).toEqual(["GET /a", "llm"]);
    expect(await include({ span_names: ["GET"] })).toEqual([]);
    expect(await include({ span_names: ["^GET /[ab]$"] }, "regexp")).toEqual(["GET /a", "GET /b"]);
    expect(await include({ services: ["sh"] })).toEqual([]);
    expect(await include({ services: ["^sh"], span_kinds: ["CLIENT"] }, "regexp")).toEqual(["GET /b", "llm"]);
    expect(await include({ span_kinds: ["SPAN_KIND_SERVER"] })).toEqual(["GET /a"]);
  });

  it("wants all attributes and resource attributes, by presence, value and type", async () => {
    expect(await include({ attributes: [{ key: "code" }] })).toEqual(["GET /a", "GET /b"]);
    expect(
      await include({
        attributes: [
          { key: "code", value: 200 },
          { key: "env", value: "prod" },
        ],
      }),
    ).toEqual(["GET /a"]);
    expect(await include({ attributes: [{ key: "code", value: "200" }] })).toEqual([]);
    expect(
      await include(
        {
          attributes: [
            { key: "code", value: "^[25]00$" },
            { key: "env", value: "dev" },
          ],
        },
        "regexp",
      ),
    ).toEqual(["GET /b"]);
    expect(await include({ resources: [{ key: "tier", value: 1 }], span_names: ["llm"] })).toEqual(["llm"]);
    expect(await include({ resources: [{ key: "tier", value: 2 }] })).toEqual([]);
    expect(await include({ attributes: [{ key: "nowhere" }] })).toEqual([]);
  });

  it("matches instrumentation scopes by name and version", async () => {
    expect(await include({ libraries: [{ name: "test-scope" }] })).toHaveLength(3);
    expect(await include({ libraries: [{ name: "test-scope", version: "" }] })).toHaveLength(3);
    expect(await include({ libraries: [{ name: "test-scope", version: "1" }] })).toEqual([]);
    expect(await include({ libraries: [{ name: "^test" }] }, "regexp")).toHaveLength(3);
  });

  it("asks include first, then exclude", async () => {
    expect(
      await matched({
        include: { match_type: "regexp", span_names: ["GET"] },
        exclude: { match_type: "strict", attributes: [{ key: "env", value: "dev" }] },
      }),
    ).toEqual(["GET /a"]);
    expect(await matched({ exclude: { match_type: "strict", span_names: ["llm"] } })).toEqual(["GET /a", "GET /b"]);
  });
});

describe("attributes configuration", () => {
  const problem = (input: unknown): string => {
    const [issue] = attributesConfigSchema.safeParse(input).error!.issues;
    return `${issue!.path.join(".")}: ${issue!.message}`;
  };
  const problemOf = (action: object): string => problem({ actions: [action] });

  it("needs an action, and for each action what it cannot do without", () => {
    expect(problem({ actions: [] })).toMatch(/^actions: /);
    expect(problemOf({ action: "insert", key: "k" })).toBe(
      "actions.0: needs one of value, from_attribute and from_context, got none",
    );
    expect(problemOf({ action: "upsert", key: "k", value: 1, from_attribute: "a" })).toBe(
      "actions.0: needs one of value, from_attribute and from_context, got value and from_attribute",
    );
    expect(problemOf({ action: "delete" })).toBe("actions.0: needs key or pattern");
    expect(problemOf({ action: "insert", key: "k", from_context: "other" })).toBe(
      "actions.0.from_context: must be metadata.<name> or auth.<name>",
    );
    expect(problemOf({ action: "convert", key: "k" })).toMatch(/^actions\.0\.converted_type: /);
  });

  it("says what is wrong with a pattern", () => {
    expect(problemOf({ action: "delete", pattern: "(?=x)" })).toMatch(
      /^actions\.0\.pattern: must be a regular expression in RE2 syntax: .*\(\?=/,
    );
    expect(problemOf({ action: "extract", key: "k", pattern: "(x)" })).toBe(
      "actions.0.pattern: must name at least one group, as in (?P<name>...)",
    );
    const include = { match_type: "regexp", span_names: ["ok", "("] };
    expect(problem({ actions: [{ action: "delete", key: "k" }], include })).toMatch(
      /^include\.span_names\.1: must be a regular expression in RE2 syntax: /,
    );
  });

  it("needs something to match in include", () => {
    const include = { match_type: "strict" };
    expect(problem({ actions: [{ action: "delete", key: "k" }], include })).toBe(
      "include: needs at least one of services, span_names, span_kinds, log_bodies, log_severity_texts, log_severity_number, metric_names, attributes, resources, libraries",
    );
  });
});

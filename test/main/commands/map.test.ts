import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { runCli } from "../../../main/cli.ts";
import { loadComponents } from "../../../pipeline/components.ts";

interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** Runs `signalbox map` with `input` on standard input. */
async function map(input: unknown, ...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "" };
  outcome.code = await runCli(["map", ...args], {
    out: (text) => {
      outcome.out += text;
    },
    err: (text) => {
      outcome.err += text;
    },
    input: () => Readable.from([Buffer.from(typeof input === "string" ? input : JSON.stringify(input))]),
    env: {},
    components: loadComponents,
    run: async () => {},
  });
  return outcome;
}

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "number" ? { doubleValue: value } : { stringValue: value },
});
const span = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  name: "chat",
  attributes: [
    attribute("gen_ai.system", "OpenAI"),
    attribute("gen_ai.request.model", "gpt-4o"),
    attribute("gen_ai.usage.input_tokens", 12.5),
    attribute("gen_ai.usage.prompt_tokens", 12),
    attribute("gen_ai.usage.completion_tokens", 3),
    attribute("gen_ai.usage.output_tokens", 4),
  ],
};

describe("signalbox map", () => {
  it("shows every column of a span with the rule that filled it and those that lost", async () => {
    expect(await map(span)).toEqual({
      code: 0,
      err: "",
      out: `span 0123456789abcdef of trace 0123456789abcdef0123456789abcdef: chat
  dialects: otel
  Dialect = "otel"  (follows from others)
  OperationKind = "llm"  (follows from others)
  Provider = "openai"  <- otel: gen_ai.system
  RequestModel = "gpt-4o"  <- otel: gen_ai.request.model
  InputTokens = 12  <- otel: gen_ai.usage.prompt_tokens
      not otel: gen_ai.usage.input_tokens: is not a whole number from 0 to 2^53 - 1
  OutputTokens = 4  <- otel: gen_ai.usage.output_tokens
      not otel: gen_ai.usage.completion_tokens: came later: 3
  TotalTokens = 16  (follows from others)
  Warnings = ["genai: InputTokens: gen_ai.usage.input_tokens (otel) is not a whole number from 0 to 2^53 - 1"]  (follows from others)
`,
    });
  });

  it("takes whole requests and says what repeats and what is dropped", async () => {
    const child = { ...span, spanId: "1111111111111111", parentSpanId: span.spanId };
    const pending = {
      ...span,
      spanId: "2222222222222222",
      attributes: [attribute("logfire.span_type", "pending_span")],
    };
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [span, child, pending] }] }] };
    const { out } = await map(request);
    expect(out).toContain("InputTokens = (left out: it repeats the usage of other spans)  <- otel");
    expect(out).toContain("dropped: the preliminary copy of a span that will come");
  });

  it("prints JSON", async () => {
    const { out } = await map([span], "--json");
    expect(JSON.parse(out)).toMatchObject([
      {
        spanId: span.spanId,
        dialects: ["otel"],
        isPending: false,
        fields: expect.arrayContaining([
          { name: "Provider", value: "openai", rule: { dialect: "otel", source: "gen_ai.system" }, losers: [] },
        ]),
      },
    ]);
  });

  it("uses the settings of the configuration's genai processor", async () => {
    const config = (processors: string): string => `yaml:
receivers: {nop: }
exporters: {debug: }
processors: {${processors}}
service: {pipelines: {traces: {receivers: [nop], exporters: [debug], processors: [${processors.split(":")[0]}]}}}`;
    const mapped = "genai: {mappings: [{target: UserId, sources: [gen_ai.system]}]}";
    const { out, err } = await map(span, "--config", config(mapped));
    expect(err).toBe("");
    expect(out).toContain('UserId = "OpenAI"  <- mappings: gen_ai.system');
    const none = await map(span, "--config", config("batch: {}"));
    expect(none).toMatchObject({ code: 1, err: "map: no genai processor is configured\n" });
  });

  it("refuses input that is empty, no JSON, no span, or too large", async () => {
    expect(await map("")).toMatchObject({
      code: 1,
      err: "map: standard input is empty, must be a span in OTLP/JSON\n",
    });
    expect((await map("{")).err).toMatch(/^map: standard input is not JSON: /);
    expect((await map("7")).err).toBe("map: standard input must be a span in OTLP/JSON, or a request of spans\n");
    expect((await map(span, "--max-size", "10B")).err).toBe("map: standard input is larger than --max-size 10\n");
    expect((await map(span, "--max-size", "x")).err).toBe('--max-size: must be a size such as 16MiB, got "x"\n');
  });
});

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findingsOf } from "../../../config/issues.ts";
import { parseMending } from "../../../config/parse.ts";
import { formatPath } from "../../../config/problems.ts";
import { costConfigSchema } from "../../../processors/cost/config.ts";
import { isVersionOf } from "../../../processors/cost/names.ts";
import { packageVersion } from "../../../processors/cost/package-list.ts";
import { type CostSketch, call, price } from "./support.ts";

const million = (sketch: CostSketch = {}): CostSketch => call({ InputTokens: 1e6, OutputTokens: 0, ...sketch });

describe("prices in the configuration", () => {
  it("go before the default ones, which can be switched off", async () => {
    const models = [{ model: "gpt-4o", input: 1, output: 2 }];
    const [own, listed] = await price([million(), million({ ResponseModel: "gpt-4o-mini" })], { models });
    expect(own).toMatchObject({ Cost: 1, PriceVersion: "models" });
    expect(listed).toMatchObject({ Cost: 0.15, PriceVersion: packageVersion });
    const [off] = await price([million()], { default_prices: false });
    expect(off).toMatchObject({ Cost: 0, Warnings: [expect.stringMatching(/^unknown_model_price: /)] });
  });

  it("make a local model free, without a warning, which the default ones never price", async () => {
    const local = million({ Provider: "ollama", ResponseModel: "deepseek-chat" });
    const [free] = await price([local], { models: [{ provider: "ollama", regex: ".*", input: 0, output: 0 }] });
    expect(free).toEqual({ Cost: 0, InputCost: 0, OutputCost: 0, PriceVersion: "models" });
    const [unlisted] = await price([local]);
    expect(unlisted).toMatchObject({ Cost: 0, Warnings: [expect.stringContaining("ollama")] });
  });

  it("match exact names before prefixes, the longest prefix before others, and prefixes before patterns", async () => {
    const models = [
      { regex: "^a", input: 1 },
      { regex: "c-20", input: 2 },
      { prefix: "a", input: 3 },
      { prefix: "a-b-c", input: 4 },
      { prefix: "a-2507", input: 6 },
      { model: "A-b-c-2026-01-01", input: 5 },
    ];
    const names = ["a-b-c-2026-01-01", "a-b-c-2026-01-02", "a-2507", "a-2508", "a-mini", "xc-20"];
    const priced = await price(
      names.map((ResponseModel) => million({ ResponseModel })),
      { models },
    );
    expect(priced.map(({ Cost }) => Cost)).toEqual([5, 4, 6, 3, 1, 2]);
  });

  it("with a provider go before those for any, and match the provider's other names", async () => {
    const models = [
      { model: "m", input: 1 },
      { model: "m", provider: "azure", input: 2 },
    ];
    const spans = ["openai", "azure.ai.openai", "azure"].map((Provider) => million({ Provider, ResponseModel: "m" }));
    expect((await price(spans, { models })).map(({ Cost }) => Cost)).toEqual([1, 2, 2]);
  });

  it("hold from a day up to another, and leave the rest of the time to the default ones", async () => {
    const models = [
      { model: "gpt-4o", input: 7, from: "2026-08-01", to: "2026-09-01" },
      { model: "gpt-4o", input: 8, from: "2026-09-01T00:00:00Z", to: "2026-10-01" },
    ];
    const times = ["2026-07-31T23:59:59Z", "2026-08-01T00:00:00Z", "2026-08-31T23:59:59.999Z", "2026-09-01T00:00:00Z"];
    const spans = [...times, "2026-10-01T00:00:00Z"].map((start) => million({ start }));
    expect((await price(spans, { models })).map(({ Cost }) => Cost)).toEqual([2.5, 7, 7, 8, 2.5]);
  });

  it("may have tiers and a price per request, with or without tokens", async () => {
    const models = [
      {
        ...{ model: "m", input: 2, cache_read: 1, output: 10, request: 0.005 },
        tiers: [
          { above_input_tokens: 500_000, input: 8 },
          { above_input_tokens: 100_000, input: 4, cache_read: 2 },
        ],
      },
      { model: "image", request: 0.04 },
    ];
    const [short, middle, long, image, silent] = await price(
      [
        million({ ResponseModel: "m", InputTokens: 100_000, CacheReadTokens: 50_000 }),
        million({ ResponseModel: "m", InputTokens: 200_000, CacheReadTokens: 100_000 }),
        million({ ResponseModel: "m", InputTokens: 600_000, CacheReadTokens: 100_000 }),
        call({ OperationKind: "image", ResponseModel: "image", InputTokens: undefined, OutputTokens: undefined }),
        call({ ResponseModel: "m", InputTokens: undefined, OutputTokens: undefined }),
      ],
      { models },
    );
    expect(short).toMatchObject({ Cost: 0.155, InputCost: 0.15, PriceTier: "base" });
    expect(middle).toMatchObject({ InputCost: 0.6, PriceTier: "above 100000" });
    expect(long).toMatchObject({ InputCost: 4.1, PriceTier: "above 500000" });
    expect(image).toEqual({ Cost: 0.04, InputCost: 0, OutputCost: 0, PriceVersion: "models" });
    expect(silent).toEqual({});
  });

  it("know what an alias means", async () => {
    const arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    const [priced, unknown] = await price(
      [
        million({ Provider: "aws.bedrock", ResponseModel: arn }),
        million({ Provider: "aws.bedrock", ResponseModel: `${arn}d` }),
      ],
      { aliases: { [arn]: "us.anthropic.claude-sonnet-4-5-20250929-v1:0" } },
    );
    // More than 200,000 tokens make no difference on Bedrock.
    expect(priced).toMatchObject({ Cost: 3.3 });
    expect(unknown).toMatchObject({ Cost: 0 });
  });

  it.each([
    ["openai", "openai/gpt-4o", 2.5],
    ["", "openai/gpt-4o", 2.5],
    ["litellm", "openrouter/openai/gpt-4o", 2.5],
    ["zeroeval", "gpt-4o", 2.5],
    ["azure.ai.openai", "gpt-4o", 2.5],
    ["openai", "gpt-4o-2026-12-31", 2.5],
    ["openai", "GPT-4o", 2.5],
    ["gcp.gen_ai", "gemini-2.5-flash", 0.3],
    ["gcp.gemini", "models/gemini-2.5-flash", 0.3],
    ["gcp.vertex_ai", "publishers/google/models/gemini-2.5-flash", 0.3],
    ["x_ai", "grok-4", 3],
    ["aws.bedrock", "amazon.nova-pro-v1:0", 0.8],
    ["aws.bedrock", "claude-3-5-sonnet-20241022", 3],
    ["aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", 3],
    ["litellm", "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0", 3],
    ["zeroeval", "llama-3.3-70b-versatile", 0.59],
    ["openai", "gpt-4o-dearer", 0],
    ["cohere", "command-a-plus", 0],
    ["anthropic", "claude-opus-4-9", 0],
    ["x_ai", "gpt-4o", 0],
    ["__proto__", "constructor", 0],
  ])("of the package are found for provider %j and model %j", async (Provider, ResponseModel, cost) => {
    const [priced] = await price([million({ Provider, ResponseModel })]);
    expect(priced).toMatchObject({ Cost: cost });
  });

  it("in dozens of patterns come to an end with names made to be slow", async () => {
    const models = Array.from({ length: 50 }, (_, i) => ({ regex: `^(a+)+${i}$`, input: 1 }));
    const [priced] = await price([million({ ResponseModel: "a".repeat(512) })], { models });
    expect(priced).toMatchObject({ Cost: 0 });
  });
});

describe("prefix", () => {
  it.each([
    "",
    "-2024-08-06",
    "-20250929",
    "-0613",
    "-001",
    "-latest",
    "-20250929-v1:0",
    "-v2:0",
    "@20250929",
    "@latest",
  ])("takes the version %j", (suffix) => expect(isVersionOf("gpt-4o", `gpt-4o${suffix}`)).toBe(true));

  it.each([
    "-mini",
    "-audio-preview",
    "-32k",
    "-1",
    "x",
    "-mini-2024-07-18",
    "-v2",
    "-2024-13-01",
    "-high",
    "-0613-mini",
  ])("does not take %j", (suffix) => expect(isVersionOf("gpt-4o", `gpt-4o${suffix}`)).toBe(false));
});

describe("configuration of prices", () => {
  const problemsOf = (value: unknown): string[] => {
    const parsed = parseMending(costConfigSchema, value, () => undefined);
    if (parsed.success) return [];
    return findingsOf(costConfigSchema, parsed.value, parsed.issues).map(
      ({ path, message }) => `${formatPath(path)}: ${message}`,
    );
  };

  it("says where a typing error is and what was meant", () => {
    expect(problemsOf({ models: [{ model: "m", input: 1, ouput: 2 }] })).toEqual([
      'models[0]: unknown key "ouput", did you mean "output"?',
    ]);
  });

  it.each([
    [{ input: 1 }, "models[0]: needs one of model, prefix and regex, got none"],
    [{ model: "m", regex: "m", input: 1 }, "models[0]: needs one of model, prefix and regex, got model and regex"],
    [{ model: "m" }, "models[0]: needs a price: input, output or request, got a map"],
    [{ model: "m", input: -1 }, "models[0].input: must be at least 0, got -1"],
    [{ model: "m", input: "1" }, 'models[0].input: must be a number, got "1"'],
    [{ model: "m", output: 1, cache_read: 1 }, "models[0].cache_read: needs input beside it, got 1"],
    [
      { model: "m", input: 1, from: "august" },
      'models[0].from: must be a date such as 2026-08-01 (UTC) or a time such as 2026-08-01T09:00:00Z, got "august"',
    ],
    [
      { model: "m", input: 1, from: "2026-01-02", to: "2026-01-01" },
      'models[0].to: must be after from, got "2026-01-01"',
    ],
  ])("refuses %j", (entry, problem) => {
    const problems = problemsOf({ models: [entry] });
    expect(problems).toContainEqual(problem);
  });

  it("takes the example of docs/cost.md", async () => {
    const text = await readFile(new URL("../../../docs/cost.md", import.meta.url), "utf8");
    const example = /```yaml\n(.*?)```/s.exec(text)![1]!;
    expect(problemsOf(parse(example).processors.cost)).toEqual([]);
  });

  it("refuses a pattern that is none", () => {
    expect(problemsOf({ models: [{ regex: "(", input: 1 }] })[0]).toMatch(
      /^models\[0\]\.regex: must be a regular expression in RE2 syntax: /,
    );
  });
});

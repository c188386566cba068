import { describe, expect, it } from "vitest";
import type { Dialect, UsageConvention } from "../../../processors/genai/dialect.ts";
import { type Columns, mapAttributes, mapperOf, sample } from "./support.ts";

interface Sent {
  input?: number;
  output?: number;
  cached?: number;
  reasoning?: number;
  total?: number;
}

const keys = {
  input: "gen_ai.usage.input_tokens",
  output: "gen_ai.usage.output_tokens",
  cached: "gen_ai.usage.cache_read.input_tokens",
  reasoning: "gen_ai.usage.reasoning.output_tokens",
  total: "gen_ai.usage.total_tokens",
} as const;

function stored(sent: Sent, usage: readonly UsageConvention[] = [], dialects: readonly Dialect[] = []): Columns {
  const attributes = Object.fromEntries(Object.entries(sent).map(([name, value]) => [keys[name as keyof Sent], value]));
  const mapper = mapperOf({}, [...dialects, { ...sample, usage }]);
  return mapAttributes(attributes, { mapper, scope: "sample-scope" });
}

const excluding: UsageConvention = { inputIncludesCache: false, outputIncludesReasoning: false };

describe("usage conventions", () => {
  it("take everything as included where nothing else is known", () => {
    expect(stored({ input: 100, output: 20, cached: 40, reasoning: 5 })).toMatchObject({
      InputTokens: 100,
      OutputTokens: 20,
      TotalTokens: 120,
    });
  });

  it("add cached and reasoning tokens for emitters that count them apart", () => {
    expect(stored({ input: 60, output: 15, cached: 40, reasoning: 5 }, [excluding])).toMatchObject({
      InputTokens: 100,
      OutputTokens: 20,
      TotalTokens: 120,
      CacheReadTokens: 40,
      ReasoningTokens: 5,
    });
  });

  it("are overruled by counts that cannot be: a part larger than the whole", () => {
    expect(stored({ input: 3, output: 20, cached: 40 })).toMatchObject({ InputTokens: 43 });
    expect(stored({ input: 3, output: 2, reasoning: 5 })).toMatchObject({ OutputTokens: 7 });
    expect(stored({ output: 2, cached: 40 })).toMatchObject({ InputTokens: 40, TotalTokens: 42 });
  });

  it("are overruled by a total that comes out only when the parts are added", () => {
    expect(stored({ input: 60, output: 20, cached: 40, total: 120 })).toMatchObject({ InputTokens: 100 });
    expect(stored({ input: 100, output: 15, reasoning: 5, total: 120 })).toMatchObject({ OutputTokens: 20 });
    expect(stored({ input: 60, output: 15, cached: 40, reasoning: 5, total: 120 })).toMatchObject({
      InputTokens: 100,
      OutputTokens: 20,
      TotalTokens: 120,
    });
  });

  it("keep a total that is more than the sum, and replace one that is less", () => {
    expect(stored({ input: 10, output: 5, total: 18 })).toMatchObject({ TotalTokens: 18 });
    expect(stored({ input: 10, output: 5, total: 3 })).toMatchObject({ TotalTokens: 15 });
    expect(stored({ total: 18 })).toMatchObject({ TotalTokens: 18 });
  });

  it("are those of the first that holds, by values of the span", () => {
    const when = { attribute: keys.total, equals: ["7"] };
    expect(stored({ input: 10, cached: 5, total: 7 }, [{ ...excluding, when }])).toMatchObject({ InputTokens: 15 });
    expect(stored({ input: 10, cached: 5, total: 8 }, [{ ...excluding, when }])).toMatchObject({ InputTokens: 10 });
  });

  it("of the emitter's scope go before those of dialects that only its keys are of", () => {
    const byKey: Dialect = {
      name: "by_key",
      source: "test",
      recognise: { keys: ["gen_ai.usage.*"] },
      rules: [],
      usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
    };
    expect(stored({ input: 60, cached: 40 }, [excluding], [byKey])).toMatchObject({ InputTokens: 100 });
  });
});

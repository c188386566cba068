import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as support from "./support.ts";
import { type Row, type Signalbox, span } from "./support.ts";

/* Section 4 of the contract: what calls of models cost. */

let box: Signalbox;
beforeAll(async () => {
  box = await support.startSignalbox();
});
afterAll(() => box?.stop());

const tokens = { inputTokens: 150, outputTokens: 230 };
const gpt4o = { provider: "openai", model: "gpt-4o", ...tokens };
const llm = (attributes: Row, fields: Row = {}): Row => span({ kind: "llm", attributes, ...fields });

describe("cost", () => {
  it.each<[string, Row, number | null]>([
    ["the SDK's names", gpt4o, 0.002675],
    [
      "llm.*",
      { "llm.provider": "openai", "llm.model": "gpt-4o", "llm.input_tokens": 150, "llm.output_tokens": 230 },
      0.002675,
    ],
    [
      "gen_ai.* with prompt and completion tokens",
      {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.prompt_tokens": 150,
        "gen_ai.usage.completion_tokens": 230,
      },
      0.002675,
    ],
    [
      "gen_ai.* with input and output tokens",
      {
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 150,
        "gen_ai.usage.output_tokens": 230,
      },
      0.002675,
    ],
    [
      "OpenInference",
      {
        "llm.system": "openai",
        "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": 150,
        "llm.token_count.completion": 230,
      },
      0.002675,
    ],
    ["plain names", { model: "gpt-4o", input_tokens: 150, output_tokens: 230 }, 0.002675],
    ["the first name that is there", { ...gpt4o, "gen_ai.usage.input_tokens": 1e6 }, 0.002675],
    ["google is gemini", { provider: "google", model: "gemini-1.5-pro", inputTokens: 1e5, outputTokens: 1e5 }, 0.625],
    ["an unknown provider", { ...gpt4o, provider: "vercel-ai-sdk" }, 0.002675],
    ["providers in any case", { ...gpt4o, provider: "OpenAI" }, 0.002675],
    ["a dated model", { ...gpt4o, model: "gpt-4o-2024-08-06" }, 0.002675],
    ["the longest name", { ...gpt4o, model: "gpt-4o-mini-2024-07-18" }, 0.0001605],
    ["a provider before the model", { ...gpt4o, model: "openai/gpt-4o" }, 0.002675],
    ["models/ before the model", { ...tokens, provider: "gemini", model: "models/gemini-1.5-flash" }, 0.00008025],
    ["an unlisted model", { ...gpt4o, model: "house-model" }, 0],
    ["no tokens", { provider: "openai", model: "gpt-4o" }, null],
    ["tokens that are no numbers", { ...gpt4o, inputTokens: "many", outputTokens: "few" }, null],
    ["no model", tokens, null],
  ])("of %s", async (_what, attributes, cost) => {
    const [answer] = await box.spans(llm(attributes));
    if (cost === null) expect(answer!["cost"]).toBeNull();
    else expect(answer!["cost"]).toBeCloseTo(cost, 9);
    expect(answer!["attributes"]).toEqual(attributes);
  });

  it("of an unlisted model is warned of", async () => {
    const [answer] = await box.spans(llm({ ...gpt4o, model: "house-model" }));
    expect(answer).toMatchObject({ cost: 0, warnings: [{ code: "unknown_model_price" }] });
    expect((await box.get(`/spans/${answer!["id"]}`)).body).toMatchObject({
      warnings: [{ code: "unknown_model_price" }],
    });
  });

  it.each<[string, Row, number | null]>([
    ["as sent", { kind: "llm", cost: 9.5 }, 9.5],
    ["as sent, even nothing", { kind: "llm", cost: 0 }, 0],
    ["as sent for any kind", { kind: "tool", cost: 1 }, 1],
    ["nothing for other kinds", { kind: "tool" }, null],
  ])("is %s", async (_what, fields, cost) => {
    const [answer] = await box.spans(span({ attributes: gpt4o, ...fields }));
    expect(answer!["cost"]).toBe(cost);
  });
});

describe("cost of a span that is sent again", () => {
  const readAll = async ({ id, trace_id }: Row) => ({
    span: (await box.get(`/spans/${id}`)).body["cost"],
    trace: (await box.get(`/traces/${trace_id}`)).body["cost"],
  });

  it("is computed when its tokens come later", async () => {
    const first = llm({ provider: "openai", model: "gpt-4o" });
    await box.spans(first);
    expect(await readAll(first)).toEqual({ span: null, trace: null });
    const [answer] = await box.spans({ ...first, attributes: tokens });
    expect(answer!["cost"]).toBeCloseTo(0.002675, 9);
    expect(await readAll(first)).toEqual({ span: answer!["cost"], trace: answer!["cost"] });
  });

  it("is computed again when its tokens change", async () => {
    const first = llm({ ...gpt4o, inputTokens: 0, outputTokens: 0 });
    await box.spans(first);
    const [answer] = await box.spans({ ...first, kind: null, attributes: tokens });
    expect(answer!["cost"]).toBeCloseTo(0.002675, 9);
    expect(await readAll(first)).toEqual({ span: answer!["cost"], trace: answer!["cost"] });
  });

  it("stays what the client has said", async () => {
    const first = llm({ provider: "openai", model: "gpt-4o" }, { cost: 4 });
    await box.spans(first);
    const [answer] = await box.spans({ ...first, cost: null, attributes: tokens });
    expect(answer!["cost"]).toBe(4);
    const [whole] = await box.spans({ ...first, cost: null, attributes: gpt4o });
    expect(whole!["cost"]).toBe(4);
    expect(await readAll(first)).toEqual({ span: 4, trace: 4 });
  });
});

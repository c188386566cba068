import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import openlit from "openlit";
import { anthropicScenarios, openaiScenarios } from "../support/sdk-calls.mjs";

// Its default export is wrapped once more when it is imported from an ES module.
(openlit.default ?? openlit).init({
  applicationName: "geography",
  environment: "recording",
  otlpEndpoint: process.env.OTLP_URL,
  disableBatch: true,
  disableMetrics: true,
  disableEvents: true,
  pricingJson: {},
  instrumentations: { openai: { OpenAI }, anthropic: { Anthropic } },
});

export const instrumentation = ["openlit", "openai", "@anthropic-ai/sdk"];
// It exports each span by itself, without a way to wait for it.
export const flush = () => new Promise((resolve) => setTimeout(resolve, 500));

const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });
const names = { chat: (model) => `chat ${model}`, embedding: (model) => `embeddings ${model}` };

// Pictures are left out of the messages, and failed calls have no messages at all.
const pictureless = { not: ["images"] };
const silent = { not: ["InputContains"] };
// Finish reasons are sent in words of its own: stop for end_turn.
const all = { not: ["FinishReasons"] };

export const scenarios = {
  ...openaiScenarios(openai, {
    names,
    rows: {
      image: pictureless,
      error: silent,
      reasoning: { not: ["ReasoningTokens"] },
      embedding: { not: ["ResponseModel"] },
    },
  }),
  ...anthropicScenarios(anthropic, {
    names,
    all,
    rows: {
      image: { not: ["FinishReasons", "images"] },
      error: silent,
      // The output of message_start is added to that of message_delta, which already includes it.
      stream: { not: ["FinishReasons", "OutputTokens", "TotalTokens"] },
    },
  }),
};

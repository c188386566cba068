import Anthropic, { APIPromise } from "@anthropic-ai/sdk";
import { Laminar, observe } from "@lmnr-ai/lmnr";
import OpenAI from "openai";
import { anthropicScenarios, openaiScenarios, session } from "../support/sdk-calls.mjs";

const { hostname, port, protocol } = new URL(process.env.OTLP_URL);
Laminar.initialize({
  projectApiKey: "recording",
  baseUrl: `${protocol}//${hostname}`,
  httpPort: Number(port),
  forceHttp: true,
  disableBatch: true,
  instrumentModules: { openAI: OpenAI, anthropic: { Anthropic, APIPromise } },
});

export const instrumentation = ["@lmnr-ai/lmnr", "openai", "@anthropic-ai/sdk"];
export const flush = () => Laminar.flush();

const chat = (model) => `chat ${model}`;
// Finish reasons are sent in words of its own: tool_call, stop.
const all = { not: ["FinishReasons"] };
const tool = (run, args) => observe({ name: "get_weather", spanType: "TOOL" }, run, args);
const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });

export const scenarios = {
  ...openaiScenarios(openai, {
    names: { chat, tool: "get_weather" },
    tool,
    all,
    skip: ["openai-error", "openai-embedding"],
    rows: {
      cached: { not: ["FinishReasons", "CacheReadTokens"] },
      responses: { not: ["FinishReasons", "CacheReadTokens"] },
      reasoning: { not: ["FinishReasons", "ReasoningTokens"] },
      // An estimate is sent in place of the usage in the last chunk.
      stream: { not: ["FinishReasons", "InputTokens", "OutputTokens", "TotalTokens"] },
    },
    session: (run) => observe({ name: "visit", ...session, metadata: { plan: "pro" }, tags: ["paid", "eu"] }, run),
    outer: (run) => observe({ name: "ask_around" }, run),
  }),
  ...anthropicScenarios(anthropic, { names: { chat }, tool, all }),
};

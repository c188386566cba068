import Anthropic, { APIPromise } from "@anthropic-ai/sdk";
import * as traceloop from "@traceloop/node-server-sdk";
import OpenAI from "openai";
import { anthropicScenarios, openaiScenarios, session } from "../support/sdk-calls.mjs";

traceloop.initialize({
  appName: "geography",
  baseUrl: process.env.OTLP_URL,
  apiKey: "recording",
  disableBatch: true,
  silenceInitializationMessage: true,
  instrumentModules: { openAI: OpenAI, anthropic: { Anthropic, APIPromise } },
});

export const instrumentation = [
  "@traceloop/node-server-sdk",
  "@traceloop/instrumentation-openai",
  "@traceloop/instrumentation-anthropic",
  "openai",
  "@anthropic-ai/sdk",
];
export const flush = () => traceloop.forceFlush();

const tool = (run, args) => traceloop.withTool({ name: "get_weather" }, run, args);
const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });

export const scenarios = {
  ...openaiScenarios(openai, {
    names: {
      chat: "openai.chat",
      embedding: "openai.embeddings",
      tool: "get_weather.tool",
      outer: "ask_around.workflow",
    },
    tool,
    session: (run) =>
      traceloop.withAssociationProperties({ session_id: session.sessionId, user_id: session.userId, plan: "pro" }, run),
    outer: (run) => traceloop.withWorkflow({ name: "ask_around" }, () => traceloop.withTask({ name: "ask" }, run)),
    skip: ["openai-error", "openai-embedding", "openai-responses"],
    rows: {
      cached: { not: ["CacheReadTokens"] },
      reasoning: { not: ["ReasoningTokens"] },
      // An estimate is sent in place of the usage in the last chunk.
      stream: { not: ["InputTokens", "OutputTokens", "TotalTokens"] },
      outerSpan: { OperationKind: "chain" },
    },
  }),
  ...anthropicScenarios(anthropic, {
    names: { chat: "anthropic.chat" },
    tool,
    // Of the input the part that was not cached is sent, and nothing tells that there was more.
    rows: {
      cached: { not: ["InputTokens", "CacheReadTokens", "CacheWriteTokens", "TotalTokens"] },
      stream: { not: ["InputTokens", "CacheReadTokens", "TotalTokens", "FinishReasons"] },
    },
  }),
};

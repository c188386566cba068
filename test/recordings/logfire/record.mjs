import { createRequire } from "node:module";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import * as logfire from "@pydantic/logfire-node";
import { openaiScenarios } from "../support/sdk-calls.mjs";

logfire.configure({
  token: "recording",
  advanced: { baseUrl: process.env.OTLP_URL },
  serviceName: "geography",
  serviceVersion: "1.0.0",
  environment: "recording",
  console: false,
  metrics: false,
  instrumentations: [new OpenAIInstrumentation({ captureMessageContent: true })],
});

export const instrumentation = ["@pydantic/logfire-node", "@opentelemetry/instrumentation-openai", "openai"];
export async function flush() {
  await logfire.forceFlush?.();
  await logfire.shutdown?.();
}

const { OpenAI } = createRequire(import.meta.url)("openai");
const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });

// The content goes into log records, none of it into spans.
const content = ["InputContains", "OutputContains", "ToolCalls", "images"];

export const scenarios = openaiScenarios(openai, {
  // Each span is sent twice: as it starts, without what is known at its end only, and as it ends.
  select: { lacks: "logfire.span_type" },
  all: { not: content },
  rows: {
    cached: { not: [...content, "CacheReadTokens"] },
    reasoning: { not: [...content, "ReasoningTokens"] },
    responses: { not: [...content, "CacheReadTokens", "FinishReasons"] },
  },
  names: { chat: (model) => `chat ${model}`, embedding: (model) => `embeddings ${model}`, outer: "ask around" },
  outer: (run) => logfire.span("ask around", { topic: "Paris" }, {}, run),
});

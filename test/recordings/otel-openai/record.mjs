import { createRequire } from "node:module";
import { metrics } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { openaiScenarios } from "../support/sdk-calls.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
const hook = new OpenAIInstrumentation({ captureMessageContent: true });
hook.setTracerProvider(provider);
// Without it streams and embeddings fail inside of the instrumentation.
hook.setMeterProvider(metrics.getMeterProvider());

export const instrumentation = ["@opentelemetry/instrumentation-openai", "openai"];
export const flush = () => provider.forceFlush();

// Loaded the way that the instrumentation hooks into.
const { OpenAI } = createRequire(import.meta.url)("openai");
const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });

// The content goes into log records, none of it into spans.
const content = ["InputContains", "OutputContains", "ToolCalls", "images"];

export const scenarios = openaiScenarios(openai, {
  all: { not: content },
  rows: {
    cached: { not: [...content, "CacheReadTokens"] },
    reasoning: { not: [...content, "ReasoningTokens"] },
    responses: { not: [...content, "CacheReadTokens", "FinishReasons"] },
  },
  names: { chat: (model) => `chat ${model}`, embedding: (model) => `embeddings ${model}` },
});

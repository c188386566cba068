import Anthropic from "@anthropic-ai/sdk";
import { AnthropicInstrumentation } from "@arizeai/openinference-instrumentation-anthropic";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { anthropicScenarios } from "../support/sdk-calls.mjs";

// The SDK's own span stands inside the one of the instrumentation, and both have the usage of the one call.
const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
new AnthropicInstrumentation().manuallyInstrument(Anthropic);

export const instrumentation = ["@arizeai/openinference-instrumentation-anthropic", "@anthropic-ai/sdk"];
export const flush = () => provider.forceFlush();

const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });
const counted = { elsewhere: ["InputTokens", "OutputTokens", "CacheReadTokens", "CacheWriteTokens", "TotalTokens"] };

export const scenarios = anthropicScenarios(anthropic, { names: { chat: "Anthropic Messages" }, all: counted });

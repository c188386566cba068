import Anthropic from "@anthropic-ai/sdk";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { anthropicScenarios } from "../support/sdk-calls.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();

export const instrumentation = ["@anthropic-ai/sdk"];
export const flush = () => provider.forceFlush();

const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });

// It sends no content: neither messages nor tool calls, and of a failure the type alone.
const all = { not: ["InputContains", "OutputContains", "ToolCalls", "images"] };
const failed = { ErrorType: "overloaded_error", not: [...all.not, "ErrorMessageContains"] };

export const scenarios = anthropicScenarios(anthropic, {
  names: { chat: "anthropic.messages.create" },
  all,
  rows: { error: failed },
});

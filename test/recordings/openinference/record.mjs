import Anthropic from "@anthropic-ai/sdk";
import { setMetadata, setSession, setTags, setUser, traceAgent, traceTool } from "@arizeai/openinference-core";
import { AnthropicInstrumentation } from "@arizeai/openinference-instrumentation-anthropic";
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import { context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import OpenAI from "openai";
import { anthropicScenarios, openaiScenarios, session } from "../support/sdk-calls.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
new OpenAIInstrumentation().manuallyInstrument(OpenAI);
new AnthropicInstrumentation().manuallyInstrument(Anthropic);

export const instrumentation = [
  "@arizeai/openinference-instrumentation-openai",
  "@arizeai/openinference-instrumentation-anthropic",
  "@arizeai/openinference-core",
  "openai",
  "@anthropic-ai/sdk",
];
export const flush = () => provider.forceFlush();

const tool = (run, args) => traceTool(run, { name: "get_weather" })(args);
const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });

function withSession(run) {
  let given = setSession(context.active(), { sessionId: session.sessionId });
  given = setUser(given, { userId: session.userId });
  given = setTags(setMetadata(given, { plan: "pro" }), ["paid", "eu"]);
  return context.with(given, run);
}

export const scenarios = {
  ...openaiScenarios(openai, {
    names: {
      chat: "OpenAI Chat Completions",
      embedding: "OpenAI Embeddings",
      responses: "OpenAI Responses",
      tool: "get_weather",
      outer: "ask_around",
    },
    tool,
    session: withSession,
    outer: (run) => traceAgent(run, { name: "ask_around" })(),
    skip: ["openai-error"],
    rows: {
      stream: { not: ["ResponseModel", "InputTokens", "OutputTokens", "TotalTokens"] },
      embedding: { not: ["ResponseModel", "InputTokens", "TotalTokens"] },
      outerSpan: { OperationKind: "agent" },
    },
  }),
  ...anthropicScenarios(anthropic, { names: { chat: "Anthropic Messages" }, tool }),
};

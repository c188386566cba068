import { observeOpenAI } from "@langfuse/openai";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, startActiveObservation } from "@langfuse/tracing";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import OpenAI from "openai";
import { weatherTool } from "../support/answers.mjs";
import { openaiScenarios, session } from "../support/sdk-calls.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/api/public/otel/v1/traces` });
const processor = new LangfuseSpanProcessor({
  exporter,
  publicKey: "pk-recording",
  secretKey: "sk-recording",
  baseUrl: process.env.OTLP_URL,
  environment: "recording",
  release: "r1",
  mediaUploadEnabled: false,
});
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();

export const instrumentation = ["@langfuse/openai", "@langfuse/otel", "@langfuse/tracing", "openai"];
export const flush = () => provider.forceFlush();

const openai = observeOpenAI(new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 }));

export const scenarios = openaiScenarios(openai, {
  names: {
    chat: "OpenAI.chat",
    embedding: "OpenAI.embeddings",
    responses: "OpenAI.responses",
    tool: weatherTool.name,
    outer: "ask_around",
  },
  tool: (run, args) =>
    startActiveObservation(
      weatherTool.name,
      async (observation) => {
        const output = await run(args);
        observation.update({ input: args, output });
        return output;
      },
      { asType: "tool" },
    ),
  session: (run) =>
    propagateAttributes(
      { sessionId: session.sessionId, userId: session.userId, metadata: { plan: "pro" }, tags: ["paid", "eu"] },
      run,
    ),
  outer: (run) =>
    startActiveObservation(
      "ask_around",
      async (observation) => {
        observation.update({ input: { topic: "Paris" } });
        const answers = await run();
        observation.update({ output: { answers: answers.length } });
      },
      { asType: "agent" },
    ),
  all: { not: ["RequestModel", "FinishReasons"] },
  rows: {
    stream: { not: ["ResponseModel", "FinishReasons"] },
    error: {},
    // An embedding is sent as a generation without usage.
    embedding: { not: ["OperationKind", "RequestModel", "ResponseModel", "InputTokens", "TotalTokens"] },
    outerSpan: { OperationKind: "agent", InputContains: ["Paris"] },
  },
});

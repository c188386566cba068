import Anthropic from "@anthropic-ai/sdk";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-node";
import * as Sentry from "@sentry/node";
import OpenAI from "openai";
import { questions } from "../support/answers.mjs";
import { anthropicScenarios, openaiScenarios, session } from "../support/sdk-calls.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const processor = new BatchSpanProcessor(exporter);
Sentry.init({
  dsn: `${process.env.OTLP_URL.replace("://", "://key@")}/1`,
  tracesSampleRate: 1,
  sendDefaultPii: true,
  serverName: "host",
  openTelemetrySpanProcessors: [processor],
});

export const instrumentation = ["@sentry/node", "openai", "@anthropic-ai/sdk"];
export const flush = () => processor.forceFlush();

const recording = { recordInputs: true, recordOutputs: true };
const openai = Sentry.instrumentOpenAiClient(
  new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 }),
  recording,
);
const anthropic = Sentry.instrumentAnthropicAiClient(
  new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 }),
  recording,
);

// Failed calls have the status alone, without a message.
const silent = { not: ["ErrorMessageContains"] };
const names = { chat: (model) => `chat ${model}`, embedding: (model) => `embeddings ${model}`, outer: "ask_around" };
const agent = {
  name: "ask_around",
  op: "gen_ai.invoke_agent",
  attributes: { "gen_ai.operation.name": "invoke_agent" },
};

export const scenarios = {
  ...openaiScenarios(openai, {
    names,
    session: (run) => {
      Sentry.setUser({ id: session.userId });
      Sentry.setConversationId?.(session.sessionId);
      return Sentry.startSpan({ name: "visit" }, run);
    },
    outer: (run) => Sentry.startSpan(agent, run),
    rows: {
      error: silent,
      reasoning: { not: ["ReasoningTokens"] },
      // The user is kept in the scope of the SDK and goes with its own envelopes only.
      session: { SessionId: session.sessionId, not: ["UserId"] },
      outerSpan: { OperationKind: "agent" },
    },
  }),
  ...anthropicScenarios(anthropic, {
    names,
    all: { not: ["FinishReasons"] },
    rows: {
      // A system prompt made of blocks is left out.
      cached: { InputContains: [questions.cached], not: ["FinishReasons"] },
      error: silent,
      stream: {},
    },
  }),
};

import { createOpenAI } from "@ai-sdk/openai";
import { Agent } from "@mastra/core/agent";
import { Mastra } from "@mastra/core/mastra";
import { createTool } from "@mastra/core/tools";
import { Observability } from "@mastra/observability";
import { OtelExporter } from "@mastra/otel-exporter";
import { z } from "zod";
import { modelFor, questions, systemPrompt, weatherTool } from "../support/answers.mjs";
import { llmRow, row, toolRow } from "../support/truth.mjs";

const exporter = new OtelExporter({
  provider: { custom: { endpoint: `${process.env.OTLP_URL}/v1/traces`, protocol: "http/protobuf" } },
});
const openai = createOpenAI({ baseURL: `${process.env.LLM_URL}/v1` });
const weather = createTool({
  id: weatherTool.name,
  description: weatherTool.description,
  inputSchema: z.object({ city: z.string() }),
  execute: async () => weatherTool.result,
});
const agentOf = (question) =>
  new Agent({
    id: "geographer",
    name: "geographer",
    instructions: systemPrompt,
    model: openai.chat(modelFor("openai", question)),
    tools: question === "tool" ? { [weatherTool.name]: weather } : {},
    maxRetries: 0,
  });
const names = ["chat", "cached", "reasoning", "tool", "stream", "session", "error"];
const mastra = new Mastra({
  agents: Object.fromEntries(names.map((name) => [name, agentOf(name)])),
  observability: new Observability({ configs: { otel: { serviceName: "geography", exporters: [exporter] } } }),
  logger: false,
});

export const instrumentation = ["@mastra/core", "@mastra/observability", "@mastra/otel-exporter", "@ai-sdk/openai"];
export async function flush() {
  await new Promise((resolve) => setTimeout(resolve, 500));
  await mastra.shutdown?.();
  await exporter.shutdown();
}

const session = { sessionId: "chat-42", userId: "user-7" };
const ask = (question, options) => mastra.getAgent(question).generate(questions[question], options);
const chat = (question) => `chat ${modelFor("openai", question)}`;
const agentRow = (more) => row("invoke_agent geographer", { OperationKind: "agent", ...more });
// The messages stand on the spans around the call, and so does a failure: the chat span is sent with status OK.
const chatRow = (select, question, more = { elsewhere: ["InputContains"] }) => llmRow(select, "openai", question, more);
const one = (question, description) => ({
  run: () => ask(question),
  truth: {
    description,
    spans: [agentRow(), chatRow(chat(question), question)],
  },
});

export const scenarios = {
  "openai-chat": one("chat", "agent with instructions"),
  "openai-cached": one("cached", "part of the input came from the cache"),
  "openai-reasoning": one("reasoning", "a reasoning model"),
  "openai-tool": {
    run: () => ask("tool"),
    truth: {
      description: "the agent calls a tool and asks again",
      spans: [
        agentRow({ OutputContains: ["21 degrees"] }),
        chatRow({ name: chat("tool"), nth: 0 }, "tool", {
          FinishReasons: ["tool-calls"],
          elsewhere: ["InputContains", "ToolCalls"],
        }),
        toolRow(`execute_tool ${weatherTool.name}`),
        chatRow({ name: chat("tool"), nth: 1 }, "toolResult"),
      ],
    },
  },
  "openai-stream": {
    run: async () => {
      const { textStream } = await mastra.getAgent("stream").stream(questions.stream);
      for await (const _ of textStream);
    },
    truth: { description: "streamed", spans: [agentRow(), chatRow(chat("stream"), "stream")] },
  },
  "openai-session": {
    run: () => ask("session", { tracingOptions: { metadata: { ...session, plan: "pro" }, tags: ["paid"] } }),
    truth: {
      description: "session and user as metadata of the trace",
      trace: session,
      spans: [
        agentRow({ SessionId: session.sessionId, UserId: session.userId }),
        chatRow(chat("session"), "session", {
          SessionId: session.sessionId,
          UserId: session.userId,
          elsewhere: ["InputContains"],
        }),
      ],
    },
  },
  "openai-error": {
    run: () => ask("error").catch(() => undefined),
    truth: {
      description: "the API refuses with status 429",
      spans: [
        agentRow({ ErrorMessageContains: "Rate limit reached for requests" }),
        chatRow(chat("error"), "error", { elsewhere: ["InputContains", "ErrorMessageContains"] }),
      ],
    },
  },
};

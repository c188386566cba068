import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { Agent, FunctionTool, ImageBlock, TextBlock } from "@strands-agents/sdk";
import { OpenAIModel } from "@strands-agents/sdk/models/openai";
import { modelFor, picture, questions, systemPrompt, weatherTool } from "../support/answers.mjs";
import { llmRow, row, toolRow } from "../support/truth.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();

export const instrumentation = ["@strands-agents/sdk", "openai"];
export const flush = () => provider.forceFlush();

const session = { sessionId: "chat-42", userId: "user-7" };
const weather = new FunctionTool({
  name: weatherTool.name,
  description: weatherTool.description,
  inputSchema: weatherTool.parameters,
  callback: () => weatherTool.result,
});
function agentOf(question, more = {}) {
  const model = new OpenAIModel({
    api: "chat",
    modelId: modelFor("openai", question),
    apiKey: "sk-recording",
    clientConfig: { baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 },
  });
  return new Agent({
    name: "geographer",
    model,
    systemPrompt,
    tools: question === "tool" ? [weather] : [],
    printer: false,
    retryStrategy: null,
    ...more,
  });
}
const ask = (question, more) => agentOf(question, more).invoke(questions[question]);
const agentRow = (more) => row("invoke_agent geographer", { OperationKind: "agent", ...more });
// It calls itself the provider, and has words of its own for finish reasons: endTurn, toolUse.
const chatRow = (select, question) =>
  llmRow(select, "openai", question, { not: ["Provider", "ResponseModel", "FinishReasons"] });
const one = (question, description) => ({
  run: () => ask(question),
  truth: { description, spans: [agentRow(), chatRow("chat", question)] },
});

export const scenarios = {
  "openai-chat": one("chat", "agent with a system prompt"),
  "openai-cached": one("cached", "part of the input came from the cache"),
  "openai-image": {
    run: () => {
      const bytes = Uint8Array.from(Buffer.from(picture.base64, "base64"));
      return agentOf("image").invoke([
        new TextBlock(questions.image),
        new ImageBlock({ format: "png", source: { bytes } }),
      ]);
    },
    truth: { description: "a picture in the input", spans: [chatRow("chat", "image")] },
  },
  "openai-tool": {
    run: () => ask("tool"),
    truth: {
      description: "the agent calls a tool and asks again",
      spans: [
        agentRow(),
        chatRow({ name: "chat", nth: 0 }, "tool"),
        toolRow(`execute_tool ${weatherTool.name}`),
        chatRow({ name: "chat", nth: 1 }, "toolResult"),
      ],
    },
  },
  "openai-session": {
    run: () => ask("session", { traceAttributes: { "session.id": session.sessionId, "user.id": session.userId } }),
    truth: {
      description: "session and user as trace attributes of the agent",
      trace: session,
      spans: [agentRow({ SessionId: session.sessionId, UserId: session.userId }), chatRow("chat", "session")],
    },
  },
  "openai-error": {
    run: () => ask("error").catch(() => undefined),
    truth: { description: "the API refuses with status 429", spans: [chatRow("chat", "error")] },
  },
};

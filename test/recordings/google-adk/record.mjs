process.env.GOOGLE_GEMINI_BASE_URL = process.env.LLM_URL;
process.env.ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS = "true";

const { FunctionTool, InMemoryRunner, LlmAgent, maybeSetOtelProviders } = await import("@google/adk");
const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
const { BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-node");
const { z } = await import("zod");
const { modelFor, picture, questions, systemPrompt, weatherTool } = await import("../support/answers.mjs");
const { llmRow, row, toolRow } = await import("../support/truth.mjs");

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const processor = new BatchSpanProcessor(exporter);
maybeSetOtelProviders([{ spanProcessors: [processor] }]);

export const instrumentation = ["@google/adk"];
export const flush = () => processor.forceFlush();

const session = { sessionId: "chat-42", userId: "user-7" };
const weather = new FunctionTool({
  name: weatherTool.name,
  description: weatherTool.description,
  parameters: z.object({ city: z.string() }),
  execute: () => weatherTool.result,
});

async function ask(question, parts = [{ text: questions[question] }]) {
  const agent = new LlmAgent({
    name: "geographer",
    model: modelFor("google"),
    instruction: systemPrompt,
    tools: question === "tool" ? [weather] : [],
  });
  const runner = new InMemoryRunner({ agent, appName: "geography" });
  const { sessionId, userId } = session;
  await runner.sessionService.createSession({ appName: "geography", userId, sessionId });
  for await (const _ of runner.runAsync({ userId, sessionId, newMessage: { role: "user", parts } }));
}

const agentRow = (more) =>
  row("invoke_agent geographer", { OperationKind: "agent", SessionId: session.sessionId, ...more });
// The one finish reason is written in lower case beside the response, which has it as the API does.
const more = { SessionId: session.sessionId, FinishReasons: ["stop"], not: ["ResponseModel"] };
const silent = { not: ["RequestModel", "Provider", "InputContains", "ErrorMessageContains"] };
const pictureless = { ...more, not: ["ResponseModel", "images"] };
const one = (question, description) => ({
  run: () => ask(question),
  truth: {
    description,
    trace: { sessionId: session.sessionId },
    spans: [agentRow(), llmRow("call_llm", "google", question, more)],
  },
});

export const scenarios = {
  "gemini-chat": one("chat", "agent with an instruction, in a session"),
  "gemini-cached": one("cached", "part of the input came from the cache"),
  "gemini-reasoning": one("reasoning", "a model that thinks: thoughts are not among the candidates' tokens"),
  "gemini-tool": {
    run: () => ask("tool"),
    truth: {
      description: "the agent calls a tool and asks again",
      trace: { sessionId: session.sessionId },
      spans: [
        agentRow(),
        llmRow({ name: "call_llm", nth: 0 }, "google", "tool", more),
        toolRow(`execute_tool ${weatherTool.name}`),
        llmRow({ name: "call_llm", nth: 1 }, "google", "toolResult", more),
      ],
    },
  },
  "gemini-image": {
    run: () =>
      ask("image", [{ text: questions.image }, { inlineData: { mimeType: picture.mediaType, data: picture.base64 } }]),
    truth: { description: "a picture in the input", spans: [llmRow("call_llm", "google", "image", pictureless)] },
  },
  "gemini-error": {
    run: () => ask("error").catch(() => undefined),
    truth: {
      description: "the API refuses with status 429",
      spans: [agentRow(), llmRow("call_llm", "google", "error", silent)],
    },
  },
};

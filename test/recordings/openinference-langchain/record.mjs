import { setSession, setUser } from "@arizeai/openinference-core";
import { LangChainInstrumentation } from "@arizeai/openinference-instrumentation-langchain";
import * as CallbackManagerModule from "@langchain/core/callbacks/manager";
import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { modelFor, picture, questions, systemPrompt, weatherTool } from "../support/answers.mjs";
import { session } from "../support/sdk-calls.mjs";
import { inputOf, llmRow, row, toolRow } from "../support/truth.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
new LangChainInstrumentation().manuallyInstrument(CallbackManagerModule);

export const instrumentation = [
  "@arizeai/openinference-instrumentation-langchain",
  "@langchain/core",
  "@langchain/openai",
];
export async function flush() {
  await new Promise((resolve) => setTimeout(resolve, 300));
  await provider.forceFlush();
}

const configuration = { baseURL: `${process.env.LLM_URL}/v1` };
const modelOf = (question) => new ChatOpenAI({ model: modelFor("openai", question), maxRetries: 0, configuration });
const ask = (question) =>
  modelOf(question).invoke([new SystemMessage(systemPrompt), new HumanMessage(questions[question])]);

const weather = tool(async () => JSON.stringify(weatherTool.result), {
  name: weatherTool.name,
  description: weatherTool.description,
  schema: weatherTool.parameters,
});

async function toolLoop() {
  const model = modelOf("tool").bindTools([weather]);
  const question = new HumanMessage(questions.tool);
  const reply = await model.invoke([question]);
  const result = await weather.invoke(reply.tool_calls[0]);
  return model.invoke([question, reply, result]);
}

const name = "ChatOpenAI";
const system = { InputContains: inputOf("chat") };
const one = (question, description, more) => ({
  run: () => ask(question),
  truth: { description, spans: [llmRow(name, "openai", question, more)] },
});

export const scenarios = {
  "openai-chat": one("chat", "chat model with a system prompt", system),
  "openai-cached": one("cached", "part of the input came from the cache"),
  "openai-reasoning": one("reasoning", "a reasoning model"),
  "openai-error": {
    run: () => ask("error").catch(() => undefined),
    truth: { description: "the API refuses with status 429", spans: [llmRow(name, "openai", "error")] },
  },
  "openai-stream": {
    run: async () => {
      for await (const _ of await modelOf("stream").stream([new HumanMessage(questions.stream)]));
    },
    truth: { description: "streamed", spans: [llmRow(name, "openai", "stream")] },
  },
  "openai-image": {
    run: () => {
      const url = `data:${picture.mediaType};base64,${picture.base64}`;
      const content = [
        { type: "text", text: questions.image },
        { type: "image_url", image_url: { url } },
      ];
      return modelOf("image").invoke([new HumanMessage({ content })]);
    },
    truth: { description: "a picture as a data URL", spans: [llmRow(name, "openai", "image")] },
  },
  "openai-tool": {
    run: () => RunnableLambda.from(toolLoop).withConfig({ runName: "weather_chain" }).invoke("go"),
    truth: {
      description: "a chain: the model asks for a tool, the tool runs, the model answers",
      spans: [
        row("weather_chain", { OperationKind: "chain" }),
        llmRow({ name, nth: 0 }, "openai", "tool"),
        toolRow(weatherTool.name),
        llmRow({ name, nth: 1 }, "openai", "toolResult", { InputContains: [questions.tool, "sunny"] }),
      ],
    },
  },
  "openai-session": {
    run: () => {
      let given = setSession(context.active(), { sessionId: session.sessionId });
      given = setUser(given, { userId: session.userId });
      const prompt = ChatPromptTemplate.fromMessages([["human", "{question}"]]);
      const chain = prompt
        .pipe(modelOf("session"))
        .withConfig({ runName: "ask_chain", tags: ["paid"], metadata: { plan: "pro" } });
      return context.with(given, () => chain.invoke({ question: questions.session }));
    },
    truth: {
      description: "a chain of prompt and model; session and user through the context",
      trace: session,
      spans: [
        row("ask_chain", { OperationKind: "chain", SessionId: session.sessionId, UserId: session.userId }),
        llmRow(name, "openai", "session", { SessionId: session.sessionId, UserId: session.userId }),
      ],
    },
  },
};

import { openAI } from "@genkit-ai/compat-oai/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { genkit, z } from "genkit";
import { enableTelemetry, flushTracing } from "genkit/tracing";
import { embeddingModel, modelFor, picture, questions, systemPrompt, weatherTool } from "../support/answers.mjs";
import { embeddingRow, inputOf, llmRow, row, toolRow } from "../support/truth.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
await enableTelemetry({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const ai = genkit({
  plugins: [openAI({ apiKey: "sk-recording", baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 })],
});

export const instrumentation = ["genkit", "@genkit-ai/compat-oai"];
export const flush = () => flushTracing();

const weather = ai.defineTool(
  {
    name: weatherTool.name,
    description: weatherTool.description,
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.any(),
  },
  async () => weatherTool.result,
);
const flow = ai.defineFlow({ name: "ask_around", inputSchema: z.string() }, async (topic) => {
  const { text } = await ai.generate({ model: openAI.model(modelFor("openai")), prompt: questions.outer });
  return `${topic}: ${text}`;
});
const ask = (question, more = {}) =>
  ai.generate({
    model: openAI.model(modelFor("openai", question)),
    system: systemPrompt,
    prompt: questions[question],
    ...more,
  });
const name = (question) => `openai/${modelFor("openai", question)}`;
const llm = (question, more) => llmRow(name(question), "openai", question, more);
const one = (question, description, more) => ({
  run: () => ask(question, more),
  truth: { description, spans: [llm(question)] },
});

export const scenarios = {
  "openai-chat": {
    run: () => ask("chat"),
    truth: { description: "generate with a system prompt", spans: [llm("chat", { InputContains: inputOf("chat") })] },
  },
  "openai-cached": one("cached", "part of the input came from the cache"),
  "openai-reasoning": one("reasoning", "a reasoning model"),
  "openai-image": {
    run: () => {
      const url = `data:${picture.mediaType};base64,${picture.base64}`;
      return ask("image", { prompt: [{ text: questions.image }, { media: { url, contentType: picture.mediaType } }] });
    },
    truth: { description: "a picture in the input", spans: [llm("image")] },
  },
  "openai-stream": {
    run: async () => {
      const { stream } = ai.generateStream({ model: openAI.model(modelFor("openai")), prompt: questions.stream });
      for await (const _ of stream);
    },
    truth: { description: "generateStream", spans: [llm("stream")] },
  },
  "openai-tool": {
    run: () => ask("tool", { tools: [weather] }),
    truth: {
      description: "generate with a tool",
      spans: [
        llmRow({ name: name("tool"), nth: 0 }, "openai", "tool"),
        toolRow(weatherTool.name),
        llmRow({ name: name("tool"), nth: 1 }, "openai", "toolResult"),
      ],
    },
  },
  "openai-flow": {
    run: () => flow("people"),
    truth: {
      description: "a flow around a generate",
      spans: [
        row({ name: "ask_around", root: true }, { OperationKind: "chain", InputContains: ["people"] }),
        llm("outer"),
      ],
    },
  },
  "openai-embedding": {
    run: () => ai.embed({ embedder: openAI.embedder(embeddingModel), content: questions.embedding }),
    truth: {
      description: "embed",
      spans: [embeddingRow(`openai/${embeddingModel}`, { not: ["ResponseModel", "InputTokens", "TotalTokens"] })],
    },
  },
  "openai-error": {
    run: () => ask("error").catch(() => undefined),
    truth: { description: "the API refuses with status 429", spans: [llm("error")] },
  },
};

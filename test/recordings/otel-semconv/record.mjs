import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { embeddingModel, modelFor, picture, questions, systemPrompt, weatherTool } from "../support/answers.mjs";
import { embeddingRow, inputOf, llmRow, row, toolRow } from "../support/truth.mjs";

/*
 * Spans made by hand with the OpenTelemetry SDK, as an application does that follows the GenAI semantic conventions:
 * `new-` those of 2026 (messages as JSON attributes), `old-` those before 1.37 (a span event for each message).
 */
const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
const tracer = trace.getTracer("geography", "1.2.3");

export const instrumentation = ["@opentelemetry/sdk-trace-node"];
export const flush = () => provider.forceFlush();

const session = { sessionId: "chat-42", userId: "user-7" };
const user = (content) => ({ role: "user", content });
const text = (content) => ({ type: "text", content });

async function post(path, body) {
  const response = await fetch(`${process.env.LLM_URL}${path}`, { method: "POST", body: JSON.stringify(body) });
  const json = await response.json();
  if (!response.ok) throw Object.assign(new Error(json.error.message), { name: json.error.code ?? json.error.type });
  return json;
}

/** Runs `call` in a span; its failure becomes status, error.type and an exception event. */
function inSpan(name, kind, attributes, call) {
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await call(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      span.setAttribute("error.type", error.name);
      span.recordException(error);
      throw error;
    } finally {
      span.end();
    }
  });
}

const newRequest = (provider, model) => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": provider,
  "gen_ai.request.model": model,
});

/** One OpenAI chat completion in a span of the new conventions. */
function newChat(
  question,
  { messages = [user(questions[question])], parts = [text(questions[question])], history = [], more = {} } = {},
) {
  const model = modelFor("openai", question === "toolResult" ? "tool" : question);
  const attributes = {
    ...newRequest("openai", model),
    "gen_ai.system_instructions": JSON.stringify([text(systemPrompt)]),
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts }, ...history]),
    "server.address": "api.openai.com",
    ...more,
  };
  return inSpan(`chat ${model}`, SpanKind.CLIENT, attributes, async (span) => {
    const reply = await post("/v1/chat/completions", { model, messages });
    const { message, finish_reason } = reply.choices[0];
    const calls = message.tool_calls?.map(({ id, function: called }) => ({
      type: "tool_call",
      id,
      name: called.name,
      arguments: JSON.parse(called.arguments),
    }));
    span.setAttributes({
      "gen_ai.response.id": reply.id,
      "gen_ai.response.model": reply.model,
      "gen_ai.response.finish_reasons": [finish_reason],
      "gen_ai.usage.input_tokens": reply.usage.prompt_tokens,
      "gen_ai.usage.output_tokens": reply.usage.completion_tokens,
      "gen_ai.usage.cache_read.input_tokens": reply.usage.prompt_tokens_details.cached_tokens,
      "gen_ai.usage.reasoning.output_tokens": reply.usage.completion_tokens_details.reasoning_tokens,
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: calls ?? [text(message.content)], finish_reason },
      ]),
    });
    return message;
  });
}

/** One Anthropic message in a span of the new conventions: input includes what was read from and written to the cache. */
function newMessage(question) {
  const model = modelFor("anthropic");
  const attributes = {
    ...newRequest("anthropic", model),
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [text(questions[question])] }]),
  };
  return inSpan(`chat ${model}`, SpanKind.CLIENT, attributes, async (span) => {
    const reply = await post("/v1/messages", { model, messages: [user(questions[question])] });
    const { input_tokens, cache_read_input_tokens: read, cache_creation_input_tokens: written } = reply.usage;
    span.setAttributes({
      "gen_ai.response.model": reply.model,
      "gen_ai.response.finish_reasons": [reply.stop_reason],
      "gen_ai.usage.input_tokens": input_tokens + read + written,
      "gen_ai.usage.output_tokens": reply.usage.output_tokens,
      "gen_ai.usage.cache_read.input_tokens": read,
      "gen_ai.usage.cache_creation.input_tokens": written,
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [text(reply.content[0].text)] }]),
    });
  });
}

/** One OpenAI chat completion whose messages stand in the event of the operation's details, not on the span. */
function eventChat(question) {
  const model = modelFor("openai", question);
  return inSpan(`chat ${model}`, SpanKind.CLIENT, newRequest("openai", model), async (span) => {
    const reply = await post("/v1/chat/completions", { model, messages: [user(questions[question])] });
    const { message, finish_reason } = reply.choices[0];
    span.setAttributes({
      "gen_ai.response.model": reply.model,
      "gen_ai.response.finish_reasons": [finish_reason],
      "gen_ai.usage.input_tokens": reply.usage.prompt_tokens,
      "gen_ai.usage.output_tokens": reply.usage.completion_tokens,
    });
    span.addEvent("gen_ai.client.inference.operation.details", {
      ...newRequest("openai", model),
      "gen_ai.system_instructions": JSON.stringify([text(systemPrompt)]),
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [text(questions[question])] }]),
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [text(message.content)], finish_reason }]),
    });
  });
}

/** One OpenAI chat completion in a span of the old conventions, its messages in events of the span. */
function oldChat(question) {
  const model = modelFor("openai", question);
  const attributes = { "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": model };
  return inSpan(`chat ${model}`, SpanKind.CLIENT, attributes, async (span) => {
    span.addEvent("gen_ai.system.message", { "gen_ai.system": "openai", content: systemPrompt, role: "system" });
    span.addEvent("gen_ai.user.message", { "gen_ai.system": "openai", content: questions[question], role: "user" });
    const reply = await post("/v1/chat/completions", { model, messages: [user(questions[question])] });
    const { message, finish_reason } = reply.choices[0];
    span.addEvent("gen_ai.choice", {
      "gen_ai.system": "openai",
      index: 0,
      finish_reason,
      message: JSON.stringify({ role: "assistant", content: message.content, tool_calls: message.tool_calls }),
    });
    span.setAttributes({
      "gen_ai.response.id": reply.id,
      "gen_ai.response.model": reply.model,
      "gen_ai.response.finish_reasons": [finish_reason],
      "gen_ai.usage.prompt_tokens": reply.usage.prompt_tokens,
      "gen_ai.usage.completion_tokens": reply.usage.completion_tokens,
    });
  });
}

async function newAgent() {
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": "openai",
    "gen_ai.agent.name": "weather",
    "gen_ai.conversation.id": session.sessionId,
  };
  await inSpan("invoke_agent weather", SpanKind.INTERNAL, attributes, async () => {
    const { tool_calls } = await newChat("tool");
    const [call] = tool_calls;
    const tool = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": weatherTool.name,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": call.id,
      "gen_ai.tool.call.arguments": call.function.arguments,
      "gen_ai.tool.call.result": JSON.stringify(weatherTool.result),
    };
    await inSpan(`execute_tool ${weatherTool.name}`, SpanKind.INTERNAL, tool, () => undefined);
    const result = { role: "tool", tool_call_id: call.id, content: JSON.stringify(weatherTool.result) };
    const answered = { type: "tool_call_response", id: call.id, response: weatherTool.result };
    await newChat("toolResult", {
      messages: [user(questions.tool), { role: "assistant", tool_calls }, result],
      parts: [text(questions.tool)],
      history: [{ role: "tool", parts: [answered] }],
    });
  });
}

const openai = `chat ${modelFor("openai")}`;
const ask = (question, options) => newChat(question, options).catch(() => undefined);
const scenario = (run, description, spans, trace) => ({ run, truth: { description, spans, ...(trace && { trace }) } });
const both = { InputContains: inputOf("chat") };

export const scenarios = {
  "new-chat": scenario(() => ask("chat"), "chat span, messages as JSON", [llmRow(openai, "openai", "chat", both)]),
  "new-details-event": scenario(() => eventChat("chat"), "messages in the event of the operation's details", [
    llmRow(openai, "openai", "chat", both),
  ]),
  "new-cached": scenario(() => ask("cached"), "part of the input came from the cache", [
    llmRow(openai, "openai", "cached"),
  ]),
  "new-reasoning": scenario(() => ask("reasoning"), "reasoning tokens", [
    llmRow("chat o4-mini", "openai", "reasoning"),
  ]),
  "new-image": scenario(
    () => {
      const blob = { type: "blob", modality: "image", mime_type: picture.mediaType, content: picture.base64 };
      return ask("image", { parts: [text(questions.image), blob] });
    },
    "a picture as a blob part",
    [llmRow(openai, "openai", "image")],
  ),
  "new-error": scenario(() => ask("error"), "the API refuses with status 429", [
    llmRow(openai, "openai", "error", { ErrorType: "rate_limit_exceeded" }),
  ]),
  "new-session": scenario(
    () => ask("session", { more: { "gen_ai.conversation.id": session.sessionId, "user.id": session.userId } }),
    "conversation and user as attributes of the span",
    [llmRow(openai, "openai", "session", { SessionId: session.sessionId, UserId: session.userId })],
    session,
  ),
  "new-agent": scenario(
    newAgent,
    "an agent span around two calls and a tool; the conversation stands on the agent alone",
    [
      row("invoke_agent weather", { OperationKind: "agent", Provider: "openai", SessionId: session.sessionId }),
      llmRow({ name: openai, nth: 0 }, "openai", "tool"),
      toolRow(`execute_tool ${weatherTool.name}`),
      llmRow({ name: openai, nth: 1 }, "openai", "toolResult", { InputContains: [questions.tool, "sunny"] }),
    ],
    { sessionId: session.sessionId },
  ),
  "new-anthropic": scenario(() => newMessage("cached"), "Anthropic with cache reads and writes, input inclusive", [
    llmRow(`chat ${modelFor("anthropic")}`, "anthropic", "cached"),
  ]),
  "new-embedding": scenario(
    () => {
      const attributes = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": embeddingModel,
      };
      return inSpan(`embeddings ${embeddingModel}`, SpanKind.CLIENT, attributes, async (span) => {
        const reply = await post("/v1/embeddings", { model: embeddingModel, input: questions.embedding });
        span.setAttributes({
          "gen_ai.response.model": reply.model,
          "gen_ai.usage.input_tokens": reply.usage.prompt_tokens,
        });
      });
    },
    "embeddings span",
    [embeddingRow(`embeddings ${embeddingModel}`, { not: ["InputContains"] })],
  ),
  "old-chat": scenario(() => oldChat("chat"), "old keys, an event for each message", [
    llmRow(openai, "openai", "chat", both),
  ]),
  "old-tool-call": scenario(() => oldChat("tool"), "old keys, the tool call in the choice event", [
    llmRow(openai, "openai", "tool"),
  ]),
  "old-error": scenario(() => oldChat("error").catch(() => undefined), "old keys, the API refuses with status 429", [
    llmRow(openai, "openai", "error", { ErrorType: "rate_limit_exceeded" }),
  ]),
};

import { createHash } from "node:crypto";
import type { Value } from "./protobuf-writer.ts";
import { type Random, text } from "./random.ts";
import { models, type SpanMaker } from "./traffic.ts";

type Attributes = Record<string, Value>;
const inputBytes = 1000;
const outputBytes = 400;

/** OpenTelemetry's newest names: messages as JSON. */
function otel(random: Random): Attributes {
  const { provider, model } = random.of(models);
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
    "gen_ai.request.temperature": 0.7,
    "gen_ai.usage.input_tokens": 200 + random.below(4000),
    "gen_ai.usage.output_tokens": 20 + random.below(900),
    "gen_ai.usage.cache_read.input_tokens": random.below(200),
    "gen_ai.conversation.id": `session-${random.below(50_000)}`,
    "user.id": `user-${random.below(20_000)}`,
    "gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"${text(random, inputBytes)}"}]}]`,
    "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"${text(random, outputBytes)}"}],"finish_reason":"stop"}]`,
  };
}

function openinference(random: Random): Attributes {
  const { provider, model } = random.of(models);
  return {
    "openinference.span.kind": "LLM",
    "llm.provider": provider,
    "llm.model_name": model,
    "llm.invocation_parameters": '{"temperature":0.7,"max_tokens":1024}',
    "llm.token_count.prompt": 200 + random.below(4000),
    "llm.token_count.completion": 20 + random.below(900),
    "llm.token_count.total": 5000,
    "session.id": `session-${random.below(50_000)}`,
    "user.id": `user-${random.below(20_000)}`,
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": text(random, inputBytes / 2),
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.content": text(random, inputBytes / 2),
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": text(random, outputBytes),
  };
}

function openllmetry(random: Random): Attributes {
  const { provider, model, answering } = random.of(models);
  return {
    "llm.request.type": "chat",
    "gen_ai.system": provider,
    "gen_ai.request.model": model,
    "gen_ai.response.model": answering,
    "gen_ai.request.temperature": 0.7,
    "gen_ai.request.max_tokens": 1024,
    "gen_ai.usage.prompt_tokens": 200 + random.below(4000),
    "gen_ai.usage.completion_tokens": 20 + random.below(900),
    "llm.usage.total_tokens": 5000,
    "traceloop.workflow.name": "support",
    "traceloop.association.properties.session_id": `session-${random.below(50_000)}`,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": text(random, inputBytes / 2),
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": text(random, inputBytes / 2),
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": text(random, outputBytes),
    "gen_ai.completion.0.finish_reason": "stop",
  };
}

function vercelAi(random: Random): Attributes {
  const { model, answering } = random.of(models.slice(0, 2));
  return {
    "operation.name": "ai.generateText.doGenerate",
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.model.provider": "openai.chat",
    "ai.model.id": model,
    "ai.settings.maxRetries": 2,
    "ai.telemetry.metadata.sessionId": `session-${random.below(50_000)}`,
    "ai.prompt.messages": `[{"role":"user","content":[{"type":"text","text":"${text(random, inputBytes)}"}]}]`,
    "ai.response.finishReason": "stop",
    "ai.response.text": text(random, outputBytes),
    "ai.response.model": answering,
    "ai.usage.promptTokens": 200 + random.below(4000),
    "ai.usage.completionTokens": 20 + random.below(900),
    "gen_ai.system": "openai.chat",
    "gen_ai.request.model": model,
  };
}

function langfuse(random: Random): Attributes {
  return {
    "langfuse.observation.type": "generation",
    "langfuse.observation.model.name": random.of(models).model,
    "langfuse.observation.input": `[{"role":"user","content":"${text(random, inputBytes)}"}]`,
    "langfuse.observation.output": `{"role":"assistant","content":"${text(random, outputBytes)}"}`,
    "langfuse.observation.usage_details": `{"input":${200 + random.below(4000)},"output":${20 + random.below(900)}}`,
    "langfuse.session.id": `session-${random.below(50_000)}`,
    "langfuse.user.id": `user-${random.below(20_000)}`,
    "langfuse.environment": "production",
  };
}

/** LLM chats alone, about 2 KB each, of five dialects in turn. */
export const ai: readonly SpanMaker[] = [
  { scope: "app", name: () => "chat gpt-4o", attributes: otel, kind: 3 },
  {
    scope: "@arizeai/openinference-instrumentation-openai",
    name: () => "OpenAI Chat Completions",
    attributes: openinference,
    kind: 1,
  },
  { scope: "@traceloop/instrumentation-openai", name: () => "openai.chat", attributes: openllmetry, kind: 3 },
  { scope: "ai", name: () => "ai.generateText.doGenerate", attributes: vercelAi, kind: 1 },
  { scope: "langfuse-sdk", name: () => "answer", attributes: langfuse, kind: 1 },
];

/** Chats that show the model a picture: a PNG of `bytes` bytes, no two alike, as a data URL. */
export function pictures(bytes: number): readonly SpanMaker[] {
  const attributes = (random: Random): Attributes => ({
    ...otel(random),
    "gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"what is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,${png(random, bytes).toString("base64")}"}}]}]`,
  });
  return [{ scope: "app", name: () => "chat gpt-4o", attributes, kind: 3 }];
}

/** A PNG by its header and size; what is between is noise, as in one that is well compressed. */
function png(random: Random, bytes: number): Buffer {
  const header = Buffer.from("89504e470d0a1a0a0000000d494844520000040000000300080200000000000000", "hex");
  const noise = Buffer.alloc(bytes - header.length);
  const block = createHash("sha512")
    .update(`${random.below(2 ** 31)}`)
    .digest();
  for (let at = 0; at < noise.length; at += block.length) {
    noise.writeUInt32LE(at, at % 2 === 0 ? Math.min(at, noise.length - 4) : 0);
    block.copy(noise, at);
  }
  return Buffer.concat([header, noise]);
}

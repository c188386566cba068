import { type Attributes, SpanKind } from "@opentelemetry/api";
import { embeddingModel, type Model } from "./models.ts";
import type { Random } from "./random.ts";
import { type Recorder, StepError } from "./recorder.ts";

/** What every scene is told with. */
export interface Stage {
  readonly recorder: Recorder;
  readonly random: Random;
  /** Attributes of every step of the conversation: session and user. */
  readonly conversation: Attributes;
}

export interface Message {
  readonly role: "user" | "assistant" | "tool";
  readonly text: string;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Chat {
  readonly model: Model;
  readonly system: string;
  readonly messages: readonly Message[];
  readonly answer: string;
  /** The model asks for these instead of answering at length. */
  readonly toolCalls?: readonly ToolCall[];
  readonly isStreaming?: boolean;
  readonly temperature?: number;
  /** Tokens of the input that the provider had seen before. */
  readonly cachedTokens?: number;
}

/** One call of a model, as the GenAI semantic conventions describe it. A few calls in a hundred fail. */
export function chat(stage: Stage, call: Chat): string {
  const { recorder, random, conversation } = stage;
  const { model, messages, answer, toolCalls = [], isStreaming = false } = call;
  const attributes: Attributes = {
    ...conversation,
    ...modelAttributes("chat", model),
    "gen_ai.request.temperature": call.temperature ?? 0.2,
    "gen_ai.request.max_tokens": 4096,
    "gen_ai.output.type": "text",
    "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: call.system }]),
    "gen_ai.input.messages": JSON.stringify(messages.map(({ role, text }) => ({ role, parts: [textPart(text)] }))),
  };
  return recorder.step({ name: `chat ${model.name}`, kind: SpanKind.CLIENT, attributes }, (span) => {
    const firstTokenMs = random.around(model.firstTokenMs);
    recorder.wait(firstTokenMs);
    failSometimes(random, model);
    const finish = toolCalls.length > 0 ? "tool_calls" : "stop";
    const calls = toolCalls.map((tool) => ({ type: "tool_call", id: `call_${random.hex(12)}`, ...tool }));
    const outputTokens = tokensOf(answer) + toolCalls.length * 28;
    const streamMs = (outputTokens / random.around(model.tokensPerSecond)) * 1_000;
    if (isStreaming) {
      span.setAttribute("gen_ai.response.time_to_first_chunk", firstTokenMs / 1_000);
      const chunks = Math.min(12, Math.max(2, Math.round(outputTokens / 8)));
      for (let chunk = 0; chunk < chunks; chunk++) {
        recorder.event(span, "gen_ai.stream.chunk", { "gen_ai.stream.chunk.index": chunk });
        recorder.wait(streamMs / chunks);
      }
    } else recorder.wait(streamMs);
    span.setAttributes({
      "gen_ai.response.model": model.responseName,
      "gen_ai.response.id": `resp_${random.hex(24)}`,
      "gen_ai.response.finish_reasons": [finish],
      "gen_ai.usage.input_tokens": inputTokensOf(call),
      "gen_ai.usage.output_tokens": outputTokens,
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: [...(answer === "" ? [] : [textPart(answer)]), ...calls], finish_reason: finish },
      ]),
    });
    if (call.cachedTokens !== undefined) {
      span.setAttribute("gen_ai.usage.cache_read.input_tokens", call.cachedTokens);
    }
    return answer;
  });
}

/** One run of a tool. `body` is what it does; its result goes into the span. */
export function executeTool(stage: Stage, tool: ToolCall, body: () => unknown): void {
  const attributes: Attributes = {
    ...stage.conversation,
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool.name,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": `call_${stage.random.hex(12)}`,
    "gen_ai.tool.call.arguments": JSON.stringify(tool.arguments),
  };
  stage.recorder.step({ name: `execute_tool ${tool.name}`, attributes }, (span) => {
    span.setAttribute("gen_ai.tool.call.result", JSON.stringify(body() ?? null));
  });
}

/** An agent at work; `body` holds its steps, and may hold other agents. */
export function invokeAgent<T>(stage: Stage, name: string, task: string, body: () => T): T {
  const attributes: Attributes = {
    ...stage.conversation,
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": name,
    "gen_ai.agent.id": `agent_${name}`,
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [textPart(task)] }]),
  };
  return stage.recorder.step({ name: `invoke_agent ${name}`, attributes }, body);
}

/** Turns a question into a vector and finds documents near to it. */
export function retrieve(stage: Stage, question: string, documents: readonly string[]): void {
  const { recorder, random, conversation } = stage;
  const source = { "gen_ai.data_source.id": "handbook", "gen_ai.retrieval.query.text": question };
  const attributes = { ...conversation, "gen_ai.operation.name": "retrieval", ...source };
  recorder.step({ name: "retrieval handbook", attributes }, (span) => {
    const embedding = { ...conversation, ...modelAttributes("embeddings", embeddingModel) };
    recorder.step(
      { name: `embeddings ${embeddingModel.name}`, kind: SpanKind.CLIENT, attributes: embedding },
      (inner) => {
        recorder.wait(random.around(embeddingModel.firstTokenMs));
        inner.setAttributes({
          "gen_ai.response.model": embeddingModel.responseName,
          "gen_ai.usage.input_tokens": tokensOf(question),
          "gen_ai.embeddings.dimension.count": 1536,
        });
      },
    );
    const database = { "db.system.name": "qdrant", "db.operation.name": "search", "db.collection.name": "handbook" };
    recorder.step({ name: "search handbook", kind: SpanKind.CLIENT, attributes: database }, () =>
      recorder.wait(random.around(14)),
    );
    const found = documents.map((content, i) => ({ id: `doc-${i + 1}`, score: 0.91 - i * 0.07, content }));
    span.setAttribute("gen_ai.retrieval.documents", JSON.stringify(found));
  });
}

/** A request to another service. */
export function httpRequest(stage: Stage, method: string, url: URL, typicalMs: number): void {
  const attributes: Attributes = {
    "http.request.method": method,
    "url.full": url.href,
    "server.address": url.hostname,
    "server.port": Number(url.port || 443),
    "http.response.status_code": 200,
  };
  stage.recorder.step({ name: method, kind: SpanKind.CLIENT, attributes }, () =>
    stage.recorder.wait(stage.random.around(typicalMs)),
  );
}

function modelAttributes(operation: string, model: Model): Attributes {
  return {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": model.provider,
    "gen_ai.request.model": model.name,
    "server.address": model.host,
    "server.port": 443,
  };
}

function failSometimes(random: Random, model: Model): void {
  if (random.chance(2)) throw new StepError("429", `${model.provider}: rate limit of ${model.name} exceeded`);
  if (random.chance(1)) throw new StepError("timeout", `${model.provider}: no answer within 30 s`);
}

function textPart(content: string): { type: "text"; content: string } {
  return { type: "text", content };
}

function inputTokensOf({ system, messages, cachedTokens = 0 }: Chat): number {
  return messages.reduce((sum, { text }) => sum + tokensOf(text) + 4, tokensOf(system) + cachedTokens);
}

/** About four characters make a token. */
function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

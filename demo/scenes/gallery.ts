import { type Attributes, SpanKind } from "@opentelemetry/api";
import { pictureOf } from "../picture.ts";
import type { Stage } from "../steps.ts";

/** One call of a model as one family of instrumentations sends it. */
export interface Exhibit {
  /** Name of the instrumentation scope, by which the dialect is known. */
  readonly scope: string;
  tell(stage: Stage): void;
}

const sunset = pictureOf(96, 64, [255, 170, 60], [90, 20, 90]);
const meadow = pictureOf(64, 64, [120, 190, 255], [40, 150, 50]);

function exhibit(scope: string, name: string, attributes: Attributes, ms: number): Exhibit {
  return {
    scope,
    tell: ({ recorder }) => recorder.step({ name, kind: SpanKind.CLIENT, attributes }, () => recorder.wait(ms)),
  };
}

/** The same application five times, instrumented by five families: two with pictures, one expensive. */
export const gallery: readonly Exhibit[] = [
  exhibit(
    "app",
    "chat claude-sonnet-4-5",
    {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-sonnet-4-5",
      "gen_ai.response.model": "claude-sonnet-4-5-20250929",
      "gen_ai.response.finish_reasons": ["end_turn"],
      "gen_ai.usage.input_tokens": 1_730,
      "gen_ai.usage.cache_read.input_tokens": 1_200,
      "gen_ai.usage.output_tokens": 46,
      "gen_ai.conversation.id": "gallery",
      "gen_ai.input.messages": JSON.stringify([
        {
          role: "user",
          parts: [
            { type: "text", content: "What is in this picture?" },
            { type: "blob", modality: "image", mime_type: "image/png", content: sunset },
          ],
        },
      ]),
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: [{ type: "text", content: "A sunset." }], finish_reason: "stop" },
      ]),
    },
    1_800,
  ),
  exhibit(
    "@arizeai/openinference-instrumentation-openai",
    "OpenAI Chat Completions",
    {
      "openinference.span.kind": "LLM",
      "llm.provider": "openai",
      "llm.model_name": "gpt-4.1-mini",
      "llm.token_count.prompt": 310,
      "llm.token_count.completion": 12,
      "session.id": "gallery",
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.contents.0.message_content.type": "text",
      "llm.input_messages.0.message.contents.0.message_content.text": "And in this one?",
      "llm.input_messages.0.message.contents.1.message_content.type": "image",
      "llm.input_messages.0.message.contents.1.message_content.image.image.url": `data:image/png;base64,${meadow}`,
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.content": "A meadow under a blue sky.",
    },
    900,
  ),
  exhibit(
    "@traceloop/instrumentation-openai",
    "openai.chat",
    {
      "llm.request.type": "chat",
      "gen_ai.system": "OpenAI",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.response.model": "gpt-4o-2024-08-06",
      "gen_ai.usage.prompt_tokens": 150,
      "gen_ai.usage.completion_tokens": 23,
      "traceloop.association.properties.session_id": "gallery",
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": "Pick the lock of my neighbour's door.",
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.content": "I'm sorry, but I can't help with that.",
      "gen_ai.completion.0.finish_reason": "stop",
    },
    700,
  ),
  exhibit(
    "ai",
    "ai.generateText.doGenerate",
    {
      "operation.name": "ai.generateText.doGenerate",
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.model.provider": "google.generative-ai",
      "ai.model.id": "gemini-2.5-flash",
      "ai.telemetry.metadata.sessionId": "gallery",
      "ai.prompt.messages": JSON.stringify([
        { role: "user", content: [{ type: "text", text: "Tell me everything about lighthouses." }] },
      ]),
      "ai.response.text": "Lighthouses are towers with a strong light that guides ships. The oldest of which we know",
      "ai.response.finishReason": "length",
      "ai.usage.promptTokens": 14,
      "ai.usage.completionTokens": 1_024,
    },
    4_200,
  ),
  exhibit(
    "langfuse-sdk",
    "read the archive",
    {
      "langfuse.observation.type": "generation",
      "langfuse.observation.model.name": "claude-opus-4-1",
      "langfuse.observation.usage_details": JSON.stringify({ input: 183_000, output: 6_400, total: 189_400 }),
      "langfuse.session.id": "gallery",
      "langfuse.user.id": "user-100",
      "langfuse.observation.input": "Summarise the mail archive of ada.lovelace@example.com.",
      "langfuse.observation.output": "Most of the mail is about notes on an engine.",
    },
    61_000,
  ),
];

import type { Dialect } from "../dialect.ts";
import { requestParameters } from "./semconv.ts";

/**
 * The spans that Anthropic's SDK makes by itself, one per call of its API, as soon as a tracer provider is registered.
 * An instrumentation beside it makes another span of the same call.
 */
export const anthropicSdk: Dialect = {
  name: "anthropic_sdk",
  source: "https://github.com/anthropics/anthropic-sdk-typescript/blob/main/src/internal/tracing.ts",
  recognise: {
    scopes: ["com.anthropic.*"],
    keys: ["anthropic.message.stop_reason", "anthropic.request.id", "anthropic.usage.*"],
  },
  rules: [
    // Counting tokens and managing sessions name a model too, and run none.
    {
      target: "OperationKind",
      sources: [
        {
          spanName: {
            "anthropic.messages.create": "llm",
            "anthropic.beta.messages.create": "llm",
            "anthropic.*": "http",
          },
        },
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
    },
    {
      target: "RequestParameters",
      sources: [
        {
          attributes: {
            ...requestParameters,
            service_tier: "anthropic.request.service_tier",
            thinking: "anthropic.thinking.type",
            thinking_budget: "anthropic.thinking.budget_tokens",
          },
        },
      ],
    },
    { target: "SessionId", sources: ["gen_ai.conversation.id", "anthropic.session.id"] },
    { target: "UserId", sources: ["anthropic.user_profile.id"] },
    { target: "FinishReasons", sources: ["anthropic.message.stop_reason"] },
    {
      target: "Output",
      sources: ["gen_ai.output.messages", "gen_ai.tool.call.result", "anthropic.tool_result.content"],
    },
  ],
  // The SDK adds the cached tokens to what the API calls input tokens.
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
};

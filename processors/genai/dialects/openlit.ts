import type { Dialect } from "../dialect.ts";

/** OpenLIT, in Python and in JavaScript. It sends a cost of 0 for models it does not know. */
export const openlit: Dialect = {
  name: "openlit",
  source: "https://github.com/openlit/openlit/blob/main/sdk/python/src/openlit/semcov/__init__.py",
  recognise: {
    scopes: ["openlit*"],
    keys: ["gen_ai.*", "db.*"],
    when: { any: [{ scope: ["openlit*"] }, { resource: "telemetry.sdk.name", equals: ["openlit"] }] },
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        "gen_ai.operation.name",
        {
          attribute: "gen_ai.operation.type",
          values: {
            chat: "llm",
            completion: "llm",
            embedding: "embedding",
            image: "image",
            audio: "tts",
            vectordb: "vector_store",
            framework: "chain",
            agent: "agent",
          },
        },
      ],
    },
    {
      target: "CacheReadTokens",
      sources: [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.prompt_tokens_details.cached_tokens",
        "gen_ai.usage.prompt_tokens_details.cache_read",
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: [
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
        "gen_ai.usage.prompt_tokens_details.cache_write",
      ],
    },
    {
      target: "ReasoningTokens",
      sources: [
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.completion_tokens_details.reasoning_tokens",
        "gen_ai.usage.completion_tokens_details.reasoning",
      ],
    },
    { target: "OutputAudioTokens", sources: ["gen_ai.usage.completion_tokens_details.audio"] },
    { target: "Cost", sources: ["db.operation.cost"] },
    { target: "SessionId", sources: ["gen_ai.conversation.id", "gen_ai.session.id", "gen_ai.agent.session_id"] },
    { target: "UserId", sources: ["gen_ai.user.id", "gen_ai.request.user"] },
    {
      target: "Input",
      sources: ["gen_ai.input.messages", "gen_ai.tool.args", "gen_ai.tool.input", "gen_ai.workflow.input"],
    },
    {
      target: "Output",
      sources: ["gen_ai.output.messages", "gen_ai.tool.output", "gen_ai.tool.result", "gen_ai.workflow.output"],
    },
    { target: "ErrorType", sources: ["error.type", "gen_ai.framework.error.type"] },
    { target: "ErrorMessage", sources: ["gen_ai.framework.error.message", "gen_ai.tool.error"] },
    { target: "Tags", sources: [{ attributes: { environment: "gen_ai.environment" } }] },
  ],
  usage: [
    {
      when: {
        any: [
          { attribute: "gen_ai.system", equals: ["anthropic", "aws*", "bedrock*"] },
          { attribute: "gen_ai.provider.name", equals: ["anthropic", "aws*", "bedrock*"] },
        ],
      },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
  ],
};

import type { Dialect } from "../dialect.ts";

/** Sentry's SDKs. Their spans say the operation again in `sentry.op`; only those of AI are meant. */
export const sentry: Dialect = {
  name: "sentry",
  source: "https://develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents/",
  recognise: {
    scopes: ["@sentry/*", "sentry*"],
    keys: ["sentry.op", "sentry.origin"],
    when: {
      any: [
        { attribute: "sentry.op", equals: ["gen_ai.*", "ai.*", "mcp.*"] },
        { attribute: "sentry.origin", equals: ["auto.ai.*", "auto.vercelai.*"] },
        { attribute: "gen_ai.operation.name" },
        { attribute: "gen_ai.system" },
      ],
    },
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "sentry.op",
          values: {
            "gen_ai.invoke_agent": "agent",
            "gen_ai.create_agent": "agent",
            "gen_ai.execute_tool": "tool",
            "gen_ai.handoff": "chain",
            "gen_ai.pipeline": "chain",
            "gen_ai.embed*": "embedding",
            "gen_ai.rerank*": "reranker",
            "gen_ai.chat*": "llm",
            "gen_ai.generate*": "llm",
            "gen_ai.stream*": "llm",
            "gen_ai.responses": "llm",
            "gen_ai.text_completion": "llm",
            "ai.pipeline*": "chain",
            "ai.run*": "llm",
            "ai.chat_completions*": "llm",
            "mcp.server": "tool",
          },
        },
      ],
    },
    {
      target: "CacheReadTokens",
      sources: ["gen_ai.usage.input_tokens.cached", "gen_ai.usage.cache_read_input_tokens"],
    },
    {
      target: "CacheWriteTokens",
      sources: ["gen_ai.usage.input_tokens.cache_write", "gen_ai.usage.cache_creation_input_tokens"],
    },
    { target: "ReasoningTokens", sources: ["gen_ai.usage.output_tokens.reasoning"] },
    { target: "AgentName", sources: ["gen_ai.agent.name", "gen_ai.pipeline.name"] },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons", "gen_ai.response.stop_reason"] },
    {
      target: "Input",
      sources: [
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.input",
        "gen_ai.input.messages",
        "gen_ai.request.messages",
        "gen_ai.embeddings.input",
      ],
    },
    {
      target: "Output",
      sources: [
        "gen_ai.tool.call.result",
        "gen_ai.tool.output",
        "gen_ai.output.messages",
        "gen_ai.response.text",
        "gen_ai.response.object",
        "gen_ai.response.tool_calls",
      ],
    },
    { target: "Tags", sources: [{ attributes: { environment: "sentry.environment", release: "sentry.release" } }] },
  ],
  // Also of Anthropic, whose cached tokens it adds to the input.
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
  repeatsUsage: {
    any: [
      { attribute: "sentry.op", equals: ["gen_ai.invoke_agent"] },
      { attribute: "gen_ai.operation.name", equals: ["invoke_agent"] },
    ],
  },
};

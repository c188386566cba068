import type { Dialect } from "../dialect.ts";

const inputs = [
  "agent_run",
  "workflow_run",
  "workflow_step",
  "model_step",
  "rag_embedding",
  "processor_run",
  "generic",
];

/** Mastra's exporter for OpenTelemetry, with the names of version 0.3 (scope `@mastra/otel`) after those of today. */
export const mastra: Dialect = {
  name: "mastra",
  source: "https://github.com/mastra-ai/mastra/blob/main/observability/otel-exporter/src/gen-ai-semantics.ts",
  recognise: { scopes: ["@mastra/*", "mastra*"], keys: ["mastra.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "mastra.span.type",
          values: {
            agent_run: "agent",
            model_inference: "llm",
            llm_generation: "llm",
            tool_call: "tool",
            mcp_tool_call: "tool",
            provider_tool_call: "tool",
            rag_embedding: "embedding",
            "workflow_*": "chain",
            // Around an inference; a chunk is a piece of its stream.
            model_step: "chain",
            model_chunk: "generic",
            llm_chunk: "generic",
            processor_run: "chain",
            generic: "generic",
          },
        },
        // Before 1.4 a generation was the call itself, and its operation `chat`; since then it is around inferences.
        { attribute: "gen_ai.operation.name", values: { model_generation: "chain", tool_selection: "llm" } },
      ],
    },
    {
      target: "CacheReadTokens",
      sources: ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cached_input_tokens"],
    },
    { target: "TimeToFirstToken", sources: [{ attribute: "mastra.completion_start_time", unit: "time" }] },
    {
      target: "SessionId",
      sources: ["gen_ai.conversation.id", "mastra.metadata.sessionId", "mastra.metadata.threadId"],
    },
    { target: "UserId", sources: ["mastra.metadata.userId", "mastra.metadata.resourceId"] },
    { target: "AgentId", sources: ["gen_ai.agent.id", "agent.id"] },
    {
      target: "Input",
      sources: [
        "gen_ai.input.messages",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.input",
        "gen_ai.prompt",
        ...inputs.map((type) => `mastra.${type}.input`),
        "input",
      ],
    },
    {
      target: "Output",
      sources: [
        "gen_ai.output.messages",
        "gen_ai.tool.call.result",
        "gen_ai.tool.output",
        "gen_ai.completion",
        ...inputs.map((type) => `mastra.${type}.output`),
        "output",
      ],
    },
    { target: "Tags", sources: ["mastra.tags"] },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
  repeatsUsage: { attribute: "mastra.span.type", equals: ["agent_run", "model_step"] },
};

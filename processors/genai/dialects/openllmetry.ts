import type { Dialect } from "../dialect.ts";

/** OpenLLMetry, of Traceloop, in its flat, numbered form; since 0.55 (Python) it writes `gen_ai.input.messages`. */
export const openllmetry: Dialect = {
  name: "openllmetry",
  source: "https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai",
  recognise: {
    scopes: ["@traceloop/*", "traceloop.*"],
    keys: [
      "traceloop.*",
      "llm.request.type",
      "llm.usage.total_tokens",
      "llm.is_streaming",
      "gen_ai.is_streaming",
      // Not all of `gen_ai.prompt.*`: OpenTelemetry has a `gen_ai.prompt.name`.
      "gen_ai.prompt.0.role",
      "gen_ai.prompt.0.content",
      "gen_ai.completion.0.role",
      "gen_ai.completion.0.content",
    ],
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "llm.request.type",
          values: { chat: "llm", completion: "llm", embedding: "embedding", rerank: "reranker" },
        },
        {
          attribute: "traceloop.span.kind",
          values: { workflow: "chain", task: "chain", agent: "agent", tool: "tool", session: "chain" },
        },
        { attribute: "mcp.method.name", values: { "tools/call": "tool" } },
      ],
    },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"] },
    { target: "ReasoningTokens", sources: ["llm.usage.reasoning_tokens"] },
    { target: "TotalTokens", sources: ["llm.usage.total_tokens"] },
    {
      target: "RequestParameters",
      sources: [
        {
          attributes: {
            temperature: "gen_ai.request.temperature",
            top_p: "gen_ai.request.top_p",
            top_k: "llm.top_k",
            max_tokens: "gen_ai.request.max_tokens",
            frequency_penalty: "llm.frequency_penalty",
            presence_penalty: "llm.presence_penalty",
            stop_sequences: "llm.chat.stop_sequences",
            reasoning_effort: "gen_ai.request.reasoning_effort",
            response_schema: "gen_ai.request.structured_output_schema",
            stream: "llm.is_streaming",
          },
        },
      ],
      when: {
        any: [
          { attribute: "llm.is_streaming" },
          { attribute: "llm.top_k" },
          { attribute: "llm.frequency_penalty" },
          { attribute: "llm.presence_penalty" },
          { attribute: "llm.chat.stop_sequences" },
        ],
      },
    },
    {
      target: "SessionId",
      sources: ["traceloop.association.properties.session_id", "traceloop.association.properties.thread_id"],
    },
    { target: "UserId", sources: ["traceloop.association.properties.user_id", "gen_ai.user", "llm.user"] },
    {
      target: "AgentName",
      sources: ["traceloop.entity.name"],
      when: { attribute: "traceloop.span.kind", equals: ["agent"] },
    },
    { target: "PromptName", sources: ["traceloop.prompt.key"] },
    { target: "PromptVersion", sources: ["traceloop.prompt.version", "traceloop.prompt.version_name"] },
    { target: "PromptVariables", sources: ["traceloop.prompt.template_variables"] },
    {
      target: "FinishReasons",
      sources: [
        "gen_ai.response.finish_reasons",
        "gen_ai.completion.0.finish_reason",
        "llm.response.finish_reason",
        "gen_ai.response.finish_reason",
        "llm.response.stop_reason",
        "gen_ai.response.stop_reason",
      ],
    },
    {
      target: "ToolName",
      sources: ["traceloop.entity.name"],
      when: { attribute: "traceloop.span.kind", equals: ["tool"] },
    },
    {
      target: "Input",
      sources: [
        "gen_ai.input.messages",
        { indexed: "gen_ai.prompt.", shape: "traceloop" },
        "traceloop.entity.input",
        "mcp.request.argument",
      ],
    },
    {
      target: "Output",
      sources: [
        "gen_ai.output.messages",
        { indexed: "gen_ai.completion.", shape: "traceloop" },
        "traceloop.entity.output",
        "mcp.response.value",
      ],
    },
    { target: "Tags", sources: [{ prefix: "traceloop.association.properties." }] },
  ],
  usage: [
    // The JavaScript instrumentation passes Anthropic's and Bedrock's input on as it is; the Python one adds the cache.
    {
      when: {
        all: [
          { scope: ["@traceloop/*"] },
          {
            any: [
              { scope: ["@traceloop/instrumentation-anthropic", "@traceloop/instrumentation-bedrock"] },
              { attribute: "gen_ai.system", equals: ["anthropic"] },
              { attribute: "gen_ai.provider.name", equals: ["anthropic"] },
            ],
          },
        ],
      },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
  ],
};

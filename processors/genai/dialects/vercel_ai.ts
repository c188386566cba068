import type { Condition, Dialect } from "../dialect.ts";

const metadata = "ai.response.providerMetadata";
/** From version 6 on the counts are split up, and say `ai/6...` where the version is said. */
const beforeVersion6: Condition = {
  all: [
    {
      not: {
        any: [
          { attribute: "ai.usage.inputTokenDetails.noCacheTokens" },
          { attribute: "ai.usage.inputTokenDetails.cacheReadTokens" },
          { attribute: "ai.usage.inputTokenDetails.cacheWriteTokens" },
        ],
      },
    },
    {
      any: [
        { not: { attribute: "ai.request.headers.user-agent" } },
        { attribute: "ai.request.headers.user-agent", equals: ["ai/4*", "ai/5*"] },
      ],
    },
    { attribute: "ai.operationId" },
  ],
};
const outer = [
  "ai.generateText",
  "ai.streamText",
  "ai.generateObject",
  "ai.streamObject",
  "ai.embed",
  "ai.embedMany",
  "ai.rerank",
] as const;

/** Vercel's AI SDK 4 to 6 and the legacy telemetry of 7 (scope `ai`), and `@ai-sdk/otel` of 7 (scope `gen_ai`). */
export const vercelAi: Dialect = {
  name: "vercel_ai",
  source: "https://ai-sdk.dev/docs/ai-sdk-core/telemetry#collected-data",
  recognise: { scopes: ["ai", "gen_ai"], keys: ["ai.operationId", "ai.model.id", "ai.settings.context.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "ai.operationId",
          values: {
            "ai.generatetext": "agent",
            "ai.streamtext": "agent",
            "ai.generateobject": "agent",
            "ai.streamobject": "agent",
            "ai.workflowagent.stream": "agent",
            "ai.generatetext.*": "llm",
            "ai.streamtext.*": "llm",
            "ai.generateobject.*": "llm",
            "ai.streamobject.*": "llm",
            "ai.embed*": "embedding",
            "ai.rerank*": "reranker",
            "ai.toolcall": "tool",
            "ai.generatespeech*": "tts",
            "ai.transcribe*": "stt",
            "ai.streamtranscribe*": "stt",
            "ai.generateimage*": "image",
          },
        },
        // @ai-sdk/otel; the rest of its operations have OpenTelemetry's names.
        {
          attribute: "gen_ai.operation.name",
          values: {
            agent_step: "chain",
            rerank: "reranker",
            "ai.generatespeech": "tts",
            "ai.transcribe": "stt",
            "ai.streamtranscribe": "stt",
          },
        },
      ],
    },
    { target: "Provider", sources: ["ai.model.provider", "gen_ai.provider.name", "gen_ai.system"] },
    { target: "RequestModel", sources: ["ai.model.id"] },
    { target: "ResponseModel", sources: ["ai.response.model"] },
    { target: "ResponseId", sources: ["ai.response.id"] },
    { target: "InputTokens", sources: ["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"] },
    { target: "OutputTokens", sources: ["ai.usage.outputTokens", "ai.usage.completionTokens"] },
    {
      target: "CacheReadTokens",
      sources: [
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
        { attribute: metadata, path: ["anthropic", "cacheReadInputTokens"] },
        { attribute: metadata, path: ["anthropic", "usage", "cache_read_input_tokens"] },
        { attribute: metadata, path: ["bedrock", "usage", "cacheReadInputTokens"] },
        { attribute: metadata, path: ["openai", "cachedPromptTokens"] },
        { attribute: metadata, path: ["google", "usageMetadata", "cachedContentTokenCount"] },
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: [
        "ai.usage.inputTokenDetails.cacheWriteTokens",
        { attribute: metadata, path: ["anthropic", "cacheCreationInputTokens"] },
        { attribute: metadata, path: ["anthropic", "usage", "cache_creation_input_tokens"] },
        { attribute: metadata, path: ["bedrock", "usage", "cacheWriteInputTokens"] },
      ],
    },
    {
      target: "ReasoningTokens",
      sources: [
        "ai.usage.outputTokenDetails.reasoningTokens",
        "ai.usage.reasoningTokens",
        { attribute: metadata, path: ["openai", "reasoningTokens"] },
        { attribute: metadata, path: ["google", "usageMetadata", "thoughtsTokenCount"] },
      ],
    },
    { target: "TotalTokens", sources: ["ai.usage.totalTokens"] },
    { target: "Cost", sources: [{ attribute: metadata, path: ["gateway", "cost"] }] },
    {
      target: "TimeToFirstToken",
      sources: [
        { attribute: "ai.response.msToFirstChunk", unit: "ms" },
        { attribute: "ai.stream.msToFirstChunk", unit: "ms" },
        { event: "ai.stream.firstChunk" },
      ],
    },
    {
      target: "RequestParameters",
      sources: [
        {
          attributes: {
            temperature: "ai.settings.temperature",
            max_tokens: "ai.settings.maxOutputTokens",
            maxTokens: "ai.settings.maxTokens",
            top_p: "ai.settings.topP",
            top_k: "ai.settings.topK",
            seed: "ai.settings.seed",
            stop_sequences: "ai.settings.stopSequences",
            frequency_penalty: "ai.settings.frequencyPenalty",
            presence_penalty: "ai.settings.presencePenalty",
            max_retries: "ai.settings.maxRetries",
            tool_choice: "ai.prompt.toolChoice",
          },
        },
      ],
      when: { not: { attribute: "gen_ai.request.temperature" } },
    },
    {
      target: "SessionId",
      sources: [
        "ai.telemetry.metadata.sessionId",
        "ai.settings.context.sessionId",
        "ai.telemetry.metadata.threadId",
        "ai.settings.context.threadId",
      ],
    },
    { target: "UserId", sources: ["ai.telemetry.metadata.userId", "ai.settings.context.userId"] },
    {
      target: "AgentName",
      sources: ["ai.telemetry.functionId"],
      when: { not: { attribute: "ai.operationId", equals: ["ai.toolCall"] } },
    },
    { target: "FinishReasons", sources: ["ai.response.finishReason"] },
    { target: "ToolName", sources: ["ai.toolCall.name"] },
    { target: "ToolCallId", sources: ["ai.toolCall.id"] },
    { target: "ToolCalls", sources: ["ai.response.toolCalls", "ai.result.toolCalls"] },
    {
      target: "Input",
      sources: ["ai.prompt.messages", "ai.prompt", "ai.toolCall.args", "ai.values", "ai.value", "ai.documents"],
    },
    {
      target: "Output",
      sources: [
        "ai.response.text",
        "ai.result.text",
        "ai.response.object",
        "ai.result.object",
        "ai.toolCall.result",
        "ai.response.toolCalls",
        "ai.result.toolCalls",
        "ai.response.files",
        "ai.response.reasoning",
        "ai.ranking",
      ],
    },
    {
      target: "Tags",
      sources: [
        "ai.telemetry.metadata.tags",
        "ai.settings.context.tags",
        { attributes: { environment: "ai.telemetry.metadata.environment" } },
      ],
    },
  ],
  usage: [
    {
      when: {
        all: [
          beforeVersion6,
          {
            attribute: "ai.model.provider",
            equals: ["anthropic*", "amazon-bedrock*", "bedrock*", "google.vertex.anthropic*", "vertex.anthropic*"],
          },
        ],
      },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
    // Version 5 passes Gemini's count of candidates on, which is without the thoughts.
    {
      when: { all: [beforeVersion6, { attribute: "ai.model.provider", equals: ["google*"] }] },
      inputIncludesCache: true,
      outputIncludesReasoning: false,
    },
    { when: { scope: ["ai", "gen_ai"] }, inputIncludesCache: true, outputIncludesReasoning: true },
  ],
  // In version 4 the outer span has what the last step used, not the sum.
  repeatsUsage: {
    any: [
      { attribute: "ai.operationId", equals: outer },
      {
        all: [{ scope: ["gen_ai"] }, { attribute: "gen_ai.operation.name", equals: ["invoke_agent", "agent_step"] }],
      },
    ],
  },
};

import type { Condition, Dialect } from "../dialect.ts";

/** Instrumentations that put the model that answered in the place of the requested one. */
const namesAnswering: Condition = {
  scope: [
    "@arizeai/openinference-instrumentation-openai",
    "@arizeai/openinference-instrumentation-anthropic",
    "openinference.instrumentation.openai",
    "openinference.instrumentation.anthropic",
    "@inference/tracing.openai",
    "@inference/tracing.anthropic",
  ],
};
const langchain: Condition = {
  all: [
    { scope: ["@arizeai/openinference-instrumentation-langchain", "openinference.instrumentation.langchain"] },
    { attribute: "openinference.span.kind", equals: ["LLM"] },
  ],
};

/** Of the Responses API; a span of the other API says its finish reason in an attribute. */
const pythonResponse: Condition = {
  all: [{ scope: ["openinference.instrumentation.openai"] }, { spanName: ["Response"] }],
};
/** Of OpenAI's Agents SDK; its chats (`generation`) name the model that was asked for. */
const agentsResponse: Condition = {
  all: [{ scope: ["openinference.instrumentation.openai_agents"] }, { spanName: ["response"] }],
};
/** Around Anthropic's SDK, whose own spans stand beside these, not below them: the id shows that both are one call. */
const anthropicStream: Condition = {
  all: [
    { scope: ["openinference.instrumentation.anthropic"] },
    { spanName: ["messages.stream", "beta.messages.stream"] },
  ],
};

/** OpenInference, of Arize: names of Phoenix, CrewAI, Agno and many more. */
export const openinference: Dialect = {
  name: "openinference",
  source: "https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md",
  recognise: {
    scopes: ["openinference.*", "@arizeai/openinference-*"],
    keys: ["openinference.span.kind", "llm.model_name", "llm.token_count.*", "llm.input_messages.*", "input.value"],
  },
  rules: [
    { target: "OperationKind", sources: ["openinference.span.kind"] },
    { target: "Provider", sources: ["llm.provider", "llm.system", { attribute: "metadata", path: ["ls_provider"] }] },
    {
      target: "RequestModel",
      sources: [
        "llm.request.model_name",
        { attribute: "llm.invocation_parameters", path: ["model"] },
        "llm.model_name",
        "embedding.model_name",
        "reranker.model_name",
      ],
    },
    { target: "ResponseModel", sources: ["llm.response.model_name"] },
    {
      target: "ResponseModel",
      sources: ["llm.model_name"],
      when: { any: [{ all: [namesAnswering, { attribute: "llm.output_messages.*" }] }, agentsResponse] },
    },
    {
      target: "ResponseModel",
      sources: [
        {
          attribute: "output.value",
          path: ["generations", 0, 0, "message", "kwargs", "response_metadata", "model_name"],
        },
      ],
      when: langchain,
    },
    { target: "ResponseId", sources: [{ attribute: "output.value", path: ["id"] }], when: anthropicStream },
    { target: "InputTokens", sources: ["llm.token_count.prompt"] },
    { target: "OutputTokens", sources: ["llm.token_count.completion"] },
    {
      target: "CacheReadTokens",
      sources: ["llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"],
    },
    { target: "CacheWriteTokens", sources: ["llm.token_count.prompt_details.cache_write"] },
    { target: "ReasoningTokens", sources: ["llm.token_count.completion_details.reasoning"] },
    { target: "InputAudioTokens", sources: ["llm.token_count.prompt_details.audio"] },
    { target: "OutputAudioTokens", sources: ["llm.token_count.completion_details.audio"] },
    { target: "TotalTokens", sources: ["llm.token_count.total"] },
    { target: "Cost", sources: ["llm.cost.total"] },
    { target: "InputCost", sources: ["llm.cost.prompt"] },
    { target: "OutputCost", sources: ["llm.cost.completion"] },
    { target: "TimeToFirstToken", sources: [{ event: "First Token Stream Event" }] },
    { target: "RequestParameters", sources: ["llm.invocation_parameters", "embedding.invocation_parameters"] },
    { target: "SessionId", sources: ["session.id"] },
    { target: "UserId", sources: ["user.id"] },
    { target: "AgentName", sources: ["agent.name", "graph.node.name"] },
    { target: "AgentId", sources: ["agent.id", "graph.node.id"] },
    { target: "PromptName", sources: ["prompt.id"] },
    { target: "PromptVersion", sources: ["llm.prompt_template.version"] },
    { target: "PromptVariables", sources: ["llm.prompt_template.variables"] },
    { target: "FinishReasons", sources: ["llm.finish_reason"] },
    {
      target: "FinishReasons",
      sources: [{ attribute: "output.value", path: ["status"] }],
      when: { any: [{ spanName: ["OpenAI Responses"] }, pythonResponse] },
    },
    { target: "ToolName", sources: ["tool.name"] },
    { target: "ToolCallId", sources: ["tool.id", "tool_call.id"] },
    {
      target: "Input",
      sources: [
        { indexed: "llm.input_messages.", shape: "openinference" },
        "input.value",
        { indexed: "llm.prompts.", shape: "openinference_prompts" },
        "tool.parameters",
        "reranker.query",
        { indexed: "reranker.input_documents.", shape: "openinference_prompts" },
        { indexed: "embedding.embeddings.", shape: "openinference_prompts" },
      ],
    },
    {
      target: "Output",
      sources: [
        { indexed: "llm.output_messages.", shape: "openinference" },
        "output.value",
        { indexed: "llm.choices.", shape: "openinference_prompts" },
        { indexed: "retrieval.documents.", shape: "openinference_prompts" },
        { indexed: "reranker.output_documents.", shape: "openinference_prompts" },
      ],
    },
    { target: "Tags", sources: ["tag.tags", "tags"] },
  ],
  // Of Anthropic, whose instructions are a parameter and not a message.
  system: [{ attribute: "llm.invocation_parameters", path: ["system"] }],
  usage: [{ when: { attribute: "llm.token_count.prompt" }, inputIncludesCache: true, outputIncludesReasoning: true }],
};

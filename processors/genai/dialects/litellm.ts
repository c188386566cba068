import type { Dialect } from "../dialect.ts";

/** The LiteLLM proxy and SDK. Its counts are OpenAI's for all providers. */
export const litellm: Dialect = {
  name: "litellm",
  source: "https://docs.litellm.ai/docs/observability/opentelemetry_integration",
  recognise: { scopes: ["litellm*"], keys: ["hidden_params", "litellm.*", "metadata.user_api_key_*"] },
  rules: [
    // The type of the call, as the proxy names its functions: `a` for asynchronous ones.
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "llm.request.type",
          values: {
            completion: "llm",
            acompletion: "llm",
            text_completion: "llm",
            atext_completion: "llm",
            responses: "llm",
            aresponses: "llm",
            anthropic_messages: "llm",
            generate_content: "llm",
            agenerate_content: "llm",
            agenerate_content_stream: "llm",
            embedding: "embedding",
            aembedding: "embedding",
            rerank: "reranker",
            arerank: "reranker",
            image_generation: "image",
            aimage_generation: "image",
            speech: "tts",
            aspeech: "tts",
            transcription: "stt",
            atranscription: "stt",
            _arealtime: "realtime",
            call_mcp_tool: "tool",
          },
        },
        "gen_ai.operation.name",
      ],
    },
    {
      target: "OperationKind",
      sources: [{ constant: "guardrail" }],
      when: { any: [{ attribute: "litellm.guardrail.name" }, { attribute: "guardrail_name" }] },
    },
    {
      target: "Cost",
      sources: [
        "gen_ai.cost.total_cost",
        "litellm.cost.total_cost",
        "litellm.cost.total",
        { attribute: "hidden_params", path: ["response_cost"] },
      ],
    },
    { target: "InputCost", sources: ["gen_ai.cost.input_cost", "litellm.cost.input_cost", "litellm.cost.input"] },
    { target: "OutputCost", sources: ["gen_ai.cost.output_cost", "litellm.cost.output_cost", "litellm.cost.output"] },
    {
      target: "SessionId",
      sources: ["gen_ai.conversation.id", "metadata.session_id", "litellm.metadata.session_id", "session.id"],
    },
    {
      target: "UserId",
      sources: [
        "llm.user",
        "metadata.user_api_key_end_user_id",
        "litellm.end_user.id",
        "metadata.user_api_key_user_id",
        "litellm.metadata.user_api_key_user_id",
      ],
    },
    {
      target: "Input",
      sources: ["gen_ai.input.messages", { indexed: "gen_ai.prompt.", shape: "traceloop" }],
    },
    // Whose `gen_ai.output.messages` leave calls of tools out.
    {
      target: "Output",
      sources: [{ indexed: "gen_ai.completion.", shape: "traceloop" }],
      when: { attribute: "gen_ai.completion.0.function_call.name" },
    },
    {
      target: "Output",
      sources: ["gen_ai.output.messages", { indexed: "gen_ai.completion.", shape: "traceloop" }],
    },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason"] },
    {
      target: "Tags",
      sources: [
        { attributes: { team: "metadata.user_api_key_team_alias", api_key: "metadata.user_api_key_alias" } },
        { attributes: { team: "litellm.team.alias" } },
      ],
    },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
};

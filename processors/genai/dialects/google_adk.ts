import type { Condition, Dialect, Source } from "../dialect.ts";

const request = "gcp.vertex.agent.llm_request";
const response = "gcp.vertex.agent.llm_response";
/** Python writes `usage_metadata.prompt_token_count`, JavaScript `usageMetadata.promptTokenCount`. */
const said = (...names: string[]): Source[] => [
  { attribute: response, path: names },
  { attribute: response, path: names.map(camelCase) },
];
const usage = (name: string): Source[] => said("usage_metadata", name);
/** What does not apply, or must not be recorded, is there as an empty object. */
const filled = (attribute: string): Condition => ({ not: { attribute, equals: ["{}", "N/A"] } });

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Google's Agent Development Kit. Requests and responses stand whole, as JSON, on spans without an operation's name. */
export const googleAdk: Dialect = {
  name: "google_adk",
  source: "https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py",
  recognise: { scopes: ["gcp.vertex.agent*"], keys: ["gcp.vertex.agent.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          spanName: {
            "call_llm*": "llm",
            "execute_tool*": "tool",
            "invoke_agent*": "agent",
            "agent_run*": "agent",
            invocation: "chain",
          },
        },
      ],
    },
    // The kit's name; it does not say whether it went to the Gemini API or to Vertex AI.
    { target: "Provider", sources: [{ attribute: "gen_ai.system", values: { "gcp.vertex.agent": "gcp.gemini" } }] },
    { target: "ResponseModel", sources: said("model_version") },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", ...usage("prompt_token_count")] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", ...usage("candidates_token_count")] },
    {
      target: "CacheReadTokens",
      sources: ["gen_ai.usage.cache_read.input_tokens", ...usage("cached_content_token_count")],
    },
    {
      target: "ReasoningTokens",
      sources: [
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.experimental.reasoning_tokens",
        ...usage("thoughts_token_count"),
      ],
    },
    { target: "TotalTokens", sources: usage("total_token_count") },
    { target: "SessionId", sources: ["gcp.vertex.agent.session_id"] },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons", ...said("finish_reason")] },
    { target: "Input", sources: [request], when: filled(request) },
    {
      target: "Input",
      sources: ["gcp.vertex.agent.tool_call_args"],
      when: filled("gcp.vertex.agent.tool_call_args"),
    },
    { target: "Output", sources: [response], when: filled(response) },
    {
      target: "Output",
      sources: ["gcp.vertex.agent.tool_response"],
      when: filled("gcp.vertex.agent.tool_response"),
    },
    { target: "Input", sources: ["gcp.vertex.agent.data"], when: filled("gcp.vertex.agent.data") },
    { target: "ErrorType", sources: said("error_code") },
    { target: "ErrorMessage", sources: said("error_message") },
  ],
  usage: [
    // Versions that know this name add the thoughts to the output; before, it is Gemini's count of candidates.
    {
      when: { attribute: "gen_ai.usage.reasoning.output_tokens" },
      inputIncludesCache: true,
      outputIncludesReasoning: true,
    },
    {
      when: { any: [{ attribute: response }, { attribute: "gen_ai.usage.experimental.reasoning_tokens" }] },
      inputIncludesCache: true,
      outputIncludesReasoning: false,
    },
  ],
};

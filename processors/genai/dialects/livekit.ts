import type { Dialect } from "../dialect.ts";

const metrics = (name: string) => [
  { attribute: "lk.llm_metrics", path: [name] },
  { attribute: "lk.realtime_model_metrics", path: [name] },
];

/** LiveKit Agents. What may be personal stands under `lk.pii.` today, and stood under `lk.` before. */
export const livekit: Dialect = {
  name: "livekit",
  source: "https://github.com/livekit/agents/blob/main/livekit-agents/livekit/agents/telemetry/trace_types.py",
  recognise: { scopes: ["livekit-agents", "livekit.*"], keys: ["lk.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          spanName: {
            llm_request: "llm",
            realtime_inference: "realtime",
            realtime_metrics: "realtime",
            // Attempts and stages of a request, which say nothing that it does not say.
            llm_request_run: "chain",
            llm_node: "chain",
            tts_node: "chain",
            stt_node: "chain",
            user_turn: "chain",
            agent_session: "chain",
            session_start: "chain",
            job_entrypoint: "chain",
            tts_request: "tts",
            tts_request_run: "chain",
            stt_request: "stt",
            function_tool: "tool",
            agent_turn: "agent",
            judge_evaluation: "evaluator",
          },
        },
      ],
    },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", ...metrics("prompt_tokens")] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", ...metrics("completion_tokens")] },
    {
      target: "CacheReadTokens",
      sources: [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.input_cached_tokens",
        ...metrics("prompt_cached_tokens"),
      ],
    },
    { target: "InputAudioTokens", sources: ["gen_ai.usage.audio.input_tokens", "gen_ai.usage.input_audio_tokens"] },
    { target: "OutputAudioTokens", sources: ["gen_ai.usage.audio.output_tokens", "gen_ai.usage.output_audio_tokens"] },
    { target: "TotalTokens", sources: metrics("total_tokens") },
    {
      target: "TimeToFirstToken",
      sources: [
        { attribute: "lk.response.ttft", unit: "s" },
        { attribute: "lk.response.ttfb", unit: "s" },
      ],
    },
    {
      target: "SessionId",
      sources: ["lk.pii.room_name", "lk.room_name", "lk.room_sid", "lk.job_id"],
    },
    {
      target: "UserId",
      sources: ["lk.pii.participant_identity", "lk.participant_identity", "lk.participant_id"],
    },
    { target: "AgentName", sources: ["lk.agent_name", "lk.agent_label"] },
    { target: "AgentId", sources: ["lk.cloud_agent_id", "lk.job.agent_id"] },
    { target: "ToolName", sources: ["lk.function_tool.name"] },
    { target: "ToolCallId", sources: ["lk.function_tool.id"] },
    { target: "ToolCalls", sources: ["lk.pii.response.function_calls", "lk.response.function_calls"] },
    {
      target: "Input",
      sources: [
        "lk.pii.function_tool.arguments",
        "lk.function_tool.arguments",
        "lk.pii.chat_ctx",
        "lk.chat_ctx",
        "lk.pii.user_input",
        "lk.user_input",
        "lk.pii.input_text",
        "lk.input_text",
        "lk.pii.instructions",
        "lk.instructions",
      ],
    },
    {
      target: "Output",
      sources: [
        "lk.pii.function_tool.output",
        "lk.function_tool.output",
        "lk.pii.response.text",
        "lk.response.text",
        "lk.pii.response.function_calls",
        "lk.response.function_calls",
        "lk.pii.user_transcript",
        "lk.user_transcript",
      ],
    },
    {
      target: "ErrorType",
      sources: [{ constant: "tool_error" }],
      when: { attribute: "lk.function_tool.is_error", equals: ["true"] },
    },
    {
      target: "ErrorMessage",
      sources: ["lk.pii.function_tool.output", "lk.function_tool.output"],
      when: { attribute: "lk.function_tool.is_error", equals: ["true"] },
    },
  ],
};

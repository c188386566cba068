import { pythonScenarios } from "../support/python-calls.mjs";

// One log record a call has all messages, of which the span says nothing.
const logged = ["InputContains", "OutputContains", "ToolCalls"];

export const scenarios = pythonScenarios(
  import.meta.dirname,
  {
    OTEL_SEMCONV_STABILITY_OPT_IN: "gen_ai_latest_experimental",
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "event_only",
  },
  {
    all: { logged },
    rows: {
      cached: { logged, not: ["CacheReadTokens"] },
      reasoning: { logged, not: ["ReasoningTokens"] },
      stream: { logged: [...logged, "FinishReasons"] },
      embedding: { not: ["InputContains"] },
    },
  },
);

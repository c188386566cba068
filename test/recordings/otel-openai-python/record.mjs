import { pythonScenarios } from "../support/python-calls.mjs";

// Each message is a log record, of which the span says nothing.
const logged = ["InputContains", "OutputContains", "ToolCalls"];

export const scenarios = pythonScenarios(
  import.meta.dirname,
  { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true" },
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

import type { Dialect } from "../dialect.ts";

/** OpenTelemetry's own names, today's before those of former versions. Every emitter may use them beside its own. */
export const semconv: Dialect = {
  name: "otel",
  source: "https://github.com/open-telemetry/semantic-conventions-genai",
  recognise: { keys: ["gen_ai.*"] },
  rules: [
    { target: "Provider", sources: ["gen_ai.provider.name", "gen_ai.system"] },
    { target: "RequestModel", sources: ["gen_ai.request.model"] },
    { target: "ResponseModel", sources: ["gen_ai.response.model"] },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"] },
  ],
};

import type { Dialect } from "../dialect.ts";

/** Microsoft's Semantic Kernel, .NET and Python. Content stands in events (Python: in log records) of old names. */
export const semanticKernel: Dialect = {
  name: "semantic_kernel",
  source: "https://learn.microsoft.com/semantic-kernel/concepts/enterprise-readiness/observability",
  recognise: {
    scopes: ["Microsoft.SemanticKernel*", "semantic_kernel*"],
    keys: ["sk.available_functions", "semantic_kernel.*"],
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "gen_ai.operation.name",
          values: { "chat.completions": "llm", "chat.streaming_completions": "llm", "text.completions": "llm" },
        },
      ],
    },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.response.prompt_tokens"] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", "gen_ai.response.completion_tokens"] },
    { target: "ToolName", sources: ["semantic_kernel.function.name"] },
    { target: "Input", sources: ["gen_ai.tool.call.arguments", "semantic_kernel.function.invocation.arguments"] },
    { target: "Output", sources: ["gen_ai.tool.call.result", "semantic_kernel.function.invocation.result"] },
  ],
};

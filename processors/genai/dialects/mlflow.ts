import type { Dialect, Source } from "../dialect.ts";

const usage = (name: string): Source[] =>
  ["mlflow.chat.tokenUsage", "mlflow.trace.tokenUsage"].map((attribute) => ({ attribute, path: [name] }));
const cost = (name: string): Source[] =>
  ["mlflow.llm.cost", "mlflow.trace.cost"].map((attribute) => ({ attribute, path: [name] }));
const kinds = {
  llm: "llm",
  chat_model: "llm",
  chain: "chain",
  workflow: "chain",
  task: "chain",
  parser: "chain",
  agent: "agent",
  tool: "tool",
  retriever: "retrieval",
  memory: "retrieval",
  embedding: "embedding",
  reranker: "reranker",
  guardrail: "guardrail",
  evaluator: "evaluator",
} as const;

/** MLflow Tracing. It encodes every value as JSON, so that strings stand in quotes. */
export const mlflow: Dialect = {
  name: "mlflow",
  source: "https://github.com/mlflow/mlflow/blob/master/mlflow/tracing/constant.py",
  recognise: { scopes: ["mlflow*"], keys: ["mlflow.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [{ attribute: "mlflow.spanType", values: kinds }],
    },
    { target: "Provider", sources: ["mlflow.llm.provider"] },
    { target: "RequestModel", sources: ["mlflow.llm.model"] },
    { target: "InputTokens", sources: usage("input_tokens") },
    { target: "OutputTokens", sources: usage("output_tokens") },
    { target: "CacheReadTokens", sources: usage("cache_read_input_tokens") },
    { target: "CacheWriteTokens", sources: usage("cache_creation_input_tokens") },
    { target: "TotalTokens", sources: usage("total_tokens") },
    { target: "Cost", sources: cost("total_cost") },
    { target: "InputCost", sources: cost("input_cost") },
    { target: "OutputCost", sources: cost("output_cost") },
    { target: "SessionId", sources: ["mlflow.trace.session", "session.id"] },
    { target: "UserId", sources: ["mlflow.trace.user", "user.id"] },
    { target: "PromptName", sources: [{ attribute: "mlflow.linkedPrompts", path: [0, "name"] }] },
    { target: "PromptVersion", sources: [{ attribute: "mlflow.linkedPrompts", path: [0, "version"] }] },
    { target: "Input", sources: ["mlflow.spanInputs", "mlflow.traceInputs"] },
    { target: "Output", sources: ["mlflow.spanOutputs", "mlflow.traceOutputs"] },
    { target: "Tags", sources: [{ prefix: "mlflow.traceTag." }] },
  ],
  repeatsUsage: { attribute: "mlflow.trace.tokenUsage" },
};

import type { Dialect } from "../dialect.ts";

/** What Weave, of Weights & Biases, understands beside the names of others. */
export const weave: Dialect = {
  name: "weave",
  source: "https://docs.wandb.ai/weave/guides/tracking/otel",
  recognise: { scopes: ["weave*", "wandb*"], keys: ["wandb.*", "weave.*"] },
  rules: [
    { target: "OperationKind", sources: ["weave.span.kind"] },
    { target: "SessionId", sources: ["wandb.thread_id"] },
    { target: "Input", sources: ["weave.input", "weave.inputs"] },
    { target: "Output", sources: ["weave.output", "weave.outputs"] },
    { target: "Tags", sources: ["wandb.attributes"] },
  ],
};

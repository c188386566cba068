/** Members in which messages, choices and parts stand, of any system. Nothing else is looked into. */
export const containers: ReadonlySet<string> = new Set([
  "message",
  "messages",
  "choices",
  "candidates",
  "generations",
  "output",
  "response",
  "content",
  "parts",
  "kwargs",
  "additional_kwargs",
  "response_metadata",
  "generation_info",
]);
/** Members that hold a call, or a list of them. */
export const callContainers: ReadonlySet<string> = new Set([
  "tool_calls",
  "toolCalls",
  "function_call",
  "functionCall",
  "toolUse",
  "toolRequest",
]);
/** Members that say why a model stopped; of several that are there, the first one counts. */
export const finishNames = ["finish_reason", "finishReason", "stop_reason", "stopReason"] as const;

/** How deep objects and arrays are looked into. */
export const maxDepth = 12;

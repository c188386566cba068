/** A model id as it is kept: SDKs put `zeroeval/` before it for their own gateway. */
export function plainModelId(modelId: string | null | undefined): string {
  return (modelId ?? "").trim().replace(/^zeroeval\//, "");
}

const providers: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|chatgpt-|o[1-9]($|-)|text-embedding-|davinci|codex)/, "openai"],
  [/^claude/, "anthropic"],
  [/^(gemini|gemma)/, "google"],
  [/^(mistral|mixtral|codestral|ministral|magistral)/, "mistral"],
  [/^(llama|meta-llama)/, "meta"],
  [/^deepseek/, "deepseek"],
  [/^grok/, "xai"],
  [/^command/, "cohere"],
  [/^(qwen|qwq)/, "qwen"],
];

/** Who makes a model, as far as its name tells: `openai` of `gpt-4o` and of `openai/gpt-4o`. */
export function providerOf(modelId: string): string | null {
  const slash = modelId.indexOf("/");
  if (slash > 0) return modelId.slice(0, slash);
  return providers.find(([pattern]) => pattern.test(modelId.toLowerCase()))?.[1] ?? null;
}

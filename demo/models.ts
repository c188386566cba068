/** A model as its provider serves it. */
export interface Model {
  readonly name: string;
  /** What the provider says that it answered with. */
  readonly responseName: string;
  /** A value of `gen_ai.provider.name`. */
  readonly provider: string;
  readonly host: string;
  /** Milliseconds to the first token. */
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
}

function model(
  provider: string,
  host: string,
  names: readonly [string, string],
  firstTokenMs: number,
  speed: number,
): Model {
  return { provider, host, name: names[0], responseName: names[1], firstTokenMs, tokensPerSecond: speed };
}

const openai = "api.openai.com";
const anthropic = "api.anthropic.com";

export const chatModels = {
  large: model("openai", openai, ["gpt-4.1", "gpt-4.1-2025-04-14"], 620, 75),
  small: model("openai", openai, ["gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"], 380, 120),
  coder: model("anthropic", anthropic, ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"], 900, 65),
  quick: model("anthropic", anthropic, ["claude-haiku-4-5", "claude-haiku-4-5-20251001"], 450, 140),
  reader: model("gcp.gemini", "generativelanguage.googleapis.com", ["gemini-2.5-flash", "gemini-2.5-flash"], 350, 180),
} as const;

export const embeddingModel = model(
  "openai",
  openai,
  ["text-embedding-3-small", "text-embedding-3-small"],
  90,
  100_000,
);

import { findProvider } from "@pydantic/genai-prices";

/** What a span's provider is to the price list. */
export interface ProviderRole {
  /** As sent, in lower case. */
  readonly name: string;
  /** Id in the package's list; undefined for one that it does not know. */
  readonly listed: string | undefined;
  /**
   * `maker`: sells its own models. `host`: sells other makers' models under their names, at prices near theirs.
   * `gateway`: passes requests on, or is a framework; says nothing about prices. `local`: costs nothing by itself.
   */
  readonly kind: "maker" | "host" | "gateway" | "local";
}

/** Names of the semantic conventions and of `genai`'s providers for which the package has another id. */
const listedIds: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    azure_openai: "azure",
    azure_ai: "azure",
    "aws.bedrock": "aws",
    bedrock: "aws",
    bedrock_converse: "aws",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "gcp.gen_ai": "google",
    vertex_ai: "google",
    gemini: "google",
    x_ai: "x-ai",
    xai: "x-ai",
    "x.ai": "x-ai",
    mistral_ai: "mistral",
    mistralai: "mistral",
    moonshot_ai: "moonshotai",
    moonshot: "moonshotai",
    together_ai: "together",
    fireworks_ai: "fireworks",
    "z.ai": "zai",
    z_ai: "zai",
    voyage: "voyageai",
    copilot: "github-copilot",
  }),
);

const hosts = new Set(["aws", "azure", "google"]);

/** Servers on the user's own machines. Their models cost nothing, or what the user says. */
const locals = new Set(
  ["ollama", "vllm", "llama.cpp", "llama_cpp", "llamacpp", "llamafile", "lmstudio", "lm_studio", "localai"]
    .concat(["local", "transformers", "text-generation-inference", "tgi", "sglang", "mlx", "gpt4all", "koboldcpp"])
    .concat(["ollama_chat", "hosted_vllm", "lm-studio"]),
);

/** Routers and frameworks whose names hold those of providers, so that the package would take them for these. */
const gateways = new Set(["litellm", "litellm_proxy", "vercel-ai-sdk", "langchain", "strands-agents", "zeroeval"]);

/** What a provider's name, as `Provider` holds it or as it stands before a model's name, means to the price list. */
export function providerRole(provider: string): ProviderRole {
  const name = provider.trim().toLowerCase();
  if (locals.has(name)) return { name, listed: undefined, kind: "local" };
  if (name === "" || gateways.has(name)) return { name, listed: undefined, kind: "gateway" };
  const id = listedIds.get(name) ?? findProvider({ providerId: name })?.id;
  if (id === undefined) return { name, listed: undefined, kind: "gateway" };
  return { name, listed: id, kind: hosts.has(id) ? "host" : "maker" };
}

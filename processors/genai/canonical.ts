/** What `OperationKind` may hold. */
export const operationKinds = [
  "llm",
  "embedding",
  "tool",
  "agent",
  "chain",
  "retrieval",
  "vector_store",
  "reranker",
  "guardrail",
  "evaluator",
  "prompt",
  "tts",
  "stt",
  "realtime",
  "image",
  "http",
  "database",
  "generic",
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** Names that emitters give to kinds and operations, in lower case. */
const kindAliases: Readonly<Record<OperationKind, readonly string[]>> = {
  llm: [
    "chat",
    "completion",
    "completions",
    "chat_completion",
    "chat_model",
    "text_completion",
    "generate_content",
  ].concat(["responses", "response", "generation", "generate", "inference", "message", "messages"]),
  embedding: ["embed", "embeddings", "embedder"],
  tool: ["execute_tool", "tool_call", "function", "function_tool", "mcp_tool"],
  agent: ["invoke_agent", "create_agent", "agent_turn"],
  chain: ["workflow", "invoke_workflow", "task", "sequence", "execute_event_loop_cycle", "plan"],
  retrieval: ["retriever", "retrieve", "search"],
  vector_store: ["vectorstore", "vector_db", "vectordb"],
  reranker: ["rerank", "reranking"],
  guardrail: ["guardrails", "moderation"],
  evaluator: ["evaluation", "evaluate", "eval", "human_evaluator"],
  prompt: ["prompt_template"],
  tts: ["text_to_speech", "speech"],
  stt: ["speech_to_text", "transcription", "transcribe"],
  realtime: [],
  image: ["image_generation", "generate_image"],
  http: [],
  database: ["db"],
  generic: ["span", "default", "unknown"],
};

/**
 * Names of providers: OpenTelemetry's own values, and what emitters send in their place, in lower case.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
 */
const providerAliases: Readonly<Record<string, readonly string[]>> = {
  openai: ["openai.chat", "openai.responses", "openai.completion", "openai.embedding", "langchain_openai"],
  "azure.ai.openai": [
    "az.ai.openai",
    "azure_openai",
    "azure-openai",
    "azure",
    "azure.chat",
    "azure-openai.chat",
  ].concat(["azure.responses", "azure-openai.responses", "azureopenai"]),
  "azure.ai.inference": ["az.ai.inference", "azure_ai", "azure_ai_inference"],
  anthropic: ["anthropic.messages", "langchain_anthropic"],
  "aws.bedrock": ["aws_bedrock", "bedrock", "aws", "amazon-bedrock", "amazon_bedrock", "bedrock-anthropic"].concat([
    "bedrock_converse",
    "aws-bedrock",
    "amazon.bedrock",
  ]),
  "gcp.gemini": ["gcp.gen_ai", "gemini", "google", "google-genai", "google_genai", "google.generative-ai"].concat([
    "google_generative_ai",
    "google-generativeai",
    "gcp.genai",
    "googleai",
  ]),
  "gcp.vertex_ai": [
    "vertex_ai",
    "vertexai",
    "vertex",
    "google.vertex.chat",
    "google_vertexai",
    "gcp.vertex.agent",
  ].concat(["google-vertex", "google.vertex", "google_vertex_ai"]),
  x_ai: ["xai", "xai.chat", "xai.responses", "x.ai", "x-ai"],
  mistral_ai: ["mistral", "mistralai", "mistral.chat"],
  cohere: ["cohere.chat", "cohere.textembedding", "cohere.rerank"],
  groq: ["groq.chat"],
  deepseek: ["deepseek.chat"],
  perplexity: ["perplexity.chat"],
  "ibm.watsonx.ai": ["watsonx", "ibm_watsonx", "watsonx.ai"],
  together: ["together_ai", "togetherai", "togetherai.chat", "together.ai"],
  fireworks: ["fireworks_ai", "fireworks.chat", "fireworksai"],
  cerebras: ["cerebras.chat"],
  ollama: ["ollama.chat", "langchain_ollama"],
};

const kinds = byAlias(kindAliases);
const providers = byAlias(providerAliases);

function byAlias<Name extends string>(table: Readonly<Record<Name, readonly string[]>>): ReadonlyMap<string, Name> {
  const names = new Map<string, Name>();
  for (const [name, aliases] of Object.entries(table) as [Name, readonly string[]][]) {
    for (const alias of [name, ...aliases]) names.set(alias, name);
  }
  return names;
}

/** The kind that an emitter means by `text`, or undefined. */
export function canonicalKind(text: string): OperationKind | undefined {
  return kinds.get(text.trim().toLowerCase());
}

/** The provider that an emitter means by `text`; one that is not known stays, in lower case. */
export function canonicalProvider(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return name === "" ? undefined : (providers.get(name) ?? name);
}

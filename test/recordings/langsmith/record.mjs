process.env.LANGSMITH_TRACING = "true";
process.env.LANGSMITH_OTEL_ENABLED = "true";
process.env.LANGSMITH_API_KEY = "recording";
process.env.LANGSMITH_PROJECT = "geography";
process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = `${process.env.OTLP_URL}/v1/traces`;
process.env.LANGSMITH_ENDPOINT = process.env.OTLP_URL;

const { initializeOTEL } = await import("langsmith/experimental/otel/setup");
const { traceable } = await import("langsmith/traceable");
const { wrapOpenAI } = await import("langsmith/wrappers");
const { default: OpenAI } = await import("openai");
const { openaiScenarios, session } = await import("../support/sdk-calls.mjs");

const otel = initializeOTEL({ exporterConfig: { url: `${process.env.OTLP_URL}/v1/traces` } });

export const instrumentation = ["langsmith", "openai"];
export async function flush() {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await otel.DEFAULT_LANGSMITH_SPAN_PROCESSOR.forceFlush();
}

const metadata = { session_id: session.sessionId, user_id: session.userId, plan: "pro" };
const openai = wrapOpenAI(new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 }));

export const scenarios = openaiScenarios(openai, {
  names: { chat: "ChatOpenAI", stream: "listen", responses: "ChatOpenAI", tool: "get_weather", outer: "ask_around" },
  tool: (run, args) => traceable(run, { name: "get_weather", run_type: "tool" })(args),
  session: (run) => traceable(() => run(), { name: "visit", metadata, tags: ["paid", "eu"] })(),
  // Outside of another run a streamed call is not sent at all, inside of one it takes its place.
  stream: (run) => traceable(() => run(), { name: "listen" })(),
  outer: (run) => traceable(() => run(), { name: "ask_around", run_type: "chain" })(),
  skip: ["openai-embedding"],
  rows: { outerSpan: { OperationKind: "chain" } },
});

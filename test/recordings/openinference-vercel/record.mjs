import { createRequire } from "node:module";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import * as ai from "ai";
import { aiSdkScenarios, legacyNames } from "../support/ai-sdk.mjs";

// Its ES modules import names from a CommonJS module which Node does not find there.
const { isOpenInferenceSpan, OpenInferenceBatchSpanProcessor } = createRequire(import.meta.url)(
  "@arizeai/openinference-vercel",
);
const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const processor = new OpenInferenceBatchSpanProcessor({ exporter, spanFilter: isOpenInferenceSpan });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();

export const instrumentation = ["@arizeai/openinference-vercel", "ai", "@ai-sdk/openai", "@ai-sdk/anthropic"];
export const flush = () => provider.forceFlush();

const baseURL = `${process.env.LLM_URL}/v1`;
export const scenarios = aiSdkScenarios(
  { ai, openai: createOpenAI({ baseURL }), anthropic: createAnthropic({ baseURL }) },
  {
    // The processor renames the spans to operation.name, which ends with the functionId.
    names: Object.fromEntries(Object.entries(legacyNames).map(([key, name]) => [key, () => `${name()} geography`])),
    telemetry: (metadata, functionId) => ({ experimental_telemetry: { isEnabled: true, functionId, metadata } }),
    // Cached and reasoning tokens of OpenAI are not sent.
    rows: {
      "openai-cached": { not: ["CacheReadTokens"] },
      "openai-reasoning": { not: ["ReasoningTokens"] },
      "openai-responses": { not: ["CacheReadTokens"] },
    },
    toolSchema: "inputSchema",
    loop: ({ stepCountIs }) => ({ stopWhen: stepCountIs(3) }),
    picturePart: ({ base64, mediaType }) => ({ type: "image", image: base64, mediaType }),
  },
);

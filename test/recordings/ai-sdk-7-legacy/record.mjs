import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { LegacyOpenTelemetry } from "@ai-sdk/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import * as ai from "ai";
import { aiSdkScenarios, legacyNames } from "../support/ai-sdk.mjs";

const exporter = new OTLPTraceExporter({ url: `${process.env.OTLP_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
ai.registerTelemetry(new LegacyOpenTelemetry());

export const instrumentation = ["ai", "@ai-sdk/otel", "@ai-sdk/openai", "@ai-sdk/anthropic"];
export const flush = () => provider.forceFlush();

const baseURL = `${process.env.LLM_URL}/v1`;
export const scenarios = aiSdkScenarios(
  { ai, openai: createOpenAI({ baseURL }), anthropic: createAnthropic({ baseURL }) },
  {
    names: legacyNames,
    telemetry: (context, functionId) => ({
      runtimeContext: context,
      telemetry: {
        functionId,
        includeRuntimeContext: Object.fromEntries(Object.keys(context).map((key) => [key, true])),
      },
    }),
    toolSchema: "inputSchema",
    loop: ({ stepCountIs }) => ({ stopWhen: stepCountIs(3) }),
    picturePart: ({ base64, mediaType }) => ({ type: "file", mediaType, data: base64 }),
  },
);

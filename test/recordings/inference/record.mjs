import Anthropic from "@anthropic-ai/sdk";
import { agentSpan, setup } from "@inference/tracing";
import OpenAI from "openai";
import { anthropicScenarios, openaiScenarios, session } from "../support/sdk-calls.mjs";

const tracing = await setup({
  endpoint: process.env.OTLP_URL,
  apiKey: "recording",
  serviceName: "geography",
  modules: { openai: OpenAI, anthropic: Anthropic },
});

export const instrumentation = ["@inference/tracing", "openai", "@anthropic-ai/sdk"];
export const flush = () => tracing.shutdown();

const openai = new OpenAI({ baseURL: `${process.env.LLM_URL}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.LLM_URL, maxRetries: 0 });
const names = { chat: "OpenAI Chat Completions", responses: "OpenAI Responses", outer: "ask_around" };
const agent = { agentId: "ask_around", spanName: "ask_around" };

export const scenarios = {
  ...openaiScenarios(openai, {
    names,
    skip: ["openai-embedding"],
    session: (run) => agentSpan({ ...agent, sessionId: session.sessionId, userId: session.userId }, run),
    outer: (run) => agentSpan(agent, run),
    // The user stands on the outer span alone.
    rows: { session: { elsewhere: ["UserId"] }, outerSpan: { OperationKind: "agent" } },
  }),
  ...anthropicScenarios(anthropic, { names: { chat: "Anthropic Messages" } }),
};

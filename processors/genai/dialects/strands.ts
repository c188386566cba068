import type { Condition, Dialect } from "../dialect.ts";

const python: Condition = { scope: ["strands.*"] };
const cached: Condition = {
  any: [
    { attribute: "gen_ai.usage.cache_read.input_tokens" },
    { attribute: "gen_ai.usage.cache_creation.input_tokens" },
  ],
};
const regions = ["", "us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au."];
const additiveModels = ["claude*", ...regions.flatMap((region) => [`${region}anthropic.*`, `${region}amazon.*`])];

/** Strands Agents of AWS, in Python and in JavaScript. All content stands in events, of OpenTelemetry's names. */
export const strands: Dialect = {
  name: "strands",
  source: "https://github.com/strands-agents/sdk-python/blob/main/src/strands/telemetry/tracer.py",
  recognise: {
    scopes: ["strands.*", "strands-agents"],
    keys: ["gen_ai.event.start_time", "event_loop.*", "agent_loop.*", "gen_ai.agent.tools"],
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "gen_ai.operation.name",
          values: { execute_event_loop_cycle: "chain", "invoke_swarm*": "agent", "invoke_graph*": "agent" },
        },
        { spanName: { execute_agent_loop_cycle: "chain" } },
      ],
    },
    // It writes its own name, or in JavaScript that of the service; it does not say who ran the model.
    { target: "Provider", sources: [{ constant: "strands-agents" }] },
    {
      target: "CacheReadTokens",
      sources: ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"],
    },
    {
      target: "CacheWriteTokens",
      sources: ["gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write_input_tokens"],
    },
    // Milliseconds, though OpenTelemetry's metric of this name is in seconds.
    { target: "TimeToFirstToken", sources: [{ attribute: "gen_ai.server.time_to_first_token", unit: "ms" }] },
    { target: "FinishReasons", sources: [{ event: "gen_ai.choice", attribute: "finish_reason" }] },
    {
      target: "ErrorType",
      sources: [{ constant: "tool_error" }],
      when: { attribute: "gen_ai.tool.status", equals: ["error"] },
    },
  ],
  system: ["gen_ai.system_instructions", "system_prompt"],
  usage: [
    // Python adds the cache to the input since it writes the dotted names; before, it passed Bedrock's counts on.
    { when: { all: [python, cached] }, inputIncludesCache: true, outputIncludesReasoning: true },
    {
      when: { all: [python, { not: cached }] },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
    // JavaScript passes on what the model's API says.
    {
      when: { attribute: "gen_ai.request.model", equals: additiveModels },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
  ],
  repeatsUsage: {
    attribute: "gen_ai.operation.name",
    equals: ["invoke_agent", "execute_event_loop_cycle", "invoke_swarm*", "invoke_graph*"],
  },
};

import { costSpike } from "./cost-spike.ts";
import { emptyOutput } from "./empty-output.ts";
import { pii } from "./pii.ts";
import { refusal } from "./refusal.ts";
import { slowFirstToken } from "./slow-first-token.ts";
import { toolError } from "./tool-error.ts";
import { toolLoop } from "./tool-loop.ts";
import { truncatedOutput } from "./truncated-output.ts";

/** Every ready-made rule, by its name in `rule_sets:`. */
export const ruleSets = {
  refusal,
  empty_output: emptyOutput,
  truncated_output: truncatedOutput,
  tool_error: toolError,
  slow_first_token: slowFirstToken,
  cost_spike: costSpike,
  tool_loop: toolLoop,
  pii,
} as const;
export type RuleSetName = keyof typeof ruleSets;

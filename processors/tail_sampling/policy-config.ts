import { z } from "zod";
import { conditionText } from "../helper/ottl/condition.ts";
import { patternText } from "../helper/pattern.ts";

const count = z.int().min(0);
const name = z.string().default("").describe("Name of the policy, for metrics and the column SamplePolicy.");
const key = z.string().min(1).describe("Attribute of a span or of its resource.");
const values = z.array(z.string());
const invertMatch = z
  .boolean()
  .default(false)
  .describe("Keeps a trace of which no span or resource matches, in place of one of which any does.");
const percentage = z.number().min(0).describe("Share to keep, in percent; 100 and more keeps all.");
const isRegex = z.boolean().default(false).describe("Whether values are patterns in RE2 syntax, found anywhere.");
const burst = (unit: string) =>
  count.default(0).describe(`Most ${unit} that are kept at once, and most of a single trace; 0 is twice the rate.`);

/** The blocks of the policies that hold no other policy. */
const leafBlocks = {
  always_sample: z.strictObject({}).optional().describe("Keeps everything; has no keys."),
  latency: z
    .strictObject({
      threshold_ms: count.describe("Keeps traces that take longer, in milliseconds, first start to last end."),
      upper_threshold_ms: count.default(0).describe("And not longer than this; 0 is no bound."),
    })
    .optional()
    .describe("By the time the trace takes."),
  numeric_attribute: z
    .strictObject({
      key,
      min_value: z.number().default(0).describe("Smallest value that matches; 0 is no bound, as in the Collector."),
      max_value: z.number().default(0).describe("Largest value that matches; 0 is no bound, as in the Collector."),
      invert_match: invertMatch,
    })
    .refine(({ min_value, max_value }) => min_value !== 0 || max_value !== 0, {
      error: "needs a min_value or max_value other than 0",
    })
    .optional()
    .describe("By an attribute that is a number."),
  probabilistic: z
    .strictObject({
      sampling_percentage: percentage.default(0),
      hash_salt: z.string().default("").describe("Hashed with the trace id; empty is default-hash-seed."),
    })
    .optional()
    .describe("A share of traces, by a hash of the trace id."),
  status_code: z
    .strictObject({
      status_codes: z
        .array(z.enum(["OK", "ERROR", "UNSET"]))
        .min(1)
        .describe("Statuses of which any span must have one."),
    })
    .optional()
    .describe("By the status of spans."),
  string_attribute: z
    .strictObject({
      key,
      values: values.default([]).describe("Values, or patterns, of which one must match."),
      enabled_regex_matching: isRegex,
      cache_max_size: count
        .default(0)
        .describe("Values of which it is remembered whether they match, with patterns; 0 is 128."),
      invert_match: invertMatch,
    })
    .check((context) => checkPatterns(context.value, context.issues))
    .optional()
    .describe("By an attribute that is a text."),
  rate_limiting: z
    .strictObject({ spans_per_second: count.describe("Spans kept per second."), burst_capacity: burst("spans") })
    .optional()
    .describe("As many traces as a number of spans per second allows."),
  bytes_limiting: z
    .strictObject({
      bytes_per_second: count.describe("Bytes kept per second, as the spans take them in memory."),
      burst_capacity: burst("bytes"),
    })
    .optional()
    .describe("As many traces as a number of bytes per second allows."),
  span_count: z
    .strictObject({
      min_spans: count.default(0).describe("Fewest spans of a trace that is kept."),
      max_spans: count.default(0).describe("Most spans of a trace that is kept; 0 is no bound."),
    })
    .optional()
    .describe("By the number of spans."),
  trace_state: z
    .strictObject({
      key: z.string().min(1).describe("Entry of the tracestate."),
      values: values.describe("Values of which it must have one."),
    })
    .optional()
    .describe("By the tracestate of spans."),
  trace_flags: z
    .strictObject({})
    .optional()
    .describe("Keeps traces with a span that has the flag sampled; has no keys."),
  boolean_attribute: z
    .strictObject({
      key,
      value: z.boolean().default(false).describe("Value that matches."),
      invert_match: invertMatch,
    })
    .optional()
    .describe("By an attribute that is true or false."),
  ottl_condition: z
    .strictObject({
      error_mode: z
        .enum(["", "ignore", "silent", "propagate"])
        .default("")
        .describe("Accepted: the conditions of docs/sampling.md cannot fail once they were read."),
      span: z.array(conditionText("span")).default([]).describe("Conditions of which one must hold for any span."),
      spanevent: z
        .array(conditionText("spanevent"))
        .default([])
        .describe("Conditions of which one must hold for any event of a span."),
    })
    .refine(({ span, spanevent }) => span.length + spanevent.length > 0, { error: "needs at least one condition" })
    .optional()
    .describe("By conditions in a part of OTTL, which docs/sampling.md describes."),
  cost: z
    .strictObject({
      min_usd: z.number().min(0).default(0).describe("Smallest cost of a trace that is kept, in US dollars."),
      max_usd: z.number().min(0).optional().describe("Largest cost; left out, no bound."),
    })
    .optional()
    .describe("By the sum of the column Cost, which the cost processor fills; a trace without cost does not match."),
  tokens: z
    .strictObject({
      kind: z.enum(["total", "input", "output"]).default("total").describe("Which tokens are summed."),
      min: count.default(0).describe("Fewest tokens of a trace that is kept."),
      max: count.optional().describe("Most tokens; left out, no bound."),
    })
    .optional()
    .describe("By the sum of tokens, which the genai processor finds; a trace without tokens does not match."),
  signal: z
    .strictObject({
      name: z.string().min(1).describe("Name of the signal."),
      entity: z.enum(["span", "trace", "session"]).optional().describe("What it says something of; left out, any."),
      values: z
        .array(z.union([z.string(), z.boolean(), z.number()]))
        .default([])
        .describe("Values of which it must have one; empty, any."),
      min: z.number().optional().describe("Smallest value of a numerical signal."),
      max: z.number().optional().describe("Largest value of a numerical signal."),
    })
    .optional()
    .describe("By a signal of any span."),
  error_type: z
    .strictObject({
      values: values.default([]).describe("Types, or patterns, of which any span must have one; empty, any type."),
      enabled_regex_matching: isRegex,
    })
    .check((context) => checkPatterns(context.value, context.issues))
    .optional()
    .describe("By the column ErrorType."),
  session: z
    .strictObject({
      sampling_percentage: percentage
        .default(0)
        .describe("Share of sessions to keep, in percent, with all their traces."),
      hash_salt: z.string().default("").describe("Hashed with the session's id."),
      keep_after: z
        .boolean()
        .default(false)
        .describe("Keeps the later traces of a session of which another policy has kept one."),
      max_sessions: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(100_000)
        .describe("Sessions remembered for keep_after; the least recently seen are forgotten first."),
    })
    .optional()
    .describe("By the column SessionId: whole sessions."),
};

function checkPatterns(
  config: { readonly values: readonly string[]; readonly enabled_regex_matching: boolean },
  issues: z.core.$ZodRawIssue[],
): void {
  if (!config.enabled_regex_matching) return;
  config.values.forEach((text, index) => {
    for (const { message } of patternText.safeParse(text).error?.issues ?? []) {
      issues.push({ code: "custom", message, input: text, path: ["values", index] });
    }
  });
}

const leafTypes = [
  "always_sample",
  "latency",
  "numeric_attribute",
  "probabilistic",
  "status_code",
  "string_attribute",
  "rate_limiting",
  "bytes_limiting",
  "span_count",
  "trace_state",
  "trace_flags",
  "boolean_attribute",
  "ottl_condition",
  "cost",
  "tokens",
  "signal",
  "error_type",
  "session",
] as const;

/** Policies whose block may be left out: it has no keys, or only ones with defaults. */
const withoutBlock = ["always_sample", "trace_flags"];

interface Typed {
  readonly type: string;
  readonly [block: string]: unknown;
}

/** A policy must hold the block of its type. */
function hasItsBlock({ type, ...blocks }: Typed): boolean {
  return withoutBlock.includes(type) || blocks[type] !== undefined;
}
const blockMissing = { error: "needs the block that is called as its type" };
const sameAs = "policies[]";

const leaf = z
  .strictObject({ name, type: z.enum(leafTypes).describe("Kind of policy."), ...leafBlocks })
  .refine(hasItsBlock, blockMissing);

const notBlock = z
  .strictObject({ not_sub_policy: leaf.describe("The policy, as policies[] without and, not, drop, composite.") })
  .meta({ sameAs })
  .optional()
  .describe("The opposite of a policy, which stands in not_sub_policy.");

const andPart = z
  .strictObject({ name, type: z.enum([...leafTypes, "not"]).describe("Kind of policy."), ...leafBlocks, not: notBlock })
  .refine(hasItsBlock, blockMissing);

const andBlock = z
  .strictObject({
    and_sub_policy: z
      .array(andPart)
      .min(1)
      .meta({ sameAs })
      .describe("The policies, as policies[] without and, drop, composite."),
  })
  .optional()
  .describe("Policies that must all keep the trace.");

const dropBlock = z
  .strictObject({
    drop_sub_policy: z
      .array(andPart)
      .min(1)
      .meta({ sameAs })
      .describe("The policies, as policies[] without and, drop, composite."),
  })
  .optional()
  .describe("Policies that drop the trace, whatever others say, when all of them match.");

const compositePart = z
  .strictObject({ name, type: z.enum([...leafTypes, "and"]).describe("Kind of policy."), ...leafBlocks, and: andBlock })
  .refine(hasItsBlock, blockMissing);

const compositeBlock = z
  .strictObject({
    max_total_spans_per_second: count.describe("Spans per second that the parts share."),
    policy_order: values.default([]).describe("Names of the parts in the order they are asked; others follow."),
    composite_sub_policy: z
      .array(compositePart)
      .min(1)
      .meta({ sameAs })
      .describe("The policies, as policies[] without not, drop, composite."),
    rate_allocation: z
      .array(
        z.strictObject({
          policy: z.string().describe("Name of a part."),
          percent: count.describe("Its share of the spans per second, in percent."),
        }),
      )
      .default([])
      .describe("Shares of the parts; one without a share gets an equal part."),
  })
  .check((context) => {
    const { composite_sub_policy: parts, policy_order, rate_allocation } = context.value;
    const names = parts.map((part) => part.name);
    const report = (input: string, path: (string | number)[]): void => {
      if (!names.includes(input)) context.issues.push({ code: "invalid_value", values: names, input, path });
    };
    for (const [index, part] of policy_order.entries()) report(part, ["policy_order", index]);
    for (const [index, { policy }] of rate_allocation.entries()) report(policy, ["rate_allocation", index, "policy"]);
  })
  .optional()
  .describe("Policies that share a number of spans per second; the first that matches decides.");

export const policySchema = z
  .strictObject({
    name: z.string().min(1).describe("Name of the policy, for metrics and the column SamplePolicy."),
    type: z.enum([...leafTypes, "and", "not", "drop", "composite"]).describe("Kind of policy."),
    ...leafBlocks,
    and: andBlock,
    not: notBlock,
    drop: dropBlock,
    composite: compositeBlock,
  })
  .refine(hasItsBlock, blockMissing);

export type PolicyConfig = z.output<typeof policySchema>;
export type LeafConfig = z.output<typeof leaf>;
export type AndPartConfig = z.output<typeof andPart>;
export type CompositeConfig = NonNullable<PolicyConfig["composite"]>;
/** Any policy, at the top or within another one. */
export type AnyPolicyConfig = PolicyConfig | LeafConfig | AndPartConfig | z.output<typeof compositePart>;

import type { AnyPolicyConfig } from "../policy-config.ts";

/** Whether spans that arrive later can turn a policy's yes into a no, or its yes uses up a limit. */
export function isStateful(policy: AnyPolicyConfig): boolean {
  switch (policy.type) {
    case "rate_limiting":
    case "bytes_limiting":
      return true;
    case "latency":
      return policy.latency!.upper_threshold_ms > 0;
    case "span_count":
      return policy.span_count!.max_spans > 0;
    case "cost":
      return policy.cost!.max_usd !== undefined;
    case "tokens":
      return policy.tokens!.max !== undefined;
    case "and":
      return "and" in policy && policy.and !== undefined && policy.and.and_sub_policy.some(isStateful);
    case "drop":
      return "drop" in policy && policy.drop !== undefined && policy.drop.drop_sub_policy.some(isStateful);
    case "not":
      return "not" in policy && policy.not !== undefined && isStateful(policy.not.not_sub_policy);
    case "composite":
      return (
        "composite" in policy &&
        policy.composite !== undefined &&
        policy.composite.composite_sub_policy.some(isStateful)
      );
    default:
      return false;
  }
}

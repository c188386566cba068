import { isPermanent } from "../../pipeline/errors.ts";

/**
 * The error to give to the sender of data that went several ways, or undefined when all went well. One that may be
 * retried comes first: were the sender told to drop the data, the part that could still be stored would be lost.
 */
export function outcomeOf(results: readonly PromiseSettledResult<void>[]): unknown {
  const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  return reasons.find((reason) => !isPermanent(reason)) ?? reasons[0];
}

import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { sendingQueueSchema } from "./queue-config.ts";
import { probeConfigSchema } from "./reach.ts";
import { retryConfigSchema } from "./retry.ts";

/**
 * The keys every exporter with a queue has.
 *
 * @param timeout the default of that key, as a duration
 * @param probe what a server that is away is asked
 */
export function deliveryKeys(timeout: string, probe: string) {
  return {
    timeout: durationMs.prefault(timeout).describe("Time for one attempt, from request to answer; 0 for no limit."),
    retry_on_failure: retryConfigSchema.prefault({}).describe("When and how often failed exports are tried again."),
    probe: probeConfigSchema(probe).prefault({}).describe("How it is found out that a server is back."),
    sending_queue: sendingQueueSchema.prefault({}).describe("The queue in memory that exports wait in."),
  };
}
const delivery = z.strictObject(deliveryKeys("5s", "a request"));
export type DeliveryConfig = z.output<typeof delivery>;

/** Extra request headers; values may be credentials, so none is ever shown. */
export const clientHeaders = z.record(z.string(), secret).default({}).describe("Headers added to every request.");

/** `auth:` of something that connects. */
export const clientAuth = z
  .strictObject({ authenticator: z.string().min(1).describe("Id of an extension that proves who we are.") })
  .optional()
  .describe("How requests are authenticated; not at all when left out.");

/** A key the Collector has and that does nothing here, so that its configurations stay valid. */
export function ignoredKey(why: string) {
  return z.unknown().optional().describe(`Accepted for compatibility, without effect: ${why}.`);
}

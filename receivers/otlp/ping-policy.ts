import type { KeepaliveConfig } from "./config-grpc.ts";

/** Early pings that are forgiven. */
const maxStrikes = 2;
/** Least time between pings while no call is open and that is not permitted. */
const withoutCallMs = 2 * 3_600_000;

/**
 * Decides whether a client pings too often.
 *
 * @see https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md#server-enforcement
 */
export class PingPolicy {
  readonly #config: KeepaliveConfig["enforcement_policy"];
  #lastAt = Number.NEGATIVE_INFINITY;
  #strikes = 0;

  constructor(config: KeepaliveConfig["enforcement_policy"]) {
    this.#config = config;
  }

  /** The server has sent something, after which a ping is in order. */
  reset(): void {
    this.#strikes = 0;
    this.#lastAt = Number.NEGATIVE_INFINITY;
  }

  /** Takes note of a ping at `now` (milliseconds); false: the client must be sent away. */
  allows(hasOpenCall: boolean, now: number): boolean {
    const isPermitted = hasOpenCall || this.#config.permit_without_stream;
    const leastMs = isPermitted ? this.#config.min_time : Math.max(withoutCallMs, this.#config.min_time);
    if (now - this.#lastAt < leastMs) this.#strikes++;
    this.#lastAt = now;
    return this.#strikes <= maxStrikes;
  }
}

import type { Clock } from "../../../exporters/helper/clock.ts";
import type { TraceTable } from "../trace-table.ts";
import type { Chance, Policy } from "./policy.ts";

/** A bucket that fills with `perSecond` tokens a second up to `burst`, and is full at first. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#atMs = clock.now();
  }

  /** Takes `count` tokens, all or none. */
  take(count: number): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = now;
    if (count > this.#tokens) return false;
    this.#tokens -= count;
    return true;
  }
}

/**
 * How much was offered to a limit and how much it let through, since the last round in which it let anything through. The
 * ratio is what a kept trace stands for: kept spans times weight add up to the offered ones.
 */
export class LimitRatio {
  #offered = 0;
  #admitted = 0;

  begin(): void {
    if (this.#admitted > 0) this.#offered = this.#admitted = 0;
  }

  offer(amount: number, isAdmitted: boolean): void {
    this.#offered += amount;
    if (isAdmitted) this.#admitted += amount;
  }

  /** 0 while nothing was offered: what was not asked has kept nothing. */
  get probability(): number {
    return this.#offered === 0 ? 0 : this.#admitted / this.#offered;
  }
}

let limits = 0;

/** Keeps as many traces as a number of spans, or bytes, per second allows. */
export class LimitPolicy implements Policy {
  readonly loss = 0;
  readonly #bucket: TokenBucket;
  readonly #sizeOf: (slot: number, traces: TraceTable) => number;
  readonly #ratio = new LimitRatio();
  readonly #source = `limit ${++limits}`;

  constructor(bucket: TokenBucket, sizeOf: (slot: number, traces: TraceTable) => number) {
    this.#bucket = bucket;
    this.#sizeOf = sizeOf;
  }

  begin(): void {
    this.#ratio.begin();
  }

  keeps(slot: number, traces: TraceTable): boolean {
    const size = this.#sizeOf(slot, traces);
    const isAdmitted = this.#bucket.take(size);
    this.#ratio.offer(size, isAdmitted);
    return isAdmitted;
  }

  chance(): Chance {
    return { probability: this.#ratio.probability, source: this.#source };
  }
}

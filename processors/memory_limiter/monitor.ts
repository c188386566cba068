import type { Logger } from "pino";
import type { MemoryLimiterConfig } from "./config.ts";
import { MemoryMeter, type ProcessMemory } from "./memory.ts";

const mebibyte = 1024 * 1024;

/** Share of the hard limit when no spike limit is set. */
const defaultSpikeShare = 0.2;

/** A collection that frees less than this share of the hard limit was not worth its pause. */
const worthwhileShare = 0.05;

/** Time until the buffers that a collection freed are given back. */
const settleMs = 100;

export interface MemoryLimits {
  readonly softBytes: number;
  readonly hardBytes: number;
}

/** Limits in bytes; `totalBytes` is what percentages are of. */
export function limitsOf(config: MemoryLimiterConfig, totalBytes: number): MemoryLimits {
  const isFixed = config.limit_mib > 0;
  const hardBytes = isFixed ? config.limit_mib * mebibyte : (config.limit_percentage / 100) * totalBytes;
  const spike = isFixed ? config.spike_limit_mib * mebibyte : (config.spike_limit_percentage / 100) * totalBytes;
  return { hardBytes, softBytes: hardBytes - (spike === 0 ? hardBytes * defaultSpikeShare : spike) };
}

/** Measures memory at intervals, forces garbage collections, and says whether data must be refused. */
export class MemoryMonitor {
  /** Memory in use was above the soft limit when last measured. */
  isOverLimit = false;
  readonly #config: MemoryLimiterConfig;
  readonly #memory: ProcessMemory;
  readonly #logger: Logger;
  readonly #meter: MemoryMeter;
  readonly #limits: MemoryLimits;
  #timer: NodeJS.Timeout | undefined;
  /** In use before the collection whose worth is not known yet. */
  #usedBeforeCollect: number | undefined;
  /** Grows while collections free next to nothing. */
  #backoffMs = 0;

  constructor(config: MemoryLimiterConfig, memory: ProcessMemory, logger: Logger) {
    this.#config = config;
    this.#memory = memory;
    this.#logger = logger;
    this.#meter = new MemoryMeter(memory);
    this.#limits = limitsOf(config, memory.totalBytes());
  }

  start(): void {
    const { softBytes, hardBytes } = this.#limits;
    this.#logger.info({ softBytes, hardBytes }, "memory_limiter: started");
    this.#check();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const used = this.#meter.usedBytes();
    this.#judgeCollection(used);
    const hasCollected = used > this.#limits.softBytes && this.#collectIfDue(used);
    this.#decide(hasCollected ? this.#meter.usedBytes() : used);
    const { check_interval } = this.#config;
    this.#timer = setTimeout(() => this.#check(), hasCollected ? Math.min(settleMs, check_interval) : check_interval);
    this.#timer.unref();
  }

  #collectIfDue(used: number): boolean {
    const limit = used > this.#limits.hardBytes ? "hard" : "soft";
    const min = this.#config[`min_gc_interval_when_${limit}_limited`];
    const max = this.#config[`max_gc_interval_when_${limit}_limited`];
    const interval = Math.max(this.#config.check_interval, Math.min(Math.max(min, this.#backoffMs), max));
    if (this.#memory.nowMs() - this.#memory.lastCollectMs < interval) return false;
    const hasCollected = this.#memory.collect();
    if (hasCollected) this.#usedBeforeCollect = used;
    return hasCollected;
  }

  #judgeCollection(used: number): void {
    if (this.#usedBeforeCollect === undefined) return;
    const freed = this.#usedBeforeCollect - used;
    this.#usedBeforeCollect = undefined;
    const isWorthwhile = freed >= worthwhileShare * this.#limits.hardBytes;
    this.#backoffMs = isWorthwhile ? 0 : Math.max(this.#backoffMs * 2, this.#config.check_interval);
  }

  #decide(usedBytes: number): void {
    const isOver = usedBytes > this.#limits.softBytes;
    if (isOver === this.isOverLimit) return;
    this.isOverLimit = isOver;
    const { softBytes } = this.#limits;
    if (isOver)
      this.#logger.warn({ usedBytes, softBytes }, "memory_limiter: memory is above the soft limit, data is refused");
    else this.#logger.info({ usedBytes, softBytes }, "memory_limiter: memory is back below the soft limit");
  }
}

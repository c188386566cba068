import type { Batch } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import { RetryableError } from "../../pipeline/errors.ts";
import { MemoryLimiterInstruments, ProcessorInstruments } from "../../telemetry/instruments.ts";
import type { MemoryLimiterConfig } from "./config.ts";
import { type ProcessMemory, processMemory } from "./memory.ts";
import { MemoryMonitor } from "./monitor.ts";

/**
 * Refuses data while memory is short, so that senders keep it. Belongs first in a pipeline: what stands before it holds
 * data that nobody limits.
 */
export class MemoryLimiterProcessor<B extends Batch> implements Processor<B> {
  readonly #config: MemoryLimiterConfig;
  readonly #next: Consumer<B>;
  readonly #monitor: MemoryMonitor;
  readonly #flow: ProcessorInstruments;
  readonly #verdicts: MemoryLimiterInstruments;

  constructor(
    config: MemoryLimiterConfig,
    next: Consumer<B>,
    settings: Settings,
    memory: ProcessMemory = processMemory,
  ) {
    this.#config = config;
    this.#next = next;
    this.#monitor = new MemoryMonitor(config, memory, settings.logger);
    this.#flow = new ProcessorInstruments(settings.meter, settings.id);
    this.#verdicts = new MemoryLimiterInstruments(settings.meter, settings.id);
  }

  get gathers(): boolean {
    return this.#next.gathers === true;
  }

  async start(): Promise<void> {
    this.#monitor.start();
  }

  async shutdown(_deadline: AbortSignal): Promise<void> {
    this.#monitor.stop();
  }

  async consume(batch: B): Promise<void> {
    const { signal, itemCount } = batch;
    this.#flow.incoming(signal, itemCount);
    if (this.#monitor.isOverLimit) {
      this.#verdicts.refused(signal, itemCount);
      throw new RetryableError("data refused due to high memory usage", { retryAfterMs: this.#config.check_interval });
    }
    this.#verdicts.accepted(signal, itemCount);
    await this.#next.consume(batch);
    this.#flow.outgoing(signal, itemCount);
  }
}

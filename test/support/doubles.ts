import { createNoopMeter } from "@opentelemetry/api";
import { pino } from "pino";
import type { Batch } from "../../pipeline/batch.ts";
import type { Consumer, Settings } from "../../pipeline/component.ts";

/** A next stage that keeps what it is given, and fails with what `failWith` says. */
export class RecordingConsumer<B extends Batch> implements Consumer<B> {
  readonly batches: B[] = [];
  /** Thrown by the calls to come, one each; undefined lets a call pass. */
  readonly failures: (Error | undefined)[] = [];

  failWith(...errors: (Error | undefined)[]): void {
    this.failures.push(...errors);
  }

  async consume(batch: B): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.batches.push(batch);
  }

  get itemCount(): number {
    return this.batches.reduce((items, batch) => items + batch.itemCount, 0);
  }
}

/** Settings with a silent logger and instruments that count nothing; `overrides` replaces any of it. */
export function testSettings(overrides: Partial<Settings> = {}): Settings {
  return {
    id: "test",
    logger: pino({ level: "silent" }),
    meter: createNoopMeter(),
    acknowledge: "stored",
    signals: ["traces"],
    host: {
      extension: () => undefined,
      exporterConfig: () => undefined,
      fatal: (error) => {
        throw error;
      },
    },
    ...overrides,
  };
}

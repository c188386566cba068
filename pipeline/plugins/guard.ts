import type { Counter } from "@opentelemetry/api";
import { z } from "zod";
import type { Batch } from "../batch.ts";
import type { Consumer, Processor, Settings } from "../component.ts";
import { messageOf, RetryableError } from "../errors.ts";
import type { ProcessorFactory } from "../factory.ts";

/** Where a batch goes on which a plugin has failed. */
const errorModes = ["refuse", "ignore", "drop"] as const;
type ErrorMode = (typeof errorModes)[number];

const errorMode = z
  .enum(errorModes)
  .default("refuse")
  .describe(
    "Where a batch goes when the plugin throws: `refuse` back to its sender, who may send it again; `ignore` on, as it was " +
      "before the plugin (each batch is copied for that); `drop` nowhere. Each is counted.",
  );

/** A batch that can be kept while a plugin works on it. */
interface Clonable extends Batch {
  clone(): this;
}

/** A factory whose processors cannot lose a batch by throwing; their configuration has the key `error_mode` besides. */
export function guarded(factory: ProcessorFactory<unknown, Clonable>): ProcessorFactory<unknown, Clonable> {
  return {
    ...factory,
    configSchema: withErrorMode(factory),
    checkFiles: (config, settings) => factory.checkFiles?.(ownConfig(config).own, settings) ?? [],
    create: (config, next, settings) => {
      const { mode, own } = ownConfig(config);
      const door = new Door(next);
      return new GuardedProcessor(mode, factory.create(own, door, settings), door, settings);
    },
  };
}

/** The configuration as the plugin's schema has it, and where a batch goes on which it fails. */
function ownConfig(config: unknown): { readonly mode: ErrorMode; readonly own: unknown } {
  const { error_mode: mode, ...own } = config as { error_mode: ErrorMode };
  return { mode, own };
}

function withErrorMode({ type, configSchema }: ProcessorFactory<unknown, Clonable>): z.ZodType<unknown> {
  if (configSchema instanceof z.ZodObject) return configSchema.extend({ error_mode: errorMode });
  throw new Error(`processor "${type}": configSchema must be a z.strictObject({...})`);
}

/** The next stage as the plugin sees it: knows which errors are not the plugin's. */
class Door implements Consumer<Clonable> {
  readonly next: Consumer<Clonable>;
  /** Batches that went through. */
  count = 0;
  readonly #errors = new WeakSet<object>();

  constructor(next: Consumer<Clonable>) {
    this.next = next;
  }

  get gathers(): boolean {
    return this.next.gathers === true;
  }

  async consume(batch: Clonable): Promise<void> {
    this.count++;
    try {
      await this.next.consume(batch);
    } catch (error) {
      if (error instanceof Error) this.#errors.add(error);
      throw error;
    }
  }

  /** Whether `error` came from the stages behind. */
  hasThrown(error: unknown): boolean {
    return error instanceof Error && this.#errors.has(error);
  }
}

class GuardedProcessor implements Processor<Clonable> {
  readonly #mode: ErrorMode;
  readonly #inner: Processor<Clonable>;
  readonly #door: Door;
  readonly #settings: Settings;
  readonly #failed: Counter;
  #isFirstFailure = true;

  constructor(mode: ErrorMode, inner: Processor<Clonable>, door: Door, settings: Settings) {
    this.#mode = mode;
    this.#inner = inner;
    this.#door = door;
    this.#settings = settings;
    this.#failed = settings.meter.createCounter("processor_plugin_failed_items", {
      description: "Items of batches on which a plugin threw, by what became of them",
    });
  }

  get gathers(): boolean {
    return this.#inner.gathers === true;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  shutdown(deadline: AbortSignal): Promise<void> {
    return this.#inner.shutdown(deadline);
  }

  async consume(batch: Clonable): Promise<void> {
    const spare = this.#mode === "ignore" ? batch.clone() : undefined;
    const { itemCount, signal } = batch;
    const passed = this.#door.count;
    try {
      await this.#inner.consume(batch);
    } catch (error) {
      if (this.#door.hasThrown(error)) throw error;
      // What has gone on already, in part or as a whole, must not go on a second time.
      const outcome = this.#door.count === passed ? this.#mode : "refuse";
      this.#failed.add(itemCount, { processor: this.#settings.id, outcome, "otel.signal": signal });
      this.#log(outcome, itemCount, error);
      if (outcome === "refuse") throw this.#refusal(error);
      if (spare !== undefined) await this.#door.consume(spare);
    }
  }

  #refusal(cause: unknown): RetryableError {
    return new RetryableError(`${this.#settings.id}: plugin failed: ${messageOf(cause)}`, { cause });
  }

  /** The first failure in full; those that follow are counted, and told to whoever asks for debug messages. */
  #log(outcome: ErrorMode, items: number, error: unknown): void {
    const { logger, id } = this.#settings;
    const message = `${id}: plugin failed, error_mode ${outcome}: ${messageOf(error)}`;
    const level = !this.#isFirstFailure ? "debug" : outcome === "drop" ? "error" : "warn";
    this.#isFirstFailure = false;
    logger[level]({ items, err: error }, message);
  }
}

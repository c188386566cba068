import type { Logger } from "pino";
import { retrying } from "../../exporters/helper/retry.ts";
import { isPermanent, messageOf } from "../../pipeline/errors.ts";
import { withTimeout } from "../../pipeline/with-timeout.ts";
import type { ResourceDetectionConfig } from "./config.ts";
import type { Detected, DetectedValue, Detector, Surroundings } from "./detector.ts";
import { detectors } from "./detectors.ts";
import { realSurroundings } from "./surroundings.ts";

export type Attributes = ReadonlyMap<string, DetectedValue>;

/** Makes the surroundings of one attempt. */
export type SurroundingsOf = (maxBytes: number, signal: AbortSignal, logger: Logger) => Surroundings;

/** Keys that every block may have. */
interface Block {
  readonly resource_attributes?: Readonly<Record<string, { readonly enabled: boolean }>>;
  readonly fail_on_missing_metadata?: boolean;
}

/**
 * Finds out where Signalbox runs: at start, and every `refresh_interval`. The pipelines that list the same processor share
 * it, so that nobody is asked once per pipeline.
 */
export class Detection {
  readonly #config: ResourceDetectionConfig;
  readonly #surroundingsOf: SurroundingsOf;
  readonly #detectors: readonly Detector[];
  /** By detector, what it found last. */
  readonly #found: (Attributes | undefined)[] = [];
  #users = 0;
  #first: Promise<void> | undefined;
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #attributes: Attributes = new Map();

  constructor(config: ResourceDetectionConfig, surroundingsOf: SurroundingsOf = realSurroundings) {
    this.#config = config;
    this.#surroundingsOf = surroundingsOf;
    this.#detectors = config.detectors.map((name) => detectors.find((detector) => detector.name === name)!);
  }

  /** Replaced with every detection, never changed. */
  get attributes(): Attributes {
    return this.#attributes;
  }

  /**
   * Waits until the first detection is over, `timeout` at the most.
   *
   * @throws {Error} fail_on_missing_metadata, and a detector has found nothing
   */
  async start(logger: Logger): Promise<void> {
    this.#users++;
    this.#first ??= this.#begin(logger);
    await this.#first;
  }

  /** To be called as often as `start`; the last user ends what goes on. */
  stop(): void {
    if (--this.#users > 0) return;
    clearTimeout(this.#timer);
    this.#stopping.abort();
    this.#stopping = new AbortController();
    this.#first = undefined;
  }

  async #begin(logger: Logger): Promise<void> {
    const failures = await this.#detect(logger);
    const fatal = failures.filter(({ isFatal }) => isFatal);
    if (fatal.length > 0) throw new Error(fatal.map(({ message }) => message).join("; "));
    const names = [...this.#attributes.keys()];
    logger.info({ attributes: names }, `detected ${names.length} resource attributes`);
    this.#scheduleRefresh(logger);
  }

  #scheduleRefresh(logger: Logger): void {
    const { refresh_interval } = this.#config;
    const { signal } = this.#stopping;
    if (refresh_interval === 0 || signal.aborted) return;
    const refresh = async (): Promise<void> => {
      await this.#detect(logger);
      if (!signal.aborted) this.#scheduleRefresh(logger);
    };
    // A failed detector is a warning of `#detect`, which does not throw.
    this.#timer = setTimeout(() => void refresh(), refresh_interval).unref();
  }

  /** Asks all detectors at once. One that fails keeps what it found before. */
  async #detect(logger: Logger): Promise<{ message: string; isFatal: boolean }[]> {
    const { signal } = this.#stopping;
    const failures: { message: string; isFatal: boolean }[] = [];
    const work = this.#detectors.map(async (detector, index) => {
      try {
        this.#found[index] = await this.#ask(detector, signal, logger);
      } catch (error) {
        if (signal.aborted) return;
        const message = `detector "${detector.name}" found nothing: ${messageOf(error)}`;
        logger.warn({ detector: detector.name }, message);
        failures.push({ message, isFatal: this.#mustFind(detector) });
      }
    });
    await Promise.all(work);
    this.#attributes = this.#merge();
    return failures;
  }

  #block({ key }: Detector): Block {
    return (this.#config as unknown as Record<string, Block>)[key]!;
  }

  #mustFind(detector: Detector): boolean {
    return this.#config.fail_on_missing_metadata || this.#block(detector).fail_on_missing_metadata === true;
  }

  async #ask(detector: Detector, stopping: AbortSignal, logger: Logger): Promise<Attributes> {
    const { timeout, retry } = this.#config;
    const max_elapsed_time = retry.max_elapsed_time || timeout;
    return await withTimeout(max_elapsed_time, stopping, async (signal) => {
      const attempt = () =>
        withTimeout(timeout, signal, (own) => within(own, () => this.#attempt(detector, own, logger)));
      // Waiting for what is not here is for those who know that it will be.
      const patient = this.#mustFind(detector) ? () => attempt().catch(retryable) : attempt;
      // What would be tried after the time is over is not waited for: the reason why it failed is known now.
      return await retrying(patient, { ...retry, max_elapsed_time }, { signal });
    });
  }

  async #attempt(detector: Detector, signal: AbortSignal, logger: Logger): Promise<Attributes> {
    const block = this.#block(detector);
    const wants = (name: string): boolean => {
      if (!Object.hasOwn(detector.attributes, name)) return true;
      return block.resource_attributes?.[name]?.enabled ?? detector.attributes[name]!;
    };
    const around = this.#surroundingsOf(this.#config.max_response_size, signal, logger);
    const found = await detector.detect({ options: block, around, wants });
    return new Map(entriesOf(found).filter(([name]) => wants(name)));
  }

  /** The first detector of the list that found an attribute gives its value. */
  #merge(): Attributes {
    const only = this.#config.attributes;
    const merged = new Map<string, DetectedValue>();
    for (const found of this.#found) {
      for (const [name, value] of found ?? []) {
        if (!merged.has(name) && (only.length === 0 || only.includes(name))) merged.set(name, value);
      }
    }
    return merged;
  }
}

function entriesOf(found: Detected): [string, DetectedValue][] {
  return Object.entries(found).flatMap(([name, value]) => {
    const isEmpty = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
    return isEmpty ? [] : [[name, value] as [string, DetectedValue]];
  });
}

/** Ends waiting when `signal` aborts, also for what does not listen to it, such as DNS. */
async function within<T>(signal: AbortSignal, begin: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function retryable(error: unknown): never {
  throw isPermanent(error) ? new Error(messageOf(error), { cause: error }) : error;
}

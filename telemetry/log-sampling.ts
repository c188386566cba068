import type { LogSamplingConfig } from "./config.ts";

/** Distinct messages counted at once; when there are more, the one first seen is counted anew. */
const maxMessages = 4096;

interface Count {
  lines: number;
  /** When the tick of this message ends. */
  endMs: number;
}

/**
 * Thins out repeated log lines: of each message and level the first `initial` of a tick pass, then every
 * `thereafter`-th. Ticks are counted per message, from its first line.
 */
export class LogSampler {
  readonly #config: LogSamplingConfig;
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();

  constructor(config: LogSamplingConfig, now: () => number = Date.now) {
    this.#config = config;
    this.#now = now;
  }

  /** Whether a line of `level` with this message is to be written. `message` is taken before values are filled in. */
  passes(level: number, message: string): boolean {
    const count = this.#countOf(`${level} ${message}`);
    count.lines++;
    const { initial, thereafter } = this.#config;
    if (count.lines <= initial) return true;
    return thereafter > 0 && (count.lines - initial) % thereafter === 0;
  }

  #countOf(key: string): Count {
    const now = this.#now();
    const known = this.#counts.get(key);
    if (known !== undefined) {
      if (now < known.endMs) return known;
      known.lines = 0;
      known.endMs = now + this.#config.tick;
      return known;
    }
    if (this.#counts.size >= maxMessages) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    const fresh = { lines: 0, endMs: now + this.#config.tick };
    this.#counts.set(key, fresh);
    return fresh;
  }
}

import { readFile, stat } from "node:fs/promises";
import type { z } from "zod";
import { findingsOf } from "../../config/issues.ts";
import { defaultLimits } from "../../config/limits.ts";
import { parseMending } from "../../config/parse.ts";
import { formatPath } from "../../config/problems.ts";
import { parseYaml } from "../../config/yaml.ts";
import { messageOf } from "../../pipeline/errors.ts";
import type { FileSettings } from "../../pipeline/factory.ts";

export interface WatchedFileOptions<Value> {
  /** The key that names the file, for messages. */
  readonly key: string;
  readonly path: string;
  /** Milliseconds between two looks; 0 never looks again. */
  readonly intervalMs: number;
  /** What the file must hold. */
  readonly schema: z.ZodType<Value>;
  /** Takes a value over; throws when it will not do, and then the earlier value stays in force. */
  readonly apply: (value: Value) => void;
  /** Told of each file that was read after the first. */
  readonly onRead?: (outcome: "applied" | "refused") => void;
  readonly settings: FileSettings;
}

/**
 * A YAML file that belongs to the configuration and is read again when it changes, such as rules or prices. It is taken
 * over wholly or not at all. A change shows by time, size or inode, so that files swapped by symbolic links count too.
 */
export class WatchedFile<Value> {
  readonly #options: WatchedFileOptions<Value>;
  /** Time, size and inode of what was read last, good or not. */
  #mark = "";
  /** What was said last of a file that could not be taken, so that it is said once. */
  #complaint: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: WatchedFileOptions<Value>) {
    this.#options = options;
  }

  /**
   * Reads the file for the first time, and does not watch it.
   *
   * @throws {Error} `<id>: <key> <path>: <reason>`, every reason in a line of its own
   */
  async load(): Promise<void> {
    const { settings } = this.#options;
    await this.#readIfChanged().catch((error: unknown) => {
      throw new Error(`${settings.id}: ${messageOf(error)}`, { cause: error });
    });
  }

  /** Loads the file, and watches it from then on. @throws {Error} as `load()` does */
  async start(): Promise<void> {
    await this.load();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks once, without waiting for the interval; problems are logged. */
  async poll(): Promise<void> {
    const { settings, key, onRead } = this.#options;
    try {
      if (!(await this.#readIfChanged())) return;
      this.#complaint = undefined;
      onRead?.("applied");
      settings.logger.info(`${key} has changed and was read again`);
    } catch (error) {
      const reason = messageOf(error);
      if (reason === this.#complaint) return;
      this.#complaint = reason;
      onRead?.("refused");
      settings.logger.warn({ reason }, `${key} could not be read again; what was read before stays in force`);
    }
  }

  #schedule(): void {
    const { intervalMs } = this.#options;
    if (this.#stopped || intervalMs === 0) return;
    this.#timer = setTimeout(() => void this.poll().finally(() => this.#schedule()), intervalMs).unref();
  }

  async #readIfChanged(): Promise<boolean> {
    const { key, path, apply } = this.#options;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const mark = `${mtimeMs} ${size} ${ino}`;
      if (mark === this.#mark) return false;
      if (size > defaultLimits.maxSourceBytes) {
        throw new Error(`is ${size} bytes, larger than ${defaultLimits.maxSourceBytes}`);
      }
      const text = await readFile(path, "utf8");
      this.#mark = mark;
      apply(this.#parse(text));
      return true;
    } catch (error) {
      throw new Error(`${key} ${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  #parse(text: string): Value {
    const { schema } = this.#options;
    const { value, errors } = parseYaml(text, defaultLimits);
    if (errors.length > 0) throw new Error(errors.join("\n"));
    const parsed = parseMending(schema, value ?? {}, () => undefined);
    if (parsed.success) return parsed.output;
    const lines = findingsOf(schema, parsed.value, parsed.issues).map(({ path, message }) =>
      path.length === 0 ? message : `${formatPath(path)}: ${message}`,
    );
    throw new Error(lines.join("\n"));
  }
}

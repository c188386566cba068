import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findingsOf } from "../../config/issues.ts";
import { defaultLimits } from "../../config/limits.ts";
import { parseMending } from "../../config/parse.ts";
import { formatPath } from "../../config/problems.ts";
import { isMapping } from "../../config/tree.ts";
import { parseYaml } from "../../config/yaml.ts";
import { messageOf } from "../../pipeline/errors.ts";
import type { FileSettings } from "../../pipeline/factory.ts";
import type { PriceFileConfig } from "./config.ts";
import { modelPricesSchema } from "./model-price-config.ts";
import type { PriceList } from "./price-list.ts";
import { RuleList } from "./rule-list.ts";

/** What the file is needed for, and who hears of its faults. */
export interface PriceFileOptions {
  readonly config: PriceFileConfig;
  readonly maxNameLength: number;
  /** Takes the prices over. */
  readonly apply: (list: PriceList) => void;
  /** The file changed and will not do. */
  readonly onRefused: () => void;
  readonly settings: FileSettings;
  /** Waits between the two readings that must agree. */
  readonly settle?: (ms: number) => Promise<void>;
}

/**
 * A file of prices that is read again when it changes. It counts as a whole: one entry that will not do, or half a file, and
 * the prices read before stay in force; the log says so once for each such state of the file.
 *
 * Read and compared rather than watched: mounted files are swapped by symbolic links, which watches miss.
 */
export class PriceFile {
  readonly #options: PriceFileOptions;
  #digest = "";
  #refused = "";
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PriceFileOptions) {
    this.#options = options;
  }

  /**
   * Reads the file for the first time, and does not look at it again.
   *
   * @throws {Error} `<id>: price_file <path>: <reason>`: the file cannot be read, or an entry will not do
   */
  async load(): Promise<void> {
    const { settings, config, maxNameLength, apply } = this.#options;
    const { text, digest } = await this.#read().catch((error: unknown) => {
      throw new Error(`${settings.id}: ${messageOf(error)}`, { cause: error });
    });
    apply(parsePriceFile(text, config.path, maxNameLength, `${settings.id}: `));
    this.#digest = digest;
  }

  /** Loads the file, and looks at it again from then on. @throws {Error} as `load()` does */
  async start(): Promise<void> {
    await this.load();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks at the file now. Never rejects: what will not do is logged. */
  async readAgain(): Promise<void> {
    const { config, maxNameLength, apply, onRefused, settings, settle = settleQuietly } = this.#options;
    let state = "";
    try {
      const seen = await this.#read();
      if (seen.digest === this.#digest) this.#refused = "";
      if (seen.digest === this.#digest) return;
      await settle(config.settle_time);
      const { text, digest } = await this.#read();
      // Somebody is still writing; the next look will see it whole.
      if (digest !== seen.digest) return;
      state = digest;
      apply(parsePriceFile(text, config.path, maxNameLength));
      this.#digest = digest;
      this.#refused = "";
      settings.logger.info(`price_file ${config.path} has changed and was read again`);
    } catch (error) {
      const reason = messageOf(error);
      if (this.#refused === `${state}${reason}`) return;
      this.#refused = `${state}${reason}`;
      onRefused();
      settings.logger.warn({ reason }, "price_file has changed and will not do; the prices read before stay in force");
    }
  }

  #schedule(): void {
    const { poll_interval: interval } = this.#options.config;
    if (this.#stopped || interval === 0) return;
    this.#timer = setTimeout(() => void this.readAgain().then(() => this.#schedule()), interval).unref();
  }

  async #read(): Promise<{ text: string; digest: string }> {
    const { path, max_size: maxSize } = this.#options.config;
    const text = await readPriceFile(path, maxSize);
    return { text, digest: digestOf(text) };
  }
}

const settleQuietly = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** @throws {Error} `price_file <path>: <reason>` */
export async function readPriceFile(path: string, maxSize: number): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > maxSize) throw new Error(`has ${size} bytes, more than max_size ${maxSize}`);
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`price_file ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const limits = { ...defaultLimits, maxValues: 2_000_000 };

/**
 * Reads a list of prices in YAML or JSON.
 *
 * @param prefix what error messages begin with
 * @throws {Error} one line for each thing that is wrong, with its place in the file
 */
export function parsePriceFile(text: string, path: string, maxNameLength: number, prefix = ""): PriceList {
  const { value, errors } = parseYaml(text, limits);
  const fail = (problems: readonly string[]): never => {
    throw new Error(problems.map((problem) => `${prefix}price_file ${path}: ${problem}`).join("\n"));
  };
  if (errors.length > 0) return fail(errors);
  const list = isMapping(value) && Object.keys(value).join() === "models" ? value["models"] : value;
  const parsed = parseMending(modelPricesSchema, list, () => undefined);
  if (!parsed.success) {
    const findings = findingsOf(modelPricesSchema, parsed.value, parsed.issues);
    return fail(
      findings.map(({ path: at, message }) => [formatPath(at), message].filter((part) => part !== "").join(": ")),
    );
  }
  return new RuleList(`file:${basename(path)}@${digestOf(text)}`, parsed.output, maxNameLength);
}

/** Enough to tell one state of a file from another. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

import type { Settings } from "../../../pipeline/component.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { Backoff } from "../../helper/retry.ts";
import type { Hosts } from "../client.ts";
import type { ClickHouseConfig } from "../config.ts";
import { describeFailure, failureOf, isFatalAtStart } from "../errors.ts";
import { pause } from "../wait.ts";
import { ensureTable } from "./ensure.ts";
import type { Ddl } from "./sql.ts";
import type { TableSchema } from "./table-schema.ts";

/**
 * Keeps data out until the tables are there. A server that cannot be reached at start is asked again and again: a machine
 * that starts both need not start them in order.
 */
export class SchemaGate {
  readonly #config: ClickHouseConfig;
  readonly #settings: Settings;
  readonly #hosts: Hosts;
  readonly #ddl: Ddl;
  readonly #tables: readonly TableSchema[];
  readonly #stop = new AbortController();
  #isOpen = false;
  #reason = "is not started";

  constructor(config: ClickHouseConfig, settings: Settings, hosts: Hosts, ddl: Ddl, tables: readonly TableSchema[]) {
    this.#config = config;
    this.#settings = settings;
    this.#hosts = hosts;
    this.#ddl = ddl;
    this.#tables = tables;
  }

  /** @throws {RetryableError} the tables are not known to be there */
  assertOpen(): void {
    if (this.#isOpen) return;
    throw new RetryableError(`${this.#settings.id}: ${this.#reason}`, { retryAfterMs: 5_000 });
  }

  /**
   * Creates or checks the tables.
   *
   * @throws {PermanentError} the server answered and will never do it: wrong password, missing rights, missing columns
   */
  async open(): Promise<void> {
    const reachable = await this.#try();
    if (!reachable) void this.#keepTrying();
  }

  close(): void {
    this.#isOpen = false;
    this.#reason = "is shut down";
    this.#stop.abort();
  }

  async #keepTrying(): Promise<void> {
    const backoff = new Backoff({
      ...this.#config.retry_on_failure,
      initial_interval: firstWaitMs,
      max_elapsed_time: 0,
    });
    try {
      do await pause(backoff.nextWaitMs() ?? firstWaitMs, this.#stop.signal);
      while (!this.#stop.signal.aborted && !(await this.#try()));
    } catch (error) {
      this.#settings.host.fatal(error as Error);
    }
  }

  /** Whether the tables are there; false when it is worth to try again. */
  async #try(): Promise<boolean> {
    const { logger, id } = this.#settings;
    const host = this.#hosts.next();
    try {
      const { create_schema: create } = this.#config;
      const client = await host.client();
      for (const schema of this.#tables) await ensureTable(client, { ddl: this.#ddl, schema, create, logger });
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      if (error instanceof PermanentError) throw error;
      const failure = failureOf(error);
      const message = `${id}: cannot prepare the schema at ${host.url}: ${describeFailure(failure)}: ${failure.message}`;
      if (isFatalAtStart(failure)) throw new PermanentError(message, { cause: error });
      this.#hosts.unreachable(host);
      this.#reason = `waits for ClickHouse: ${describeFailure(failure)}`;
      logger.warn({ failure }, `${message}; no data is taken until it succeeds`);
      return false;
    }
    if (this.#stop.signal.aborted) return false;
    this.#isOpen = true;
    this.#hosts.reached(host);
    logger.info({ tables: this.#tables.map(({ table }) => table) }, `${id}: schema is ready`);
    return true;
  }
}

const firstWaitMs = 500;

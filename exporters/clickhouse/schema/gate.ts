import type { Settings } from "../../../pipeline/component.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { Backoff } from "../../helper/retry.ts";
import type { ClickHouseConfig } from "../config.ts";
import { describeFailure, type Failure, failureOf, isFatalAtStart } from "../errors.ts";
import type { Attempt, Hosts } from "../hosts.ts";
import { ensureTables } from "./ensure.ts";
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
    // So soon the server is found when it comes; to refuse costs next to nothing.
    const retryAfterMs = this.#config.probe.interval;
    throw new RetryableError(`${this.#settings.id}: ${this.#reason}`, { retryAfterMs });
  }

  /**
   * Creates or checks the tables.
   *
   * @throws {PermanentError} the server answered and will never do it: wrong password, missing rights, missing columns
   */
  async open(): Promise<void> {
    const failed = await this.#try();
    if (failed !== undefined) void this.#keepTrying(failed);
  }

  close(): void {
    this.#isOpen = false;
    this.#reason = "is shut down";
    this.#stop.abort();
  }

  async #keepTrying(first: FailedTry): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff({
      ...this.#config.retry_on_failure,
      initial_interval: firstWaitMs,
      max_elapsed_time: 0,
    });
    try {
      let failed: FailedTry | undefined = first;
      while (failed !== undefined && !signal.aborted) {
        const waitMs = backoff.nextWaitMs() ?? firstWaitMs;
        await this.#hosts.pauseAfter(failed.attempt, failed.failure, waitMs, { mayMove: true, signal });
        failed = signal.aborted ? undefined : await this.#try();
      }
    } catch (error) {
      this.#settings.host.fatal(error as Error);
    }
  }

  /** What came between; undefined when the tables are there, or nobody waits for them any more. */
  async #try(): Promise<FailedTry | undefined> {
    const { logger, id } = this.#settings;
    const attempt = this.#hosts.attempt();
    const { host } = attempt;
    try {
      const { create_schema: create } = this.#config;
      const client = await host.client();
      await ensureTables(client, { ddl: this.#ddl, schemas: this.#tables, create, logger });
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      if (error instanceof PermanentError) throw error;
      const failure = failureOf(error);
      const message = `${id}: cannot prepare the schema at ${host.url}: ${describeFailure(failure)}: ${failure.message}`;
      if (isFatalAtStart(failure)) throw new PermanentError(message, { cause: error });
      this.#hosts.avoid(host);
      void this.#hosts.failed(attempt, failure);
      this.#reason = `waits for ClickHouse: ${describeFailure(failure)}`;
      logger.warn({ failure }, `${message}; no data is taken until it succeeds`);
      return { attempt, failure };
    }
    if (this.#stop.signal.aborted) return undefined;
    this.#isOpen = true;
    this.#hosts.succeeded(attempt);
    logger.info({ tables: this.#tables.map(({ table }) => table) }, `${id}: schema is ready`);
    return undefined;
  }
}

/** A try that is worth another one. */
interface FailedTry {
  readonly attempt: Attempt;
  readonly failure: Failure;
}

const firstWaitMs = 500;

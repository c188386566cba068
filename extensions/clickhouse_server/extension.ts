import { setTimeout as sleep } from "node:timers/promises";
import type { Counter } from "@opentelemetry/api";
import { formatEndpoint } from "../../net/endpoint.ts";
import type { Extension, Settings } from "../../pipeline/component.ts";
import { messageOf } from "../../pipeline/errors.ts";
import type { ClickHouseServerConfig } from "./config.ts";
import { claimEndpoint } from "./listen.ts";
import { idleMerges, idleSetter } from "./merge-threads.ts";
import { prepareServer } from "./prepare.ts";
import { RestartWait } from "./restart-wait.ts";
import { DirectoryLockedError, type ServerOptions, ServerProcess } from "./server.ts";

const lockRetryMs = 100;

/** A ClickHouse server in a child process, kept alive from `start()` to `shutdown()`. */
export class ClickHouseServerExtension implements Extension {
  readonly #config: ClickHouseServerConfig;
  readonly #settings: Settings;
  readonly #restarts: Counter;
  readonly #stopping = new AbortController();
  #options: ServerOptions | undefined;
  #server: ServerProcess | undefined;
  #supervision: Promise<void> | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(config: ClickHouseServerConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#restarts = settings.meter.createCounter("clickhouse_server_restarts", {
      description: "Times the embedded ClickHouse server was started again after it had ended by itself",
    });
  }

  /** Where the HTTP interface answers, such as `http://127.0.0.1:8123`. Known once started. */
  get url(): string {
    if (this.#options === undefined) throw new Error(`${this.#settings.id}: has no address before it is started`);
    return `http://${formatEndpoint(this.#options.http)}`;
  }

  /** The process id of the server that runs now, or ran last. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  describe(): readonly string[] {
    return [`${this.#settings.id}: data lies in ${this.#config.directory}, ClickHouse answers at ${this.url}`];
  }

  async start(): Promise<void> {
    const { logger } = this.#settings;
    try {
      const options = await prepareServer(this.#config, (line) => logger.debug({ line }, "embedded server printed"));
      this.#options = options;
      await this.#launchUnlocked(options);
      logger.info({ url: this.url, serverPid: this.pid, directory: options.paths.data }, "embedded server answers");
      this.#supervision = this.#supervise(options);
    } catch (error) {
      throw new Error(`${this.#settings.id}: ${messageOf(error)}`, { cause: error });
    }
  }

  shutdown(deadline: AbortSignal): Promise<void> {
    this.#shutdown ??= this.#stop(deadline);
    return this.#shutdown;
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await this.#server?.stop(this.#config.stop_timeout, deadline);
    await this.#supervision;
  }

  /** Waits `lock_timeout` for a server whose Signalbox was killed: it ends by itself, but needs a moment. */
  async #launchUnlocked(options: ServerOptions): Promise<void> {
    const giveUpAt = performance.now() + this.#config.lock_timeout;
    for (;;) {
      try {
        return await this.#launch(options);
      } catch (error) {
        if (!(error instanceof DirectoryLockedError) || performance.now() >= giveUpAt) throw error;
        await sleep(lockRetryMs, undefined, { signal: this.#stopping.signal });
      }
    }
  }

  async #launch(options: ServerOptions): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    const server = await ServerProcess.start(options);
    this.#server = server;
    for (const block of server.lostBlocks) {
      this.#settings.logger.warn(
        block,
        "embedded server was killed between noting a block and storing it; the block is taken when it is sent again",
      );
    }
    await server.ready(this.#config.start_timeout, this.#stopping.signal);
    if (this.#config.merge_scheduling === "idle") await this.#idleMerges(options);
  }

  async #idleMerges({ library }: ServerOptions): Promise<void> {
    const { signal } = this.#stopping;
    const server = { pid: this.pid!, url: this.url };
    await idleMerges(server, idleSetter(library.ffiPath), this.#settings.logger, signal);
    signal.throwIfAborted();
  }

  /** Starts the server again whenever it ends, until shutdown. Never rejects. */
  async #supervise(options: ServerOptions): Promise<void> {
    const wait = new RestartWait(this.#config.restart_initial_interval, this.#config.restart_max_interval);
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      await this.#lifeEnded(options);
      wait.lived(performance.now() - startedAt);
      do await this.#pause(wait.next());
      while (!this.#stopping.signal.aborted && !(await this.#relaunched(options)));
    }
  }

  async #lifeEnded(options: ServerOptions): Promise<void> {
    const how = await this.#server!.ended;
    if (this.#stopping.signal.aborted) return;
    this.#settings.logger.error(
      { serverPid: this.pid, output: this.#server!.lastOutput, log: options.paths.log },
      `embedded server ${how}; it is started again`,
    );
  }

  /** Shutdown ends the pause early. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Whether the server answers again. */
  async #relaunched(options: ServerOptions): Promise<boolean> {
    this.#restarts.add(1);
    try {
      await claimEndpoint(options.http);
      await this.#launch(options);
      this.#settings.logger.warn({ serverPid: this.pid }, "embedded server answers again");
      return true;
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        this.#settings.logger.error({ err: error }, "embedded server could not be started again");
      }
      return false;
    }
  }
}

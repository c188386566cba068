import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Settings } from "../../pipeline/component.ts";
import { PermanentError, RetryableError } from "../../pipeline/errors.ts";
import { Backoff } from "../helper/retry.ts";
import type { ClosedBlock } from "./assembler.ts";
import { CircuitBreaker, type Pass } from "./breaker.ts";
import type { Host } from "./client.ts";
import type { ClickHouseConfig } from "./config.ts";
import { type DeadLetters, deadLetterOf } from "./dead-letter.ts";
import { describeFailure, type Failure, failureOf } from "./errors.ts";
import type { Attempt, Hosts } from "./hosts.ts";
import { formatSettings, insert, insertStatement } from "./insert.ts";
import type { ClickHouseInstruments } from "./instruments.ts";

/** What a sender needs of its exporter. */
export interface SenderOptions {
  readonly config: ClickHouseConfig;
  readonly settings: Settings;
  readonly hosts: Hosts;
  /** Whether callers wait for their block and so still have its data when it is given up. */
  readonly callersWait: boolean;
  readonly deadLetters: DeadLetters;
  readonly instruments: ClickHouseInstruments;
  /** Called when a block was settled and left memory. */
  readonly settled: (block: ClosedBlock) => void;
  /** Called when a block that is not settled made room for others. */
  readonly steppedAside: () => void;
}

/** A block in turn, and the time it has when callers wait for it. */
interface Pending {
  readonly block: ClosedBlock;
  readonly backoff: Backoff | undefined;
}

function itemsOf({ table, block }: ClosedBlock): number {
  return block.rows * table.itemsPerRow;
}

/** The last failure of a block that was given up, and whether it can never be stored. */
interface GivenUp {
  readonly failure: Failure;
  readonly permanent: boolean;
}

/** Sends closed blocks, a few at a time, until each is stored, given back, in a dead letter, or (logged as ERROR) lost. */
export class BlockSender {
  readonly #options: SenderOptions;
  readonly #breaker: CircuitBreaker;
  readonly #maxInFlight: number;
  readonly #pending: Pending[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Of those that run, how many have a turn; the others have stepped aside. */
  #turns = 0;
  /** Blocks that had stepped aside and are to be tried again. */
  readonly #returning: (() => void)[] = [];
  readonly #stop = new AbortController();

  constructor(options: SenderOptions) {
    // Every insert and wait listens; Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#stop.signal);
    this.#options = options;
    const { config } = options;
    this.#breaker = new CircuitBreaker(config.circuit_breaker);
    this.#maxInFlight = Math.min(config.insert.max_in_flight, config.sending_queue.num_consumers);
  }

  /** Whether the next block would be sent at once. */
  canSend(): boolean {
    const isWaitedFor = this.#pending.length > 0 || this.#returning.length > 0;
    return this.#turns < this.#maxInFlight && !isWaitedFor && !this.#breaker.isOpen;
  }

  /** Whether no block is on its way. */
  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  send(block: ClosedBlock): void {
    const { config, callersWait } = this.#options;
    // A caller's wait begins now; without callers the time in the queue costs nobody anything.
    this.#pending.push({ block, backoff: callersWait ? new Backoff(config.retry_on_failure) : undefined });
    this.#fill();
  }

  /** Waits until every block is settled. When `deadline` aborts, tries end and what is left is given up. */
  async drain(deadline: AbortSignal): Promise<void> {
    const abort = (): void => this.#stop.abort();
    if (deadline.aborted) abort();
    else deadline.addEventListener("abort", abort, { once: true });
    while (this.#running.size > 0) await Promise.race(this.#running);
    deadline.removeEventListener("abort", abort);
  }

  #fill(): void {
    while (this.#turns < this.#maxInFlight) {
      const begin = this.#returning.shift() ?? this.#beginNext();
      if (begin === undefined) return;
      this.#turns++;
      begin();
    }
  }

  #beginNext(): (() => void) | undefined {
    const next = this.#pending.shift();
    if (next === undefined) return undefined;
    const { block } = next;
    return () => {
      const run = this.#run(next).finally(() => {
        this.#running.delete(run);
        this.#turns--;
        this.#fill();
        this.#options.settled(block);
      });
      this.#running.add(run);
    };
  }

  async #run({ block: closed, backoff }: Pending): Promise<void> {
    const { instruments, callersWait, config } = this.#options;
    const givenUp = await this.#deliver(closed, backoff ?? new Backoff(config.retry_on_failure));
    const items = itemsOf(closed);
    if (givenUp === undefined) {
      instruments.sent(closed.table.signal, items);
      // The server has read and committed all of it; after a failure an old try might still hold on to the memory.
      closed.block.recycle();
      closed.delivery.resolve();
      return;
    }
    instruments.sendFailed(closed.table.signal, items);
    if (!givenUp.permanent && callersWait) this.#giveBack(closed, givenUp.failure);
    else await this.#bury(closed, givenUp);
  }

  /** Tries until the block is stored (undefined) or there is no point or time left. */
  async #deliver(closed: ClosedBlock, backoff: Backoff): Promise<GivenUp | undefined> {
    const { hosts, config } = this.#options;
    const { enabled } = config.retry_on_failure;
    let last: Failure = { kind: "retryable", code: undefined, name: "ABORTED", message: "shut down", ambiguous: false };
    let pinned: Host | undefined;
    for (;;) {
      const pass = await this.#breaker.admit(this.#stop.signal);
      if (pass === undefined) return { failure: last, permanent: false };
      const attempt = hosts.attempt(pinned);
      const failure = await this.#try(closed, attempt.host);
      if (failure === undefined) {
        this.#succeeded(pass, attempt);
        return undefined;
      }
      await this.#failed(pass, attempt, failure);
      last = failure;
      if (failure.kind === "permanent") return { failure, permanent: true };
      if (this.#mustStay(failure)) pinned = attempt.host;
      const waitMs = backoff.nextWaitMs(failure.retryAfterMs);
      if (!enabled || waitMs === undefined || this.#stop.signal.aborted) return { failure, permanent: false };
      this.#logRetry(closed, failure, waitMs);
      const wait = hosts.pauseAfter(attempt, failure, waitMs, {
        mayMove: pinned === undefined,
        signal: this.#stop.signal,
      });
      // Others need not wait for its host.
      await (pinned !== undefined && hosts.all.length > 1 ? this.#stepAside(wait) : wait);
    }
  }

  /** Leaves the turn of a block to others until `wait` is over and there is one again. */
  async #stepAside(wait: Promise<void>): Promise<void> {
    this.#turns--;
    this.#fill();
    this.#options.steppedAside();
    await wait;
    await new Promise<void>((resolve) => {
      this.#returning.push(resolve);
      this.#fill();
    });
  }

  /**
   * A block that may have been stored after all must come back to the same host: others do not know its token, unless the
   * hosts are replicas of each other.
   */
  #mustStay(failure: Failure): boolean {
    return failure.ambiguous && this.#options.config.table_engine.name === "MergeTree";
  }

  async #try({ table, block, token }: ClosedBlock, host: Host): Promise<Failure | undefined> {
    const { config, instruments } = this.#options;
    const done = instruments.insertStarted();
    try {
      await insert(host, {
        statement: insertStatement(table.name, block),
        body: block.chunks,
        token,
        queryId: randomUUID(),
        settings: formatSettings[block.format],
        timeoutMs: config.timeout,
        signal: this.#stop.signal,
      });
      done("success");
      return undefined;
    } catch (error) {
      done("failure");
      return failureOf(error);
    }
  }

  #succeeded(pass: Pass, attempt: Attempt): void {
    const { hosts, settings } = this.#options;
    this.#breaker.succeeded(pass);
    hosts.succeeded(attempt);
    if (pass.isProbe) settings.logger.info("clickhouse: server takes inserts again");
  }

  async #failed(pass: Pass, attempt: Attempt, failure: Failure): Promise<void> {
    const { hosts, settings } = this.#options;
    const known = hosts.failed(attempt, failure);
    if (failure.kind !== "overload") return this.#breaker.failed(pass);
    // A proxy says 503 for a server that has too much to do, and for one that is not there.
    await known;
    if (attempt.host.reach.isAway) return this.#breaker.failed(pass);
    const pauseMs = this.#breaker.overloaded(pass);
    if (pauseMs === undefined) return;
    settings.logger.warn(
      { pause_ms: pauseMs, failure },
      `clickhouse: overloaded, ${describeFailure(failure)}; all inserts pause`,
    );
  }

  #logRetry({ table, block, token }: ClosedBlock, failure: Failure, waitMs: number): void {
    const { settings } = this.#options;
    const fields = { rows: block.rows, insert_deduplication_token: token, wait_ms: Math.round(waitMs), failure };
    settings.logger.warn(
      fields,
      `clickhouse: insert into ${table.name} failed: ${describeFailure(failure)}, trying again`,
    );
  }

  #giveBack(closed: ClosedBlock, failure: Failure): void {
    const { settings } = this.#options;
    const message = `${this.#failedText(closed, failure)}, given back`;
    settings.logger.warn({ rows: closed.block.rows, failure }, message);
    closed.delivery.reject(new RetryableError(message, { retryAfterMs: failure.retryAfterMs ?? 5_000 }));
  }

  async #bury(closed: ClosedBlock, { failure, permanent }: GivenUp): Promise<void> {
    const { settings, deadLetters, instruments } = this.#options;
    const { table, block } = closed;
    const { rows } = block;
    const message = `${this.#failedText(closed, failure)}, ${permanent ? "not retryable" : "given up"}`;
    try {
      const file = await deadLetters.write(deadLetterOf(settings.id, closed, failure));
      instruments.deadLettered(table.signal, itemsOf(closed));
      settings.logger.error({ rows, failure, file }, `${message}; rows are in ${file}`);
      closed.delivery.resolve();
    } catch (cause) {
      instruments.lost(table.signal, itemsOf(closed));
      settings.logger.error(
        { rows, failure, err: cause },
        `${message}; rows are lost: no dead letter could be written`,
      );
      closed.delivery.reject(new PermanentError(`${message}; no dead letter could be written`, { cause }));
    }
  }

  #failedText({ table, block }: ClosedBlock, failure: Failure): string {
    const { settings } = this.#options;
    return `${settings.id}: insert of ${block.rows} rows into ${table.name} failed: ${describeFailure(failure)}`;
  }
}

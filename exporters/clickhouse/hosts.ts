import type { Logger } from "pino";
import { ClientTlsSource } from "../../net/tls-client.ts";
import { wait } from "../helper/wait.ts";
import { endpointOf, Host, spareConnections } from "./client.ts";
import type { ClickHouseConfig } from "./config.ts";
import type { OpenStrategy } from "./endpoint.ts";
import { type Failure, isCertainlyAway, mayBeAway } from "./errors.ts";

/** How long a host that could not be reached is asked after others, though it answers again. */
const avoidMs = 10_000;

/** A request to a host, to be told afterwards what became of it. */
export interface Attempt {
  readonly host: Host;
  /** How often the host had been away and come back before. */
  readonly returns: number;
}

/** How to wait after an attempt. */
export interface AttemptWait {
  /** The next attempt may be at another host. */
  readonly mayMove: boolean;
  readonly signal: AbortSignal;
}

/** The servers of an endpoint and the order in which they are asked. */
export class Hosts {
  readonly all: readonly Host[];
  readonly #strategy: OpenStrategy;
  readonly #spreadMs: number;
  #turn = 0;

  /** @param spreadMs within which what waits for a host is tried when it is back */
  constructor(all: readonly Host[], strategy: OpenStrategy, spreadMs: number) {
    this.all = all;
    this.#strategy = strategy;
    this.#spreadMs = spreadMs;
  }

  /** The host to ask next: in turn, but those that could not be reached last, and those that are away after them. */
  next(): Host {
    const { length } = this.all;
    const start = { in_order: 0, round_robin: this.#turn++, random: Math.floor(Math.random() * length) }[
      this.#strategy
    ];
    const inTurn = this.all.map((_, i) => this.all[(start + i) % length]!);
    const freshMs = performance.now() - avoidMs;
    const fine = inTurn.find(({ reach, failedAtMs }) => !reach.isAway && failedAtMs <= freshMs);
    if (fine !== undefined) return fine;
    const there = inTurn.filter(({ reach }) => !reach.isAway);
    return (there.length > 0 ? there : inTurn).reduce((longest, host) =>
      host.failedAtMs < longest.failedAtMs ? host : longest,
    );
  }

  /** Begins an attempt. @param host where; the next one when left out */
  attempt(host: Host = this.next()): Attempt {
    return { host, returns: host.reach.returns };
  }

  succeeded({ host }: Attempt): void {
    host.failedAtMs = Number.NEGATIVE_INFINITY;
    host.reach.answered();
  }

  /** Asks others first for a while. */
  avoid(host: Host): void {
    host.failedAtMs = performance.now();
  }

  /** Resolves when it is known whether the host is away. */
  async failed({ host }: Attempt, failure: Failure): Promise<void> {
    if (failure.code === undefined) this.avoid(host);
    if (isCertainlyAway(failure)) host.reach.lost();
    else if (mayBeAway(failure)) await host.reach.doubt();
  }

  /**
   * Waits `ms` after a failed attempt. When it failed because its host was away, the wait ends soon after the host is back,
   * or another one is there that may be asked. The answer of a server is never taken for that: it keeps its wait.
   */
  pauseAfter(
    { host, returns }: Attempt,
    failure: Failure,
    ms: number,
    { mayMove, signal }: AttemptWait,
  ): Promise<void> {
    if (!mayBeAway(failure)) return wait(ms, signal);
    const isElsewhere = (): boolean => mayMove && this.all.some(({ reach }) => !reach.isAway);
    const early = {
      watched: this.all.map(({ reach }) => reach),
      isDue: () => host.reach.returns > returns || (host.reach.isAway && isElsewhere()),
      spreadMs: this.#spreadMs,
    };
    return wait(ms, signal, { early });
  }

  /** Reads what is needed to connect. @throws {Error} a certificate cannot be read */
  async prepare(): Promise<void> {
    await Promise.all(this.all.map((host) => host.client()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((host) => host.close()));
  }
}

/**
 * The hosts of a configuration; nothing is read or sent yet.
 *
 * @param component id of the exporter, for errors
 * @param readConnections for rows of short statements, to each host; what inserts have is the configuration's
 */
export function createHosts(
  config: ClickHouseConfig,
  component: string,
  logger: Logger,
  readConnections: number = spareConnections,
): Hosts {
  const endpoint = endpointOf(config);
  const tlsConfig = { ...config.tls, insecure_skip_verify: config.tls.insecure_skip_verify || endpoint.skipVerify };
  const tls = new ClientTlsSource(tlsConfig, component, logger);
  const hosts = endpoint.urls.map(
    (url) => new Host({ url, config, endpoint, tls: url.startsWith("https:") ? tls : undefined, readConnections }),
  );
  for (const { url, reach } of hosts) {
    const text = (): string => `${component}: ${url} ${reach.isAway ? "does not answer" : "answers again"}`;
    reach.onChange(() => logger.warn(text()));
  }
  return new Hosts(hosts, endpoint.strategy, config.probe.interval);
}

import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { KeepaliveConfig } from "./config-grpc.ts";
import { type CallSettings, GrpcCall } from "./grpc-call.ts";
import { PingPolicy } from "./ping-policy.ts";

/** What a connection allows to send before the server has taken it, over all its calls. */
const connectionWindowBytes = 4 * 1024 * 1024;
/** A connection that has not said its settings by then is not HTTP/2. */
const handshakeMs = 15_000;

/** One HTTP/2 connection: starts calls, and ends when it is idle, too old, dead or abusive. */
export class GrpcConnection {
  readonly #session: ServerHttp2Session;
  readonly #keepalive: KeepaliveConfig;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #pings: PingPolicy;
  #idleTimer: NodeJS.Timeout | undefined;
  #openCalls = 0;

  constructor(session: ServerHttp2Session, keepalive: KeepaliveConfig, settings: Omit<CallSettings, "onAnswer">) {
    this.#session = session;
    this.#keepalive = keepalive;
    this.#pings = new PingPolicy(keepalive.enforcement_policy);
    const callSettings: CallSettings = { ...settings, onAnswer: () => this.#pings.reset() };
    // The default of 64 KiB would stop the sender of a large message for a round trip every four frames.
    session.setLocalWindowSize(connectionWindowBytes);
    session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      this.#countCall(stream);
      void new GrpcCall(stream, callSettings).run(headers, raw);
    });
    // Faults of a connection are its client's matter; "close" follows.
    session.on("error", () => {});
    session.on("ping", () => this.#onPing());
    session.once("close", () => this.#stopTimers());
    this.#boundHandshake();
    this.#boundAge();
    this.#probe();
    this.#startIdle();
  }

  /** Takes no further calls and closes when the open ones are done. */
  close(): void {
    if (!this.#session.closed) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #countCall(stream: ServerHttp2Stream): void {
    this.#openCalls++;
    clearTimeout(this.#idleTimer);
    stream.once("close", () => {
      this.#openCalls--;
      if (this.#openCalls === 0) this.#startIdle();
    });
  }

  #onPing(): void {
    if (this.#pings.allows(this.#openCalls > 0, performance.now())) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
    this.#session.close();
  }

  #boundHandshake(): void {
    const timer = this.#after(handshakeMs, () => this.destroy());
    this.#session.once("remoteSettings", () => clearTimeout(timer));
  }

  #startIdle(): void {
    const { max_connection_idle } = this.#keepalive.server_parameters;
    if (max_connection_idle === 0 || this.#session.closed) return;
    this.#idleTimer = setTimeout(() => this.close(), max_connection_idle).unref();
  }

  // A tenth more or less keeps connections that began together from ending together.
  #boundAge(): void {
    const { max_connection_age, max_connection_age_grace } = this.#keepalive.server_parameters;
    if (max_connection_age === 0) return;
    this.#after(max_connection_age * (0.9 + Math.random() * 0.2), () => {
      this.close();
      if (max_connection_age_grace > 0) this.#after(max_connection_age_grace, () => this.destroy());
    });
  }

  /** Pings a client that has been silent for `time`. */
  #probe(): void {
    const { time, timeout } = this.#keepalive.server_parameters;
    if (time === 0) return;
    let bytesSeen = -1;
    const timer = setInterval(() => {
      // Destroyed, a session has no socket any more; "close", which ends the timer, comes later.
      if (this.#session.destroyed) return;
      const { bytesRead } = this.#session.socket;
      const isSilent = bytesRead === bytesSeen;
      bytesSeen = bytesRead;
      if (!isSilent) return;
      const dead = this.#after(timeout, () => this.destroy());
      this.#session.ping(() => clearTimeout(dead));
    }, time).unref();
    this.#timers.add(timer);
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms).unref();
    this.#timers.add(timer);
    return timer;
  }

  #stopTimers(): void {
    clearTimeout(this.#idleTimer);
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

import { RetryableError } from "../../pipeline/errors.ts";
import { ReadingTurns, type Turn } from "./reading-turns.ts";

/**
 * Bounds the memory of requests that are being read or wait for the pipeline, over all connections of a receiver.
 *
 * A request takes the room for the size it declares before its body is read: those that are let in can come to their end,
 * where rooms taken byte by byte would let all begin and few end. Who declares much and sends nothing holds that room until
 * the read timeout. A request that is alone is never refused: its own limit bounds it, and one larger than the whole room
 * could otherwise never pass.
 */
export class InFlight {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  readonly #turns: ReadingTurns;
  #requests = 0;
  #bytes = 0;

  /** @param maxReadingBytes of the large bodies that are read at a time; others wait for their turn */
  constructor(maxRequests: number, maxBytes: number, maxReadingBytes: number = maxBytes) {
    this.#maxRequests = maxRequests;
    this.#maxBytes = maxBytes;
    this.#turns = new ReadingTurns(maxReadingBytes);
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Lets a request in; `release()` of what is returned must follow.
   *
   * @throws {RetryableError} there is no room
   */
  admit(): Admission {
    if (this.#requests >= this.#maxRequests) throw full(`${this.#requests} requests`, "max_in_flight_requests");
    this.#requests++;
    return new Admission(this);
  }

  /** @throws {RetryableError} `bytes` more do not fit */
  requireRoom(bytes: number): void {
    if (this.#requests > 1 && this.#bytes + bytes > this.#maxBytes)
      throw full(`${this.#bytes} bytes`, "max_in_flight_bytes");
  }

  /** As `ReadingTurns.take`. */
  turnToRead(bytes: number): Promise<Turn> {
    return this.#turns.take(bytes);
  }

  /** For `Admission` alone. */
  count(requests: number, bytes: number): void {
    this.#requests += requests;
    this.#bytes += bytes;
  }
}

/** The room one request takes. */
export class Admission {
  readonly #inFlight: InFlight;
  #bytes = 0;
  #released = false;

  constructor(inFlight: InFlight) {
    this.#inFlight = inFlight;
  }

  /**
   * Takes room for `bytes` more.
   *
   * @throws {RetryableError} they do not fit
   */
  grow(bytes: number): void {
    if (this.#released) return;
    this.#inFlight.requireRoom(bytes);
    this.#add(bytes);
  }

  /** Waits until a body of `bytes` is to be read. */
  turnToRead(bytes: number): Promise<Turn> {
    return this.#inFlight.turnToRead(bytes);
  }

  /** Gives back `bytes`, such as those of a compressed body that is no longer needed. */
  shrink(bytes: number): void {
    if (!this.#released) this.#add(-bytes);
  }

  /** Gives back everything. Twice is once. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#inFlight.count(-1, -this.#bytes);
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#inFlight.count(0, bytes);
  }
}

function full(what: string, key: string): RetryableError {
  return new RetryableError(`otlp: ${what} in flight, as many as ${key} allows`, { retryAfterMs: 1_000 });
}

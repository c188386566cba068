import { PermanentError, StatusCode } from "../../pipeline/errors.ts";
import { takeBody } from "../../pipeline/span-batch/buffer-pool.ts";
import type { Admission } from "./in-flight.ts";
import { ownMemory } from "./own-memory.ts";
import type { SizeLimit } from "./size-limit.ts";

/** Flag byte and length that stand before a message. */
const prefixBytes = 5;

/**
 * Puts the one message of a unary call together from DATA frames, cut anywhere.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class MessageReader {
  readonly #limit: SizeLimit;
  readonly #admission: Admission;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixLength = 0;
  #size = 0;
  #length = 0;
  #bytes: Uint8Array | undefined;

  constructor(limit: SizeLimit, admission: Admission) {
    this.#limit = limit;
    this.#admission = admission;
  }

  /** Whether the message is compressed; known once it is whole. */
  get isCompressed(): boolean {
    return this.#prefix[0] === 1;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @throws {PermanentError} RESOURCE_EXHAUSTED: over the limit, by the length it announces
   * @throws {ProtocolError} not one message
   * @throws {RetryableError} there is no room for it
   */
  add(chunk: Buffer): void {
    let rest = chunk;
    if (this.#prefixLength < prefixBytes) {
      const taken = chunk.copy(this.#prefix, this.#prefixLength);
      this.#prefixLength += taken;
      if (this.#prefixLength < prefixBytes) return;
      this.#begin();
      rest = chunk.subarray(taken);
    }
    if (rest.length === 0) return;
    if (rest.length > this.#size - this.#length) throw new ProtocolError("more than one message in a unary call");
    this.#append(rest);
  }

  /**
   * The message, when the stream has ended.
   *
   * @throws {ProtocolError} it is not whole
   */
  finish(): Uint8Array {
    if (this.#prefixLength < prefixBytes || this.#length < this.#size) throw new ProtocolError("incomplete message");
    return this.#bytes ?? Buffer.alloc(0);
  }

  #begin(): void {
    if (this.#prefix[0]! > 1) throw new ProtocolError(`unknown flags ${this.#prefix[0]} before the message`);
    this.#size = this.#prefix.readUInt32BE(1);
    if (this.#size > this.#limit.maxBytes) throw this.#limit.tooLarge(this.#size);
    this.#admission.grow(this.#size);
  }

  #append(chunk: Buffer): void {
    if (chunk.length === this.#size) this.#bytes = ownMemory(chunk);
    else {
      this.#bytes ??= takeBody(this.#size);
      this.#bytes.set(chunk, this.#length);
    }
    this.#length += chunk.length;
  }
}

/** What came is not one message: gRPC calls that INTERNAL, and it is the sender's mistake all the same. */
export class ProtocolError extends PermanentError {
  constructor(message: string) {
    super(`grpc: ${message}`, { code: StatusCode.INTERNAL });
  }
}

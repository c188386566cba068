import type { IncomingMessage, ServerResponse } from "node:http";
import { takeBody } from "../../pipeline/span-batch/buffer-pool.ts";
import type { Admission } from "./in-flight.ts";
import { ownMemory } from "./own-memory.ts";
import type { Turn } from "./reading-turns.ts";
import type { SizeLimit } from "./size-limit.ts";

/** The client hung up before its request was complete: nobody is there to be answered. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** Bodies that come in one piece or two are read as they come. No option: it only says who waits for a turn. */
const smallBodyBytes = 128 * 1024;

/**
 * Reads the body of `request` into one buffer, a large one when it is its turn. After an error what still comes is discarded. A
 * client that waits for "100 Continue" gets it when its body is going to be read, and so need not send what is refused.
 *
 * @throws {PermanentError} RESOURCE_EXHAUSTED: larger than `limit`; by its content-length, before any of it is read
 * @throws {RetryableError} there is no room for it
 * @throws {ClientGone}
 */
export async function readBody(
  request: IncomingMessage,
  response: Pick<ServerResponse, "writeContinue">,
  limit: SizeLimit,
  admission: Admission,
): Promise<Uint8Array> {
  const header = request.headers["content-length"];
  const declared = header === undefined ? undefined : Number(header);
  if (declared !== undefined) {
    if (declared > limit.maxBytes) throw limit.tooLarge(declared);
    admission.grow(declared);
  }
  const isLarge = declared !== undefined && declared > smallBodyBytes;
  const turn = isLarge ? await admission.turnToRead(declared) : undefined;
  try {
    if (request.headers.expect !== undefined) response.writeContinue();
    const body = declared === undefined ? new ChunkedBody(limit, admission) : new SizedBody(declared);
    await readInto(request, body, turn);
    return body.finish();
  } finally {
    turn?.end();
  }
}

interface Body {
  add(chunk: Buffer): void;
  finish(): Uint8Array;
}

function readInto(request: IncomingMessage, body: Body, turn: Turn | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    // While it was decided who the client is, or others had their turn, it may have gone; no event would say so any more.
    if (request.destroyed) return reject(new ClientGone("client hung up"));
    const onData = (chunk: Buffer): void => {
      try {
        turn?.progress();
        body.add(chunk);
      } catch (error) {
        // The listeners for the end stay: what is discarded from now on may end in an error, too.
        request.off("data", onData).resume();
        reject(error);
      }
    };
    request.on("data", onData);
    request.once("end", resolve);
    request.once("error", () => reject(new ClientGone("client hung up")));
  });
}

/** A body of known size: one chunk is used where it lies, several are copied into place once. */
class SizedBody implements Body {
  #length = 0;
  readonly #size: number;
  #only: Buffer | undefined;
  #bytes: Uint8Array | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  add(chunk: Buffer): void {
    if (this.#length === 0 && chunk.length === this.#size) this.#only = chunk;
    else {
      this.#bytes ??= takeBody(this.#size);
      this.#bytes.set(chunk, this.#length);
    }
    this.#length += chunk.length;
  }

  finish(): Uint8Array {
    return this.#only === undefined ? (this.#bytes ?? Buffer.alloc(0)) : ownMemory(this.#only);
  }
}

/** A body of unknown size, which takes room and meets its limit as it comes. */
class ChunkedBody implements Body {
  readonly #limit: SizeLimit;
  readonly #admission: Admission;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(limit: SizeLimit, admission: Admission) {
    this.#limit = limit;
    this.#admission = admission;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#limit.maxBytes) throw this.#limit.tooLarge(this.#length);
    this.#admission.grow(chunk.length);
    this.#chunks.push(chunk);
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { ClientContext, Signal } from "../../pipeline/batch.ts";
import { StatusCode } from "../../pipeline/errors.ts";
import { exportResponse } from "./answer.ts";
import type { ClientReader } from "./client.ts";
import { type Coding, decompress } from "./decompress.ts";
import { MessageReader, ProtocolError } from "./grpc-message.ts";
import { acceptedEncodings, encodingOfMessages, isGrpc, routeOf, statusHeaders, timeoutMsOf } from "./grpc-wire.ts";
import type { Admission, InFlight } from "./in-flight.ts";
import type { Intake } from "./intake.ts";
import type { SizeLimit } from "./size-limit.ts";
import { type Failure, failureOf } from "./status.ts";

/** What all calls of a server share. */
export interface CallSettings {
  readonly intake: Intake;
  readonly inFlight: InFlight;
  readonly limit: SizeLimit;
  readonly readTimeoutMs: number;
  readonly clients: ClientReader;
  /** The server has sent something: a client is allowed its pings again. */
  readonly onAnswer: () => void;
}

const responseHeaders = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": acceptedEncodings,
};
const okTrailers = { "grpc-status": StatusCode.OK };
const emptyMessage = Buffer.alloc(5);

/** One unary Export call: reads its message, hands it on, and answers once. */
export class GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #settings: CallSettings;
  #isAnswered = false;
  #readTimer: NodeJS.Timeout | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;

  constructor(stream: ServerHttp2Stream, settings: CallSettings) {
    this.#stream = stream;
    this.#settings = settings;
    // Resets and lost connections; "close" follows.
    stream.on("error", () => {});
    stream.once("close", () => {
      this.#isAnswered = true;
      clearTimeout(this.#readTimer);
      clearTimeout(this.#deadlineTimer);
    });
  }

  /** Never rejects: whatever fails becomes the status of the call. */
  async run(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): Promise<void> {
    if (headers[":method"] !== "POST") return this.#refuseHttp(405, { allow: "POST" });
    if (!isGrpc(headers["content-type"])) return this.#refuseHttp(415);
    const signal = routeOf(headers[":path"]!, (wanted) => this.#settings.intake.takes(wanted));
    if (typeof signal === "object") return this.#fail(unimplemented(signal.unknown));
    const coding = encodingOfMessages(headers["grpc-encoding"] as string | undefined);
    if (typeof coding === "object") return this.#fail(unimplemented(coding.unknown));
    this.#startDeadline(timeoutMsOf(headers["grpc-timeout"] as string | undefined));
    await this.#export(signal, coding, rawHeaders);
  }

  async #export(signal: Signal, coding: Coding | undefined, rawHeaders: readonly string[]): Promise<void> {
    const { clients, inFlight, intake } = this.#settings;
    let admission: Admission | undefined;
    try {
      admission = inFlight.admit();
      const context: ClientContext | undefined = clients.isNeeded ? await clients.read(rawHeaders) : undefined;
      const body = await this.#message(coding, admission);
      if (body === undefined) return;
      const partial = await intake.take(signal, "protobuf", body, context);
      this.#succeed(partial && exportResponse(signal, "protobuf", partial));
    } catch (error) {
      intake.failed(error);
      this.#fail(failureOf(error));
    } finally {
      admission?.release();
    }
  }

  /** The decompressed message, or undefined when the call has ended before it was complete. */
  async #message(coding: Coding | undefined, admission: Admission): Promise<Uint8Array | undefined> {
    const message = new MessageReader(this.#settings.limit, admission);
    if (!(await this.#read(message))) return undefined;
    const received = message.finish();
    if (!message.isCompressed) return received;
    if (coding !== undefined) return decompress(coding, received, this.#settings.limit, admission);
    throw new ProtocolError("message is compressed, but grpc-encoding names no compression");
  }

  /** @returns whether the stream came to its end, and was not reset, timed out or answered before */
  #read(message: MessageReader): Promise<boolean> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      if (this.#isAnswered) return resolve(false);
      this.#startReadTimeout();
      stream.on("data", (chunk: Buffer) => {
        if (this.#isAnswered) return;
        try {
          message.add(chunk);
        } catch (error) {
          reject(error);
        }
      });
      stream.once("end", () => {
        clearTimeout(this.#readTimer);
        resolve(!this.#isAnswered && !stream.aborted);
      });
      stream.once("close", () => resolve(false));
    });
  }

  #startReadTimeout(): void {
    const { readTimeoutMs } = this.#settings;
    if (readTimeoutMs === 0) return;
    const message = `grpc: message not complete ${readTimeoutMs} ms after the begin of the call`;
    this.#readTimer = setTimeout(() => this.#fail(deadlineExceeded(message)), readTimeoutMs);
  }

  #startDeadline(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return;
    const message = "grpc: the deadline of the call has passed; its data may have been taken";
    this.#deadlineTimer = setTimeout(() => this.#fail(deadlineExceeded(message)), timeoutMs);
  }

  #succeed(response: Uint8Array | undefined): void {
    if (!this.#beginAnswer()) return;
    const stream = this.#stream;
    stream.respond(responseHeaders, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers(okTrailers));
    stream.end(response === undefined ? emptyMessage : framed(response));
  }

  #fail(failure: Failure): void {
    if (!this.#beginAnswer()) return;
    this.#stream.respond({ ...responseHeaders, ...statusHeaders(failure) }, { endStream: true });
    this.#stopClient();
  }

  #refuseHttp(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (!this.#beginAnswer()) return;
    this.#stream.respond({ ":status": status, ...headers }, { endStream: true });
    this.#stopClient();
  }

  #beginAnswer(): boolean {
    if (this.#isAnswered || this.#stream.destroyed) return false;
    this.#isAnswered = true;
    this.#settings.onAnswer();
    return true;
  }

  /** Tells a client that is still sending that nobody listens; what is under way is discarded. */
  #stopClient(): void {
    this.#stream.resume();
    if (!this.#stream.readableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

function unimplemented(message: string): Failure {
  return { code: StatusCode.UNIMPLEMENTED, httpStatus: 404, message, retryAfterMs: undefined };
}

function deadlineExceeded(message: string): Failure {
  return { code: StatusCode.DEADLINE_EXCEEDED, httpStatus: 503, message, retryAfterMs: undefined };
}

import type { ClientContext } from "../../pipeline/batch.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { BatchTrigger } from "../../telemetry/instruments.ts";
import type { BatchConfig } from "./config.ts";
import { maxTimerMs } from "./sender.ts";

/** Requests gathered for one batch, and the promise that all their callers wait for. */
class OpenBatch<B> {
  readonly requests: B[] = [];
  items = 0;
  bytes = 0;
  /** Settles with what becomes of the batch. */
  readonly settled: Promise<void>;
  settle: (outcome: Promise<void>) => void = () => {};
  timer: NodeJS.Timeout | undefined;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  add(request: B, items: number, bytes: number): void {
    this.requests.push(request);
    this.items += items;
    this.bytes += bytes;
  }
}

/** Sends gathered requests; the bytes are those they took while they were gathered. */
export type SendRequests<B> = (
  requests: B[],
  bytes: number,
  trigger: BatchTrigger,
  context: ClientContext | undefined,
) => Promise<void>;

/**
 * Gathers requests until they are many, large or old enough. Requests are kept as they are and joined when they are
 * sent: each byte is copied once, into memory of the right size.
 */
export class Batcher<B extends SpanBatch | OtlpBatch> {
  readonly #config: BatchConfig;
  readonly #context: ClientContext | undefined;
  readonly #send: SendRequests<B>;
  #open: OpenBatch<B> | undefined;

  constructor(config: BatchConfig, context: ClientContext | undefined, send: SendRequests<B>) {
    this.#config = config;
    this.#context = context;
    this.#send = send;
  }

  get isEmpty(): boolean {
    return this.#open === undefined;
  }

  /** Takes a request; settles as the batch that holds it does. */
  add(request: B): Promise<void> {
    const { itemCount, byteLength } = request;
    if (this.#config.timeout === 0 || this.#isFull(itemCount, byteLength)) {
      return this.#send([request], byteLength, "size", this.#context);
    }
    if (this.#open !== undefined && !this.#fits(this.#open, itemCount, byteLength)) this.flush("limit");
    this.#open ??= this.#begin();
    const open = this.#open;
    open.add(request, itemCount, byteLength);
    if (this.#isFull(open.items, open.bytes)) this.flush("size");
    return open.settled;
  }

  /** Sends what is gathered. */
  flush(trigger: BatchTrigger): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    clearTimeout(open.timer);
    open.settle(this.#send(open.requests, open.bytes, trigger, this.#context));
  }

  #begin(): OpenBatch<B> {
    const open = new OpenBatch<B>();
    open.timer = setTimeout(() => this.flush("timeout"), Math.min(this.#config.timeout, maxTimerMs));
    return open;
  }

  #isFull(items: number, bytes: number): boolean {
    return items >= this.#config.send_batch_size || bytes >= this.#config.send_batch_bytes;
  }

  #fits(open: OpenBatch<B>, items: number, bytes: number): boolean {
    const { send_batch_max_size, send_batch_bytes } = this.#config;
    if (open.bytes + bytes > send_batch_bytes) return false;
    return send_batch_max_size === 0 || open.items + items <= send_batch_max_size;
  }
}

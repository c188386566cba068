import type { Batch, ClientContext, Signal } from "./batch.ts";

/**
 * Metrics or logs: OTLP requests as they came, not decoded further than to count their items.
 *
 * Each element of `requests` is a whole `ExportMetricsServiceRequest` or `ExportLogsServiceRequest` in protobuf.
 * Protobuf lets messages of one type be joined by joining their bytes, so several requests are one request.
 */
export class OtlpBatch implements Batch {
  readonly signal: Exclude<Signal, "traces">;
  readonly requests: readonly Uint8Array[];
  readonly itemCount: number;
  readonly byteLength: number;
  readonly context: ClientContext | undefined;

  constructor(
    signal: Exclude<Signal, "traces">,
    requests: readonly Uint8Array[],
    itemCount: number,
    context?: ClientContext,
  ) {
    this.signal = signal;
    this.requests = requests;
    this.itemCount = itemCount;
    this.byteLength = requests.reduce((bytes, request) => bytes + request.length, 0);
    this.context = context;
  }

  /** Shares the request bytes, which nothing writes to. */
  clone(): OtlpBatch {
    return new OtlpBatch(this.signal, this.requests, this.itemCount, this.context);
  }
}

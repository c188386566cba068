import type { Batch, ClientContext, Signal } from "./batch.ts";

/**
 * Metrics or logs: OTLP requests as they came, not decoded further than to count their items.
 *
 * Each element of `requests` is a whole `ExportMetricsServiceRequest` or `ExportLogsServiceRequest` in protobuf.
 * Protobuf lets messages of one type be joined by joining their bytes, so several requests of one project are one request.
 */
export class OtlpBatch implements Batch {
  readonly signal: Exclude<Signal, "traces">;
  readonly requests: readonly Uint8Array[];
  /** Of each request, whose it is, as in column ProjectId. Who changes requests makes the new batch by `changed`. */
  readonly projects: readonly string[];
  readonly itemCount: number;
  readonly byteLength: number;
  readonly context: ClientContext | undefined;

  /** @param projects as many as requests; left out where they are the default project's */
  constructor(
    signal: Exclude<Signal, "traces">,
    requests: readonly Uint8Array[],
    itemCount: number,
    context?: ClientContext,
    projects: readonly string[] = requests.map(() => ""),
  ) {
    this.signal = signal;
    this.requests = requests;
    this.projects = projects;
    this.itemCount = itemCount;
    this.byteLength = requests.reduce((bytes, request) => bytes + request.length, 0);
    this.context = context;
  }

  /** The requests of several batches of one signal, one behind the other. @param batches at least one */
  static joined(batches: readonly OtlpBatch[], context?: ClientContext): OtlpBatch {
    return new OtlpBatch(
      batches[0]!.signal,
      batches.flatMap(({ requests }) => requests),
      batches.reduce((sum, { itemCount }) => sum + itemCount, 0),
      context,
      batches.flatMap(({ projects }) => projects),
    );
  }

  /** The batch with other requests. @param requests in place of its own, in their order; undefined: one that goes */
  changed(requests: readonly (Uint8Array | undefined)[], itemCount: number): OtlpBatch {
    const kept = requests.filter((request) => request !== undefined);
    const projects = this.projects.filter((_, index) => requests[index] !== undefined);
    return new OtlpBatch(this.signal, kept, itemCount, this.context, projects);
  }

  withContext(context: ClientContext | undefined): OtlpBatch {
    return new OtlpBatch(this.signal, this.requests, this.itemCount, context, this.projects);
  }

  /** Shares the request bytes, which nothing writes to. */
  clone(): OtlpBatch {
    return this.withContext(this.context);
  }
}

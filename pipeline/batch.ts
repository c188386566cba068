/** The kinds of telemetry a pipeline carries, as they stand in `service.pipelines`. */
export const signals = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof signals)[number];

/** Who sent a batch, kept when the receiver's `include_metadata` or an authenticator asks for it. */
export interface ClientContext {
  /** Request headers or gRPC metadata; names in lower case, several values in the order they came. */
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  /** What the authenticator learned, such as `subject` or `username`. */
  readonly auth: ReadonlyMap<string, string>;
}

/**
 * Telemetry of one signal on its way through a pipeline.
 *
 * A batch has one owner. `consume(batch)` hands it over; who needs it twice makes a `clone()` first.
 */
export interface Batch {
  readonly signal: Signal;
  /** Items: spans, data points or log records. Dropped ones do not count. */
  readonly itemCount: number;
  /** Bytes held in memory, for limits; an estimate from below. */
  readonly byteLength: number;
  readonly context: ClientContext | undefined;
  /** A deep copy with an owner of its own. */
  clone(): Batch;
}

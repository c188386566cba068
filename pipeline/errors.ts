/**
 * Canonical gRPC status codes, the ones the pipeline uses. Receivers turn them into their protocol's answer.
 *
 * @see https://grpc.io/docs/guides/status-codes/
 */
export const StatusCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** What an error of the pipeline may carry besides its message. */
export interface PipelineErrorOptions extends ErrorOptions {
  readonly code?: StatusCode;
}

/** The data can never be taken: the sender must drop it. Not retried anywhere. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
  /** INTERNAL unless the sender is at fault (INVALID_ARGUMENT, RESOURCE_EXHAUSTED for a body over the limit). */
  readonly code: StatusCode;

  constructor(message: string, options: PipelineErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? StatusCode.INTERNAL;
  }
}

/** The data could not be taken now: the sender keeps it and may send it again after `retryAfterMs`. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  readonly code: StatusCode;
  /** Milliseconds the sender should wait; receivers put it into Retry-After and RetryInfo. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: PipelineErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.code = options.code ?? StatusCode.UNAVAILABLE;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether the sender of the data that failed with `error` must drop it. Unknown errors count as retryable. */
export function isPermanent(error: unknown): boolean {
  return error instanceof PermanentError;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";

/** An error as a client is told of it. */
export interface Failure {
  readonly code: StatusCode;
  readonly httpStatus: number;
  readonly message: string;
  /** Set when the client should send the data again, and then when: Retry-After and RetryInfo. */
  readonly retryAfterMs: number | undefined;
}

const defaultRetryAfterMs = 1_000;
/** Of a text that travels in a header or trailer of the answer, which peers bound. */
const maxMessageLength = 2_048;

/** Codes that clients retry. RESOURCE_EXHAUSTED is one of them only with RetryInfo, which a RetryableError always gets. */
const retryableCodes: ReadonlySet<StatusCode> = new Set([
  StatusCode.CANCELLED,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.RESOURCE_EXHAUSTED,
  StatusCode.ABORTED,
  StatusCode.OUT_OF_RANGE,
  StatusCode.UNAVAILABLE,
  StatusCode.DATA_LOSS,
]);

/** HTTP statuses of codes that clients do not retry; every other code gives 500. */
const permanentStatus: Readonly<Partial<Record<StatusCode, number>>> = {
  [StatusCode.INVALID_ARGUMENT]: 400,
  [StatusCode.UNAUTHENTICATED]: 401,
  [StatusCode.PERMISSION_DENIED]: 403,
  [StatusCode.UNIMPLEMENTED]: 404,
  // Permanent, it is a body over the limit. 429 would make the client send it again.
  [StatusCode.RESOURCE_EXHAUSTED]: 413,
};

/**
 * The only place that turns errors into codes. Whoever gets a retryable answer keeps the data, so an error that is not known
 * counts as retryable: it must not cost data that a second try may save.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#failures
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof PermanentError) return permanent(error);
  if (error instanceof RetryableError) return retryable(error);
  return {
    code: StatusCode.UNAVAILABLE,
    httpStatus: 503,
    message: "internal error, see the log of the receiver",
    retryAfterMs: defaultRetryAfterMs,
  };
}

function permanent(error: PermanentError): Failure {
  const isLimit = error.code === StatusCode.RESOURCE_EXHAUSTED;
  const code = retryableCodes.has(error.code) && !isLimit ? StatusCode.INTERNAL : error.code;
  return { code, httpStatus: permanentStatus[code] ?? 500, message: shortMessage(error), retryAfterMs: undefined };
}

function retryable(error: RetryableError): Failure {
  const code = retryableCodes.has(error.code) ? error.code : StatusCode.UNAVAILABLE;
  const httpStatus = code === StatusCode.RESOURCE_EXHAUSTED ? 429 : 503;
  return { code, httpStatus, message: shortMessage(error), retryAfterMs: error.retryAfterMs ?? defaultRetryAfterMs };
}

// Clients bound the size of response headers, which carry the message in gRPC.
function shortMessage(error: Error): string {
  const message = messageOf(error);
  return message.length <= maxMessageLength ? message : `${message.slice(0, maxMessageLength)}...`;
}

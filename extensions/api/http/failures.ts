import { ClickHouseError } from "@clickhouse/client";
import { isOfValues } from "../../../exporters/clickhouse/error-codes.ts";
import { ClickHouseFailure, describeFailure, type Failure, failureOf } from "../../../exporters/clickhouse/errors.ts";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { ApiError } from "./errors.ts";

/*
 * What becomes of errors: the one place that knows which status a failure of the store or of a pipeline has.
 */

/** A hint alone: clients choose when they come again. */
const retryAfterSeconds = 5;

/** Codes of ClickHouse that say: this query wants more than it may have. Asked again, it would want it again. */
const limits: ReadonlyMap<number, string> = new Map([
  [158, "reads more rows than it may"],
  [159, "takes longer than it may"],
  [160, "would take longer than it may"],
  [162, "has too many subqueries in each other"],
  [167, "is nested too deep"],
  [168, "is too large"],
  [191, "makes a set that is larger than it may be"],
  [241, "takes more memory than it may"],
  [306, "is nested too deep"],
  [307, "reads more bytes than it may"],
  [396, "has a larger result than it may"],
]);

/** The tables are not there yet: an exporter makes them when it reaches ClickHouse. */
const notReady: ReadonlySet<number> = new Set([60, 81]);

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** The failure of ClickHouse or the way to it behind `error`; undefined where it is something else. */
export function storeFailureOf(error: unknown): Failure | undefined {
  if (error instanceof ClickHouseFailure) return error.failure;
  if (error instanceof ClickHouseError) return { ...failureOf(error), name: error.type ?? "UNKNOWN" };
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isNetwork = networkCodes.has(String(code)) || message === "Timeout error." || message === "socket hang up";
  return isNetwork ? failureOf(error) : undefined;
}

/** What a query did too much of, or undefined. Memory that the server as a whole lacks is no fault of the query. */
export function passedLimit({ code, message }: Failure): string | undefined {
  if (code === 241 && /\(total\)|\(for user\)/.test(message)) return undefined;
  return code === undefined ? undefined : limits.get(code);
}

/** The answer to a read that the store did not do. */
export function readError(failure: Failure, cause: unknown): ApiError {
  const limit = passedLimit(failure);
  if (limit !== undefined)
    return new ApiError(400, `the query ${limit}: ask for less, such as a shorter time (${describeFailure(failure)})`, {
      cause,
    });
  if (failure.code === undefined || failure.kind === "overload" || notReady.has(failure.code))
    return unavailable(cause);
  return new ApiError(500, `the store refused a query of the server: ${describeFailure(failure)}`, { cause });
}

/**
 * The answer to rows that the store did not take: 503 alone where it may take them later. Rows it will never take were sent
 * with values that no check has refused, or the statement is wrong, which is a fault of ours.
 */
export function writeError(error: unknown): ApiError {
  const failure = failureOf(error);
  const { code, kind } = failure;
  if (kind !== "permanent" || (code !== undefined && notReady.has(code))) return unavailable(error);
  const who = isOfValues(code) ? "a value that was sent" : "rows of the server";
  const detail = `the store refuses ${who}: ${describeFailure(failure)}`;
  return new ApiError(isOfValues(code) ? 400 : 500, detail, { cause: error });
}

/** The answer when ClickHouse cannot be asked: 503, and when to ask again. */
export function unavailable(error: unknown): ApiError {
  const detail = `the store cannot be reached or is overloaded: ${describeFailure(failureOf(error))}`;
  return new ApiError(503, detail, { headers: { "retry-after": String(retryAfterSeconds) }, cause: error });
}

/** Statuses of what pipelines and body readers throw. */
const statusOf: Readonly<Partial<Record<StatusCode, number>>> = {
  [StatusCode.INVALID_ARGUMENT]: 400,
  [StatusCode.RESOURCE_EXHAUSTED]: 413,
  [StatusCode.UNAUTHENTICATED]: 401,
  [StatusCode.PERMISSION_DENIED]: 403,
};

/** The answer to whatever a route threw. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RetryableError) {
    const seconds = Math.max(Math.ceil((error.retryAfterMs ?? retryAfterSeconds * 1_000) / 1_000), 1);
    return new ApiError(503, withoutOwner(error), { headers: { "retry-after": String(seconds) }, cause: error });
  }
  if (error instanceof PermanentError)
    return new ApiError(statusOf[error.code] ?? 500, withoutOwner(error), { cause: error });
  const failure = storeFailureOf(error);
  if (failure !== undefined) return readError(failure, error);
  // Fastify's own, such as a content type that cannot be read.
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== undefined && statusCode < 500) return new ApiError(statusCode, messageOf(error), { cause: error });
  return new ApiError(500, "internal error; the log of the server says more", { cause: error });
}

/** Readers of bodies are shared with the receiver of OTLP, which names itself in their texts. */
function withoutOwner({ message }: Error): string {
  return message.replace(/^otlp: /, "");
}

import type { ServiceError } from "@grpc/grpc-js";
import { decodeStatus } from "../../otlp/response.ts";
import { PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";

/** @see https://opentelemetry.io/docs/specs/otlp/#failures */
const retryable: ReadonlySet<number> = new Set([
  StatusCode.CANCELLED,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.ABORTED,
  StatusCode.OUT_OF_RANGE,
  StatusCode.UNAVAILABLE,
  StatusCode.DATA_LOSS,
]);

const names = new Map<number, string>(Object.entries(StatusCode).map(([name, code]) => [code, name]));

// What a server says of an error goes into log lines.
const maxDetailLength = 1_000;

/** What a failed call means to the pipeline. RESOURCE_EXHAUSTED may come again only where the server says when. */
export function pipelineErrorOf(error: ServiceError, endpoint: string): PermanentError | RetryableError {
  const [details] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const retryAfterMs = Buffer.isBuffer(details) ? decodeStatus(details)?.retryAfterMs : undefined;
  const name = names.get(error.code) ?? "unknown code";
  const said = error.details.slice(0, maxDetailLength);
  const message = `export to ${endpoint} failed: code ${error.code} (${name}): ${said}`;
  const code = names.has(error.code) ? (error.code as StatusCode) : StatusCode.UNKNOWN;
  if (retryable.has(error.code) || (error.code === StatusCode.RESOURCE_EXHAUSTED && retryAfterMs !== undefined)) {
    return new RetryableError(message, { code, cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  return new PermanentError(`${message}, not retryable`, { code, cause: error });
}

import { decodeExportResponse, decodeExportResponseJson, decodeStatus } from "../../otlp/response.ts";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import type { SendResult } from "../helper/exporter.ts";
import type { HttpAnswer } from "./request.ts";

/** @see https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const codes: Readonly<Record<number, StatusCode>> = {
  400: StatusCode.INVALID_ARGUMENT,
  401: StatusCode.UNAUTHENTICATED,
  403: StatusCode.PERMISSION_DENIED,
  404: StatusCode.UNIMPLEMENTED,
  429: StatusCode.RESOURCE_EXHAUSTED,
  502: StatusCode.UNAVAILABLE,
  503: StatusCode.UNAVAILABLE,
  504: StatusCode.UNAVAILABLE,
};

// What a server says of an error goes into log lines.
const maxDetailLength = 1_000;

/**
 * What an answer means.
 *
 * @param url without credentials, for the error text
 * @throws {RetryableError} 429, 502, 503, 504, with the delay of Retry-After or RetryInfo
 * @throws {PermanentError} any other failure, and a success that cannot be read
 */
export function resultOf(answer: HttpAnswer, url: string): SendResult {
  if (answer.status >= 200 && answer.status < 300) return successOf(answer, url);
  const isProtobuf = contentType(answer) === "application/x-protobuf";
  const status = isProtobuf ? decodeStatus(answer.body) : undefined;
  const said = (status?.message ?? answer.body.toString()).trim().slice(0, maxDetailLength);
  const message = `export to ${url} failed: status ${answer.status}${said === "" ? "" : `: ${said}`}`;
  const code = codes[answer.status] ?? StatusCode.UNKNOWN;
  if (!retryable.has(answer.status)) throw new PermanentError(`${message}, not retryable`, { code });
  const retryAfterMs = parseRetryAfterMs(answer.headers["retry-after"], Date.now()) ?? status?.retryAfterMs;
  throw new RetryableError(message, { code, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** An answer in neither encoding of OTLP says nothing but its status. */
function successOf(answer: HttpAnswer, url: string): SendResult {
  try {
    const type = contentType(answer);
    if (answer.body.length === 0) return { rejectedItems: 0, message: "" };
    if (type === "application/json") return decodeExportResponseJson(answer.body.toString());
    if (type === "application/x-protobuf") return decodeExportResponse(answer.body);
    return { rejectedItems: 0, message: "" };
  } catch (error) {
    throw new PermanentError(`answer of ${url} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function contentType(answer: HttpAnswer): string {
  return (answer.headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
}

/**
 * Reads Retry-After.
 *
 * @param value seconds or an HTTP date
 * @returns milliseconds from `nowMs` on, zero for the past; undefined when `value` is neither
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

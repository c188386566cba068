import { errorCodes, type FailureKind } from "./error-codes.ts";

/** Why a request to ClickHouse failed, and what that means. */
export interface Failure {
  readonly kind: FailureKind;
  /** ClickHouse's code; undefined when the server gave none. */
  readonly code: number | undefined;
  /** Such as UNKNOWN_TABLE, ECONNREFUSED, TIMEOUT, HTTP_503. */
  readonly name: string;
  /** What the server or the network said, shortened to one line. */
  readonly message: string;
  /** Whether the server may have done the work all the same. */
  readonly ambiguous: boolean;
  readonly retryAfterMs?: number;
}

/** A request that ClickHouse or the way to it refused. */
export class ClickHouseFailure extends Error {
  override readonly name = "ClickHouseFailure";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${describeFailure(failure)}: ${failure.message}`, options);
    this.failure = failure;
  }
}

/** `code 60 (UNKNOWN_TABLE)`, or the name alone where there is no code. */
export function describeFailure({ code, name }: Failure): string {
  return code === undefined ? name : `code ${code} (${name})`;
}

/** Whether a start that met `failure` cannot succeed later either. */
export function isFatalAtStart(failure: Failure): boolean {
  return failure.kind === "permanent" || failure.kind === "access";
}

// The same code as for a table with too many parts, which passes; this one is about the block and does not.
const tooManyPartitions = /Too many partitions for single INSERT block/;

/** A failure ClickHouse named by code. Unknown codes count as retryable: max_elapsed_time bounds what that costs. */
export function failureOfCode(code: number, text: string, retryAfterMs?: number): Failure {
  const known = errorCodes.get(code);
  const name = known?.name ?? /\(([A-Z][A-Z0-9_]{2,})\)\s*(?:\(version|$)/.exec(text)?.[1] ?? "UNKNOWN";
  const kind = code === 252 && tooManyPartitions.test(text) ? "permanent" : (known?.kind ?? "retryable");
  return { kind, code, name, message: oneLine(text), ambiguous: false, ...withDelay(retryAfterMs) };
}

/** A failure of something in front of ClickHouse, known by its HTTP status alone. */
export function failureOfStatus(status: number, text: string, retryAfterMs?: number): Failure {
  const common = { code: undefined, name: `HTTP_${status}`, message: oneLine(text), ...withDelay(retryAfterMs) };
  if (status === 429 || status === 503) return { ...common, kind: "overload", ambiguous: false };
  if (status === 401 || status === 403) return { ...common, kind: "access", ambiguous: false };
  if (status === 413 || status === 414 || status === 431) return { ...common, kind: "permanent", ambiguous: false };
  return { ...common, kind: "retryable", ambiguous: true };
}

const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** Whether the server was not there at all: nobody took the connection. */
export function isCertainlyAway({ name, code }: Failure): boolean {
  return code === undefined && neverSent.has(name);
}

/** Whether the server may not have been there. When it or a proxy named an error or a delay of its own, it was. */
export function mayBeAway({ code, kind, name, retryAfterMs }: Failure): boolean {
  return code === undefined && retryAfterMs === undefined && (kind === "retryable" || name === "HTTP_503");
}

const codePattern = /Code: (\d+)\..{0,100}?Exception: /s;

/** The exception in a body, or undefined when there is none. */
export function exceptionIn(body: string): { code: number; text: string } | undefined {
  const match = codePattern.exec(body);
  return match === null ? undefined : { code: Number(match[1]), text: body.slice(match.index) };
}

/** The failure behind anything a request threw. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ClickHouseFailure) return error.failure;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = oneLine(String(message ?? error));
  // The client's own error for an exception of the server has the code as digits.
  if (typeof code === "string" && /^\d+$/.test(code)) return failureOfCode(Number(code), text);
  const name = typeof code === "string" ? code : /timeout/i.test(text) ? "TIMEOUT" : "NETWORK";
  return { kind: "retryable", code: undefined, name, message: text, ambiguous: !neverSent.has(name) };
}

/** Seconds or an HTTP date, as Retry-After carries them; undefined for anything else. */
export function retryAfterMsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function withDelay(retryAfterMs: number | undefined): { retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

import { RetryableError, StatusCode } from "./errors.ts";

/**
 * Runs one attempt, aborting it after `timeoutMs` or when `signal` aborts.
 *
 * Not AbortSignal.any: in Node 20 a signal that lives long keeps everything ever derived from it, and a timeout that is joined with
 * others is forgotten at the next garbage collection.
 *
 * @param timeoutMs 0 for no limit
 * @throws {RetryableError} DEADLINE_EXCEEDED when the time was over
 */
export async function withTimeout<T>(
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  const tooLate = new RetryableError(`no answer within timeout ${timeoutMs}ms`, { code: StatusCode.DEADLINE_EXCEEDED });
  const timer = timeoutMs > 0 ? setTimeout(() => attempt.abort(tooLate), timeoutMs) : undefined;
  try {
    return await run(attempt.signal);
  } catch (error) {
    throw attempt.signal.reason === tooLate ? tooLate : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/*
 * Times of statements and answers. In statements they are nanoseconds since the Unix epoch, as integers or their text.
 */

const perMicro = 1_000n;
const perMs = 1_000_000n;

/** ISO 8601 in UTC with `Z` and six digits after the second. @param nanos since the epoch, an integer as text */
export function isoOfNanos(nanos: string | bigint): string {
  const micros = BigInt(nanos) / perMicro;
  const ms = micros / perMicro - (micros < 0n && micros % perMicro !== 0n ? 1n : 0n);
  const rest = (micros - ms * perMicro).toString().padStart(3, "0");
  return new Date(Number(ms)).toISOString().replace("Z", `${rest}Z`);
}

/** Nanoseconds since the epoch. @param time ISO 8601 with `Z` and nine digits after the second */
export function nanosOf(time: string): bigint {
  const [ms, rest] = [Date.parse(`${time.slice(0, 23)}Z`), time.slice(23, 29)];
  return BigInt(ms) * perMs + BigInt(rest);
}

/** ISO 8601 in UTC with `Z` and three digits after the second. */
export function isoOfMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** The first and last millisecond of a range in nanoseconds: what a column of milliseconds is compared with. */
export function msFrom(nanos: bigint): number {
  return Number((nanos + perMs - 1n) / perMs);
}

export function msUntil(nanos: bigint): number {
  return Number(nanos / perMs);
}

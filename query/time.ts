/*
 * Times as they are here: in conditions, nanoseconds since the Unix epoch as integers or their text; in rows of the store,
 * ISO 8601 in UTC with `Z` and as many digits as the column has; in answers, the same with three or six digits.
 */

/** Seconds. */
export const hour = 3_600;

const perMicro = 1_000n;
const perMs = 1_000_000n;
const perSecond = 1_000_000_000n;

/** For answers, with six digits. @param nanos since the epoch, an integer as text */
export function isoOfNanos(nanos: string | bigint): string {
  const micros = BigInt(nanos) / perMicro;
  const ms = micros / perMicro - (micros < 0n && micros % perMicro !== 0n ? 1n : 0n);
  const rest = (micros - ms * perMicro).toString().padStart(3, "0");
  return new Date(Number(ms)).toISOString().replace("Z", `${rest}Z`);
}

/** A text for DateTime64(9, 'UTC'), as parameters have it. @param nanos since the epoch */
export function storeTimeOf(nanos: bigint): string {
  const rest = ((nanos % perSecond) + perSecond) % perSecond;
  const seconds = new Date(Number((nanos - rest) / perMs)).toISOString().slice(0, 19).replace("T", " ");
  return `${seconds}.${rest.toString().padStart(9, "0")}`;
}

/** For answers, with six digits. @param time of the store */
export function isoMicros(time: string): string {
  return withDigits(time, 6);
}

/** For answers, with three digits. @param time of the store */
export function isoMillis(time: string): string {
  return withDigits(time, 3);
}

function withDigits(time: string, digits: number): string {
  const [whole, fraction = ""] = time.replace("Z", "").split(".");
  return `${whole}.${fraction.slice(0, digits).padEnd(digits, "0")}Z`;
}

/** Nanoseconds since the epoch. @param time of the store, with nine digits */
export function nanosOf(time: string): bigint {
  const [ms, rest] = [Date.parse(`${time.slice(0, 23)}Z`), time.slice(23, 29)];
  return BigInt(ms) * perMs + BigInt(rest);
}

/** The first and last millisecond of a range in nanoseconds: what a column of milliseconds is compared with. */
export function msFrom(nanos: bigint): number {
  return Number((nanos + perMs - 1n) / perMs);
}

export function msUntil(nanos: bigint): number {
  return Number(nanos / perMs);
}

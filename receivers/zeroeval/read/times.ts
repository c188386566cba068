/** Nanoseconds since the Unix epoch, 64 bits in two words. */
export interface Nanos {
  low: number;
  high: number;
}

/** Epoch numbers beyond this are milliseconds: as seconds they would be past the year 2600. */
const firstMilliseconds = 2e10;
/** What DateTime64(9) holds ends on 2262-04-11; whole seconds that surely fit. */
const maxSeconds = 9_223_372_035;

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,}))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?$/;

export type TimeFault = "is not a time" | "is out of range";

/**
 * Reads a point in time: ISO 8601 text (without a zone: UTC; digits beyond nanoseconds are cut), or an epoch number in
 * seconds or, beyond 2e10, milliseconds. Numbers are taken to the microsecond, which is what doubles can hold of today.
 *
 * @returns what is wrong; undefined when `into` was filled
 */
export function readTime(value: unknown, into: Nanos): TimeFault | undefined {
  if (typeof value === "number") return readEpoch(value, into);
  return typeof value === "string" ? readText(value, into) : "is not a time";
}

function readEpoch(value: number, into: Nanos): TimeFault | undefined {
  const micros = Math.abs(value) > firstMilliseconds ? value * 1e3 : value * 1e6;
  const whole = Math.round(micros);
  const seconds = Math.floor(whole / 1e6);
  return fill(into, seconds, (whole - seconds * 1e6) * 1e3);
}

function readText(text: string, into: Nanos): TimeFault | undefined {
  const parts = isoTime.exec(text);
  if (parts === null) return "is not a time";
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return "is not a time";
  if (hour > 23 || minute > 59 || second > 59) return "is not a time";
  const zone = zoneSeconds(parts[9], parts[10], parts[11]);
  if (zone === undefined) return "is not a time";
  const fraction = parts[7] === undefined ? 0 : Number(parts[7].slice(0, 9).padEnd(9, "0"));
  return fill(into, Date.UTC(year, month - 1, day, hour, minute, second) / 1e3 - zone, fraction);
}

function zoneSeconds(sign: string | undefined, hours = "0", minutes = "0"): number | undefined {
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function fill(into: Nanos, seconds: number, nanos: number): TimeFault | undefined {
  if (!(seconds >= 0 && seconds <= maxSeconds)) return "is out of range";
  // seconds * 1e9 has more bits than a double: it is made in two parts, of 2^16 seconds and of the rest.
  const top = Math.floor(seconds / 65_536) * 1e9;
  const rest = (seconds % 65_536) * 1e9 + nanos;
  const low = (top % 65_536) * 65_536 + rest;
  into.low = low % 2 ** 32;
  into.high = Math.floor(top / 65_536) + Math.floor(low / 2 ** 32);
  return undefined;
}

/** Adds `nanos` (a whole number, not negative, below 2^53) to `time`; stops at the end of what is stored. */
export function addNanos(time: Nanos, nanos: number, into: Nanos): void {
  const low = time.low + (nanos % 2 ** 32);
  into.low = low % 2 ** 32;
  into.high = Math.min(time.high + Math.floor(nanos / 2 ** 32) + Math.floor(low / 2 ** 32), 0x7fffffff);
}

/** `to` - `from` in nanoseconds, as a double. */
export function nanosBetween(from: Nanos, to: Nanos): number {
  return (to.high - from.high) * 2 ** 32 + (to.low - from.low);
}

/** All digits, as ClickHouse reads a DateTime64(9). */
export function nanosText({ low, high }: Nanos): string {
  return ((BigInt(high) << 32n) | BigInt(low)).toString();
}

/** ISO 8601 in UTC, to the microsecond. */
export function isoMicros(time: Nanos): string {
  return isoText(time, 6);
}

/** ISO 8601 in UTC. @param digits behind the second's point, 3 to 9 */
export function isoText({ low, high }: Nanos, digits = 9): string {
  // The remainder is exact; the quotient is a whole number below 2^34, so that rounding makes it exact.
  const top = high * 2 ** 32;
  const rest = (top % 1e9) + low;
  const seconds = Math.round((top - (top % 1e9)) / 1e9) + Math.floor(rest / 1e9);
  const nanos = rest % 1e9;
  const text = new Date(seconds * 1e3).toISOString();
  return `${text.slice(0, 20)}${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}

/*
 * Times as requests carry them, in nanoseconds since the Unix epoch: bigint, because today is past 2^53.
 */

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,18}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;
const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?$/;

/** Numbers beyond this count milliseconds. As seconds it is the year 2603, as milliseconds August 1970. */
const largestSeconds = 2e10;
/** Milliseconds that a JavaScript date can show. */
const largestMs = 8.64e15;

const perMs = 1_000_000n;

/**
 * A time in ISO 8601, with up to nine digits after the second and UTC where there is no zone; a date alone is its first
 * moment in UTC.
 *
 * @returns undefined when `text` is no time
 */
export function parseIsoTime(text: string): bigint | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // A day that its month does not have would count on into the next one. Years below 100 mean others to Date.UTC.
  const date = new Date(midnight);
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1) return undefined;
  if (date.getUTCFullYear() !== Number(year)) return undefined;
  // 60 is a leap second, which counts as the first of the next minute.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const offset = zoneMinutes(zone);
  if (offset === undefined) return undefined;
  const seconds = (Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second);
  return BigInt(midnight + seconds * 1_000) * perMs + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The time that a number of seconds since the epoch means, or of milliseconds where it is greater than 2e10.
 *
 * @returns undefined when there is no such time
 */
export function epochTime(value: number): bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  const ms = Math.abs(value) > largestSeconds ? value : value * 1_000;
  if (Math.abs(ms) > largestMs) return undefined;
  // A double holds today's seconds to a quarter of a microsecond; more digits would be made up.
  const micros = Math.round((ms - Math.trunc(ms)) * 1_000);
  return BigInt(Math.trunc(ms)) * perMs + BigInt(micros) * 1_000n;
}

/** Like `epochTime`, for digits in a text: every digit counts, to the nanosecond. */
function epochTimeOf(text: string): bigint | undefined {
  const value = Number(text);
  const match = /^([+-]?)(\d+)\.?(\d*)$/.exec(text);
  if (match === null || Math.abs(value) > largestSeconds) return epochTime(value);
  const [, sign, whole, fraction] = match;
  const nanos = BigInt(whole!) * 1_000_000_000n + BigInt(fraction!.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -nanos : nanos;
}

/** A time in a query parameter: ISO 8601, a date, or a number as `epochTime` reads it. */
export function parseTime(text: string): bigint | undefined {
  const trimmed = text.trim();
  if (numberPattern.test(trimmed)) return epochTimeOf(trimmed);
  // The + of a zone is a space after decoding, where the sender did not encode it.
  return parseIsoTime(trimmed.replace(/ (\d{2}:?\d{2})$/, "+$1").replace(/^(\d{4}-\d{2}-\d{2})\+/, "$1 "));
}

/** From when to when ClickHouse's DateTime64(9) reaches. */
const earliest = -2_208_988_800_000_000_000n;
const latest = 9_223_372_036_854_775_807n;

/**
 * The time as a value for a parameter of type `DateTime64(9, 'UTC')`: times that no row can have become the first or the
 * last one that a row can have, between which all rows lie.
 */
export function storedTime(nanos: bigint): string {
  const time = nanos < earliest ? earliest : nanos > latest ? latest : nanos;
  const fraction = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const whole = new Date(Number((time - fraction) / perMs)).toISOString().slice(0, 19).replace("T", " ");
  return `${whole}.${fraction.toString().padStart(9, "0")}`;
}

/*
 * Times of records. The newest row of a key is the one with the greatest UpdatedAt, so two rows of one process must never
 * have the same one.
 */

let lastMicros = 0;

/** The time in ISO 8601 with six digits after the second; each call in a process is later than the one before. */
export function nextTime(): string {
  lastMicros = Math.max(lastMicros + 1, Date.now() * 1_000);
  const iso = new Date(Math.floor(lastMicros / 1_000)).toISOString();
  return `${iso.slice(0, -1)}${String(lastMicros % 1_000).padStart(3, "0")}Z`;
}

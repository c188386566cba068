/*
 * Times come from the store as ISO 8601 in UTC with as many digits as their column has. Answers have three or six of them.
 */

/** @param time ISO 8601 with `Z` */
export function isoMicros(time: string): string {
  return withDigits(time, 6);
}

export function isoMillis(time: string): string {
  return withDigits(time, 3);
}

function withDigits(time: string, digits: number): string {
  const [whole, fraction = ""] = time.replace("Z", "").split(".");
  return `${whole}.${fraction.slice(0, digits).padEnd(digits, "0")}Z`;
}

/** The Collector's body while it does not serve: Go's zero time, and no uptime. */
export const notAvailable = JSON.stringify({
  status: "Server not available",
  upSince: "0001-01-01T00:00:00Z",
  uptime: "",
});

/** The Collector's body while it serves. */
export function available(upSince: Date, uptimeMs: number): string {
  return JSON.stringify({ status: "Server available", upSince: upSince.toISOString(), uptime: goDuration(uptimeMs) });
}

/** Milliseconds as Go prints a duration: `1h2m3.5s`, `250ms`. */
export function goDuration(ms: number): string {
  if (ms < 1_000) return `${Number(ms.toFixed(3))}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Number(((ms % 60_000) / 1_000).toFixed(6));
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

import type { Started } from "./row.ts";

const aroundVersionsMs = 3_600_000;

/** From when to when the versions of spans have started: they may lie an hour apart. @param keys not empty, ISO 8601 */
export function startedOf(keys: readonly { readonly Timestamp: string }[]): Started {
  const times = keys.map(({ Timestamp }) => Date.parse(`${Timestamp.slice(0, 23)}Z`));
  return { from: text(Math.min(...times) - aroundVersionsMs), to: text(Math.max(...times) + aroundVersionsMs) };
}

function text(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}000000`;
}

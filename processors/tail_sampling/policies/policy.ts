import type { TraceTable } from "../trace-table.ts";

/**
 * How likely it was that a policy keeps a trace.
 *
 * `source` names what chance depends on: two policies with the same source decide by the same number, so that the rarer one
 * keeps nothing that the other one does not; those with different sources are independent.
 */
export interface Chance {
  readonly probability: number;
  readonly source: string;
}

export const certain: Chance = { probability: 1, source: "" };
export const impossible: Chance = { probability: 0, source: "" };

/** Judges traces by what the table says of them. */
export interface Policy {
  /** Whether the trace in `slot` is to be kept; may count it against a limit. */
  keeps(slot: number, traces: TraceTable): boolean;
  /** How likely that was. Asked after all traces of a round were judged, and counts nothing. */
  chance(slot: number, traces: TraceTable): Chance;
  /** Share of traces it loses by chance alone, at best: of several policies that keep a trace, the one with least keeps it. */
  readonly loss: number;
  /** A round of decisions begins. */
  begin?(): void;
  /** Name of the policy within that has kept the trace; "" for none. */
  subPolicy?(slot: number): string;
}

/** A policy that decides by facts alone. */
export function factual(keeps: (slot: number, traces: TraceTable) => boolean): Policy {
  return { keeps, chance: (slot, traces) => (keeps(slot, traces) ? certain : impossible), loss: 0 };
}

/** How likely it was that any of several policies keeps a trace. */
export function anyOf(chances: Iterable<Chance>): Chance {
  const bySource = new Map<string, number>();
  for (const { probability, source } of chances) {
    bySource.set(source, Math.max(bySource.get(source) ?? 0, probability));
  }
  let none = 1;
  for (const probability of bySource.values()) none *= 1 - probability;
  return { probability: 1 - none, source: [...bySource.keys()].sort().join("|") };
}

/** How likely it was that all of several policies keep a trace. */
export function allOf(chances: Iterable<Chance>): Chance {
  const bySource = new Map<string, number>();
  for (const { probability, source } of chances) {
    bySource.set(source, Math.min(bySource.get(source) ?? 1, probability));
  }
  let all = 1;
  for (const probability of bySource.values()) all *= probability;
  bySource.delete("");
  return { probability: all, source: [...bySource.keys()].sort().join("&") };
}

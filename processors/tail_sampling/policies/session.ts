import { Fnv64, hashBound } from "../../helper/sampling/fnv.ts";
import type { PolicyConfig } from "../policy-config.ts";
import type { TraceTable } from "../trace-table.ts";
import { type Chance, certain, impossible, type Policy } from "./policy.ts";

type SessionConfig = NonNullable<PolicyConfig["session"]>;

/** A number for a session: 53 of the 64 bits of its hash. */
function keyOf(slot: number, traces: TraceTable): number {
  return (traces.sessionHigh[slot]! & 0x1fffff) * 0x100000000 + traces.sessionLow[slot]!;
}

/** Keeps a share of sessions, or what follows in a session of which something was kept; whole traces without a session never. */
export class SessionPolicy implements Policy {
  readonly loss: number;
  readonly #hash: Fnv64;
  readonly #source: string;
  readonly #probability: number;
  readonly #boundHigh: number;
  readonly #boundLow: number;
  readonly #keepAfter: boolean;
  readonly #maxSessions: number;
  readonly #words = new Uint8Array(8);
  /** Sessions of which a trace was kept, the least recently seen first. */
  readonly #kept = new Set<number>();
  /** Traces of this round that follow in such a session. */
  readonly #following = new Set<number>();

  constructor({ sampling_percentage, hash_salt, keep_after, max_sessions }: SessionConfig) {
    this.#hash = new Fnv64(hash_salt);
    this.#source = `session ${hash_salt}`;
    this.#probability = Math.min(sampling_percentage / 100, 1);
    const bound = hashBound(this.#probability);
    this.#boundHigh = Number(bound >> 32n);
    this.#boundLow = Number(bound & 0xffffffffn);
    this.#keepAfter = keep_after;
    this.#maxSessions = max_sessions;
    this.loss = keep_after ? 0 : 1 - this.#probability;
  }

  begin(): void {
    this.#following.clear();
  }

  keeps(slot: number, traces: TraceTable): boolean {
    if (!hasSession(slot, traces)) return false;
    if (this.#keepAfter && this.#kept.has(keyOf(slot, traces))) this.#following.add(slot);
    return this.#following.has(slot) || this.#isChosen(slot, traces);
  }

  chance(slot: number, traces: TraceTable): Chance {
    if (!hasSession(slot, traces)) return impossible;
    if (this.#following.has(slot)) return certain;
    return { probability: this.#probability, source: this.#source };
  }

  /** Learns that a trace was kept, by whatever policy. */
  noteKept(slot: number, traces: TraceTable): void {
    if (!this.#keepAfter || !hasSession(slot, traces)) return;
    const key = keyOf(slot, traces);
    this.#kept.delete(key);
    this.#kept.add(key);
    if (this.#kept.size <= this.#maxSessions) return;
    for (const oldest of this.#kept) {
      this.#kept.delete(oldest);
      return;
    }
  }

  #isChosen(slot: number, traces: TraceTable): boolean {
    if (this.#probability === 0) return false;
    const view = new DataView(this.#words.buffer);
    view.setUint32(0, traces.sessionHigh[slot]!);
    view.setUint32(4, traces.sessionLow[slot]!);
    this.#hash.hash(this.#words, 0, 8);
    const { high, low } = this.#hash;
    return high < this.#boundHigh || (high === this.#boundHigh && low <= this.#boundLow);
  }
}

function hasSession(slot: number, traces: TraceTable): boolean {
  return traces.sessionHigh[slot] !== 0 || traces.sessionLow[slot] !== 0;
}

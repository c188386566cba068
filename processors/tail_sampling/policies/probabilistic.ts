import { Fnv64, hashBound } from "../../helper/sampling/fnv.ts";
import type { PolicyConfig } from "../policy-config.ts";
import type { TraceTable } from "../trace-table.ts";
import type { Chance, Policy } from "./policy.ts";

const defaultSalt = "default-hash-seed";

/** Keeps a share of traces, by the hash of the trace id that the Collector uses. */
export class ProbabilisticPolicy implements Policy {
  readonly loss: number;
  readonly #hash: Fnv64;
  readonly #boundHigh: number;
  readonly #boundLow: number;
  readonly #chance: Chance;
  readonly #id = new Uint8Array(16);

  constructor({ sampling_percentage, hash_salt }: NonNullable<PolicyConfig["probabilistic"]>) {
    const salt = hash_salt || defaultSalt;
    this.#hash = new Fnv64(salt);
    const bound = hashBound(sampling_percentage / 100);
    this.#boundHigh = Number(bound >> 32n);
    this.#boundLow = Number(bound & 0xffffffffn);
    const probability = Math.min(sampling_percentage / 100, 1);
    this.#chance = { probability, source: `trace id ${salt}` };
    this.loss = 1 - probability;
  }

  keeps(slot: number, traces: TraceTable): boolean {
    traces.copyId(slot, this.#id);
    this.#hash.hash(this.#id, 0, 16);
    const { high, low } = this.#hash;
    return high < this.#boundHigh || (high === this.#boundHigh && low <= this.#boundLow);
  }

  chance(): Chance {
    return this.#chance;
  }
}

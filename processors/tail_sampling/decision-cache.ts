import { grown } from "../../pipeline/span-batch/grow.ts";
import { IdTable } from "./id-table.ts";
import { SlotList } from "./slot-list.ts";

/** Decisions on traces that are held no more, the least recently used forgotten first. */
export class DecisionCache {
  /** Whether the user asked for the cache; else it remembers what the Collector keeps in `num_traces`. */
  readonly isConfigured: boolean;
  readonly #size: number;
  readonly #ids = new IdTable();
  readonly #order = new SlotList();
  /** Columns by slot: when the trace was decided, and of a kept one who kept it and how many it stands for. */
  decidedMs = new Float64Array(0);
  policy = new Uint32Array(0);
  weight = new Float64Array(0);

  /**
   * @param configured decisions the user wants to have remembered; 0 for no word about it
   * @param otherwise decisions it remembers then
   */
  constructor(configured: number, otherwise: number) {
    this.isConfigured = configured > 0;
    this.#size = configured || otherwise;
  }

  /** The slot of the trace id at `at` in the columns, or -1. */
  find(ids: Uint8Array, at: number): number {
    const slot = this.#ids.find(ids, at);
    if (slot >= 0) {
      this.#order.remove(slot);
      this.#order.push(slot);
    }
    return slot;
  }

  /** Remembers a trace; `kept` says why it was kept. */
  put(id: Uint8Array, nowMs: number, kept?: { readonly policy: number; readonly weight: number }): void {
    if (this.#ids.count >= this.#size) {
      const oldest = this.#order.first;
      this.#order.remove(oldest);
      this.#ids.remove(oldest);
    }
    const known = this.#ids.find(id, 0);
    const slot = known >= 0 ? known : this.#ids.insert();
    if (slot >= this.decidedMs.length) this.decidedMs = grown(this.decidedMs, this.#ids.capacity);
    this.decidedMs[slot] = nowMs;
    this.#order.remove(slot);
    this.#order.push(slot);
    if (kept === undefined) return;
    if (slot >= this.policy.length) {
      this.policy = grown(this.policy, this.#ids.capacity);
      this.weight = grown(this.weight, this.#ids.capacity);
    }
    this.policy[slot] = kept.policy;
    this.weight[slot] = kept.weight;
  }

  /** Bytes of memory. */
  get byteLength(): number {
    const listBytes = 8 * this.#ids.capacity;
    return (
      this.#ids.byteLength + listBytes + this.decidedMs.byteLength + this.policy.byteLength + this.weight.byteLength
    );
  }
}

import { ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Source } from "./dialect.ts";
import type { Plan } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import type { MappingObserver } from "./mapper.ts";
import type { SpanOutcome } from "./span-outcome.ts";

/** Removes the attributes that filled columns, once it is known that the columns stay filled. */
export class OriginalsRemover implements MappingObserver {
  /** Row and number of entries, two by two. */
  readonly #entries: number[] = [];
  /** The same, of usage: it stays where the columns are emptied because it repeats. */
  readonly #usageEntries: number[] = [];

  mapped(facts: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    for (const [index, { usageIndex }] of plan.steps.entries()) {
      const winner = outcome.winners[index];
      if (winner === undefined || outcome.isCut[index] === true) continue;
      this.#note(facts, winner.source, usageIndex >= 0 ? this.#usageEntries : this.#entries);
    }
    for (const { source } of outcome.tagSources) this.#note(facts, source, this.#entries);
  }

  settled(batch: SpanBatch, repeating: readonly number[]): void {
    const isRepeating = new Set(repeating);
    const { types } = batch.attributes;
    for (let i = 1; i < this.#entries.length; i += 2) types[this.#entries[i]!] = ValueType.DELETED;
    for (let i = 1; i < this.#usageEntries.length; i += 2) {
      if (!isRepeating.has(this.#usageEntries[i - 1]!)) types[this.#usageEntries[i]!] = ValueType.DELETED;
    }
    this.#entries.length = this.#usageEntries.length = 0;
  }

  #note({ batch, row }: SpanFacts, source: Source, into: number[]): void {
    const isTaken = takenWhole(source);
    if (isTaken === undefined) return;
    const { keys, keyIndexes } = batch.attributes;
    for (let entry = batch.attributeStart[row]!; entry < batch.attributeEnd[row]!; entry++) {
      if (isTaken(keys.text(keyIndexes[entry]!))) into.push(row, entry);
    }
  }
}

/** Tells the keys of span attributes that a source takes whole; undefined where it takes none. */
function takenWhole(source: Source): ((key: string) => boolean) | undefined {
  if (typeof source === "string") return (key) => key === source;
  if ("event" in source) return undefined;
  if ("attribute" in source) return source.path === undefined ? (key) => key === source.attribute : undefined;
  if ("attributes" in source) {
    const keys = new Set(Object.values(source.attributes));
    return (key) => keys.has(key);
  }
  if ("prefix" in source) return (key) => key.startsWith(source.prefix);
  return "indexed" in source ? (key) => key.startsWith(source.indexed) : undefined;
}

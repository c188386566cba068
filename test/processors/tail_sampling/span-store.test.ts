import { describe, expect, it } from "vitest";
import { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Lexicon } from "../../../processors/tail_sampling/lexicon.ts";
import { type HeldSpan, SpanStore } from "../../../processors/tail_sampling/span-store.ts";
import { SpanUnpacker } from "../../../processors/tail_sampling/unpacker.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { Random, randomBatch } from "../../support/generate.ts";
import { plainSpans } from "../../support/plain.ts";

const segmentBytes = 64 * 1024;

/** A store whose traces are slots that a test gives, with what settles them. */
class StoreHarness {
  readonly store = new SpanStore(segmentBytes);
  readonly #first: number[] = [];
  readonly #last: number[] = [];

  add(batch: SpanBatch, slots: readonly number[]): void {
    this.store.begin(batch);
    slots.forEach((slot, row) => {
      if (batch.isDropped(row)) return;
      this.store.add(row, slot);
      this.#first[slot] ??= this.store.segment;
      this.#last[slot] = this.store.segment;
    });
    this.store.end();
  }

  /** Takes out the spans of some slots; returns them. */
  settle(slots: readonly number[]): SpanBatch {
    const decided = new Set(slots);
    const held = slots.filter((slot) => this.#first[slot] !== undefined);
    const ranges = Float64Array.from(held.flatMap((slot) => [this.#first[slot]!, this.#last[slot]!]));
    const batch = new SpanBatch();
    const unpackers = new Map<Lexicon, SpanUnpacker>();
    const visit = ({ segment, row, extras }: HeldSpan): void => {
      const { lexicon, starts } = segment;
      if (!unpackers.has(lexicon)) unpackers.set(lexicon, new SpanUnpacker(lexicon, batch));
      unpackers.get(lexicon)!.add(segment, starts[row]!, starts[row + 1]!, extras);
    };
    this.store.sweep(ranges, (slot) => decided.has(slot), visit);
    this.store.compact();
    return batch;
  }
}

describe("the span store of tail_sampling", () => {
  it("gives back every span as it was, however often others are taken out in between", () => {
    const harness = new StoreHarness();
    const random = new Random(1);
    const sent = new Map<number, unknown[]>();
    const slots = 40;
    for (let seed = 0; seed < 150; seed++) {
      const batch = randomBatch(seed);
      const given = Array.from({ length: batch.length }, () => random.int(slots));
      const kept = given.filter((_, row) => !batch.isDropped(row));
      for (const [index, span] of plainSpans(batch).entries()) {
        const slot = kept[index]!;
        sent.set(slot, [...(sent.get(slot) ?? []), span]);
      }
      harness.add(batch, given);
      const slot = random.int(slots);
      expect(plainSpans(harness.settle([slot]))).toEqual(sent.get(slot) ?? []);
      sent.delete(slot);
    }
    for (const [slot, spans] of sent) expect(plainSpans(harness.settle([slot]))).toEqual(spans);
  });

  it("holds no memory once all spans are taken out", () => {
    const harness = new StoreHarness();
    for (let seed = 0; seed < 50; seed++) {
      const batch = randomBatch(seed);
      harness.add(
        batch,
        Array.from({ length: batch.length }, () => seed),
      );
    }
    expect(harness.store.liveBytes).toBeGreaterThan(0);
    harness.settle(Array.from({ length: 50 }, (_, slot) => slot));
    expect(harness.store.spans).toBe(0);
    expect(harness.store.liveBytes).toBe(0);
    expect(harness.store.allocatedBytes).toBe(0);
  });

  it.each([100, 1_000, 10_000])("keeps dead rows of %i bytes to their share of memory", (bytes) => {
    const harness = new StoreHarness();
    const { store } = harness;
    const random = new Random(2);
    const spans = Array.from({ length: 40 }, () => ({ attributes: { text: "x".repeat(bytes) } }));
    const open = Array.from({ length: 2_000 }, (_, slot) => slot);
    const rounds = Math.ceil(40_000 / Math.min(bytes, 2_000));
    for (let round = 0; round < 10 * rounds; round++) {
      harness.add(
        batchOfSpans(spans),
        spans.map(() => open[random.int(open.length)]!),
      );
      if (store.liveBytes < 40 * segmentBytes) continue;
      harness.settle(open.splice(random.int(open.length - 20), 20));
      if (open.length < 1_000) open.push(...Array.from({ length: 1_000 }, (_, i) => 10_000 * (round + 1) + i));
      // What a segment has left is too little for one more of the large ones.
      expect(store.allocatedBytes / store.liveBytes).toBeLessThan(bytes === 10_000 ? 1.3 : 1.2);
    }
  });

  it("begins another lexicon when names are many, and forgets the first with its spans", () => {
    const harness = new StoreHarness();
    for (let round = 0; round < 60; round++) {
      const names = Array.from({ length: 100 }, (_, i) => ({ name: `${"n".repeat(100)} ${round} ${i}` }));
      harness.add(
        batchOfSpans(names),
        names.map(() => round),
      );
      if (round >= 10) expect(harness.settle([round - 10]).names.text(0)).toContain(` ${round - 10} 0`);
    }
    // 1,000 spans with names of 100 bytes.
    expect(harness.store.allocatedBytes).toBeLessThan(1_000_000);
  });
});

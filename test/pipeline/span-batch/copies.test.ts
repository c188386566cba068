import { describe, expect, it } from "vitest";
import type { ClientContext } from "../../../pipeline/batch.ts";
import { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { appendKept, splitBatch } from "../../../pipeline/span-batch/split.ts";
import { batchOf, batchOfSpans } from "../../support/batches.ts";
import { Random, randomBatch } from "../../support/generate.ts";
import { plainSpans } from "../../support/plain.ts";

const seeds = Array.from({ length: 60 }, (_, seed) => seed);
const context: ClientContext = { metadata: new Map([["tenant", ["a"]]]), auth: new Map() };

/** Overwrites everything a batch holds, to show that a copy of it shares nothing. */
function ruin(batch: SpanBatch): void {
  batch.arena.bytes.fill(0x58);
  for (const span of batch) {
    span.attributes.set("ruined", true);
    span.resource.set("ruined", true);
    span.setDerived("Provider", "ruined");
    span.name = "ruined";
  }
}

describe("copies of a span batch", () => {
  it("hold everything the original holds, and nothing of it in common", () => {
    for (const seed of seeds) {
      const batch = randomBatch(seed);
      const before = plainSpans(batch);
      const copy = batch.clone();
      expect(plainSpans(copy)).toEqual(before);
      expect(copy.itemCount).toBe(batch.itemCount);
      expect(copy.receivedTimeMs).toBe(batch.receivedTimeMs);
      ruin(batch);
      expect(plainSpans(copy)).toEqual(before);
    }
  });

  it("stand behind each other after append, in order, with everything", () => {
    for (const seed of seeds) {
      const parts = [randomBatch(seed), randomBatch(seed + 1_000), randomBatch(seed + 2_000)];
      const expected = parts.flatMap(plainSpans);
      const joined = new SpanBatch();
      for (const part of parts) {
        joined.append(part);
        ruin(part);
      }
      expect(plainSpans(joined)).toEqual(expected);
      expect(joined.itemCount).toBe(expected.length);
    }
  });

  it("keep everything when a batch is split, in pieces of the size asked for", () => {
    for (const seed of seeds) {
      const batch = randomBatch(seed);
      const expected = plainSpans(batch);
      const size = 1 + new Random(seed).int(12);
      const pieces = splitBatch(batch, size);
      expect(pieces.flatMap(plainSpans)).toEqual(expected);
      for (const piece of pieces.slice(0, -1)) expect(piece.itemCount).toBe(size);
      for (const piece of pieces) expect(piece.receivedTimeMs).toBe(batch.receivedTimeMs);
      if (pieces.length > 1) {
        ruin(batch);
        expect(pieces.flatMap(plainSpans)).toEqual(expected);
      }
    }
  });

  it("keep everything when what was split is joined again, and when only kept spans are appended", () => {
    for (const seed of seeds) {
      const batch = randomBatch(seed, { droppedPercent: 60 });
      const expected = plainSpans(batch);
      const kept = new SpanBatch();
      appendKept(kept, batch);
      expect(kept.length).toBe(expected.length);
      expect(plainSpans(kept)).toEqual(expected);
      const joined = new SpanBatch();
      for (const piece of splitBatch(batch, 3)) joined.append(piece);
      expect(plainSpans(joined)).toEqual(expected);
    }
  });

  it("can be written to as any batch can", () => {
    const [first, second] = splitBatch(batchOfSpans([{ name: "a" }, { name: "b" }]), 1);
    for (const span of first!) span.attributes.set("k", 1);
    for (const span of second!) span.resource.set("service.name", "other");
    expect(Array.from(first!, (s) => [s.name, s.attributes.get("k"), s.resource.get("service.name")])).toEqual([
      ["a", 1, "test"],
    ]);
    expect(Array.from(second!, (s) => [s.name, s.attributes.get("k"), s.resource.get("service.name")])).toEqual([
      ["b", undefined, "other"],
    ]);
  });
});

describe("splitBatch", () => {
  it("returns a batch that is small enough itself", () => {
    const batch = batchOf(3);
    expect(splitBatch(batch, 3)).toEqual([batch]);
    expect(splitBatch(batch, 3)[0]).toBe(batch);
  });

  it("gives every piece the sender", () => {
    const batch = batchOf(3);
    batch.context = context;
    expect(splitBatch(batch, 2).map((piece) => piece.context)).toEqual([context, context]);
  });

  it("copies no bytes of other pieces, and a shared resource once per piece", () => {
    const batch = batchOfSpans(Array.from({ length: 100 }, () => ({ attributes: { text: "x".repeat(1_000) } })));
    const pieces = splitBatch(batch, 10);
    expect(pieces).toHaveLength(10);
    for (const piece of pieces) {
      expect(piece.arena.length).toBeLessThan(batch.arena.length / 9);
      expect(piece.resources).toHaveLength(1);
      expect(piece.scopes).toHaveLength(1);
    }
  });

  it("share pairs between the rows that shared them", () => {
    const batch = batchOf(3);
    const tags = batch.deriveColumn("Tags");
    tags.set(
      0,
      new Map([
        ["team", "search"],
        ["tier", "x".repeat(100)],
      ]),
    );
    for (const row of [1, 2]) tags.setPairs(row, tags.firstAt(0), tags.endAt(0));
    for (const copy of [batch.clone(), splitBatch(batch, 2)[0]!]) {
      expect(copy.getDerived("Tags", 1)).toEqual(batch.getDerived("Tags", 0));
      expect(copy.deriveColumn("Tags").pairCount).toBe(2);
    }
  });

  it("writes a value that many spans share once", () => {
    const batch = batchOfSpans(Array.from({ length: 20 }, () => ({ attributes: { text: "x" } })));
    const start = batch.arena.append(new Uint8Array(10_000).fill(0x79));
    for (let entry = 0; entry < batch.attributes.length; entry++) {
      batch.attributes.words[2 * entry] = start;
      batch.attributes.words[2 * entry + 1] = 10_000;
    }
    const [piece] = splitBatch(batch, 10);
    expect(piece!.arena.length).toBeLessThan(11_000);
  });

  it("wait for the store as the original does, and are not watched", () => {
    const batch = batchOf(4);
    batch.isAwaited = true;
    batch.whenProcessed = () => expect.fail("a copy is not watched");
    const copies = [batch.clone(), ...splitBatch(batch.clone(), 3)];
    expect(copies.map(({ isAwaited }) => isAwaited)).toEqual([true, true, true]);
    for (const copy of copies) copy.processed();
  });
});

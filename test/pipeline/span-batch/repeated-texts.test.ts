import { describe, expect, it } from "vitest";
import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { ByteDictionary } from "../../../pipeline/span-batch/dictionary.ts";
import { encodedText, hashRange, repeatedText } from "../../../pipeline/span-batch/repeated-texts.ts";

/** More than are kept, so that some crowd others out. */
const texts = Array.from({ length: 10_000 }, (_, n) => `key.${n}.${"ä".repeat(n % 90)}`);

function arenaOf(values: readonly string[]): {
  arena: ByteArena;
  ranges: (readonly [start: number, length: number])[];
} {
  const arena = new ByteArena();
  const ranges = values.map((value) => {
    const start = arena.appendText(value);
    return [start, arena.length - start] as const;
  });
  return { arena, ranges };
}

describe("repeated texts", () => {
  it("are right however many there are, at the first and at the second time", () => {
    for (let time = 0; time < 2; time++) {
      const { arena, ranges } = arenaOf(texts);
      expect(ranges.map(([start, length]) => repeatedText(arena, start, length))).toEqual(texts);
    }
  });

  it("are told apart where they have one hash", () => {
    const { arena, ranges } = arenaOf(["one", "two", "one and more"]);
    const hash = hashRange(arena.view, ...ranges[0]!);
    expect(ranges.map(([start, length]) => repeatedText(arena, start, length, hash))).toEqual([
      "one",
      "two",
      "one and more",
    ]);
  });

  it("have U+FFFD where their bytes are not UTF-8, as texts of arenas do", () => {
    const arena = ByteArena.adopt(Uint8Array.of(0x61, 0xff, 0x62));
    expect(repeatedText(arena, 0, 3)).toBe("a\ufffdb");
    expect(repeatedText(arena, 0, 3)).toBe("a\ufffdb");
    expect(repeatedText(arena, 0, 0)).toBe("");
  });

  it("have the hash of their bytes", () => {
    for (const text of ["", "a", "model", "ä".repeat(100)]) {
      const bytes = Buffer.from(text);
      const { hash, bytes: encoded } = encodedText(text);
      expect([...encoded]).toEqual([...bytes]);
      expect(hash).toBe(hashRange(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length));
    }
  });
});

describe("dictionary of a batch", () => {
  it("finds texts by their bytes, whoever has added them", () => {
    const { arena, ranges } = arenaOf(texts.slice(0, 500));
    const dictionary = new ByteDictionary(arena);
    for (const [start, length] of ranges.slice(0, 250)) dictionary.intern(start, length);
    expect(dictionary.find(texts[249]!)).toBe(249);
    expect(dictionary.find(texts[250]!)).toBe(-1);
    expect(texts.slice(0, 500).map((text) => dictionary.internText(text))).toEqual(ranges.map((_, n) => n));
    expect(dictionary.length).toBe(500);
    expect(ranges.map((_, n) => dictionary.text(n))).toEqual(texts.slice(0, 500));
  });

  it("knows nothing of another arena's texts once it is restarted", () => {
    const first = arenaOf(["a", "b"]);
    const dictionary = new ByteDictionary(first.arena);
    for (const [start, length] of first.ranges) dictionary.intern(start, length);
    const second = arenaOf(["b", "c"]);
    dictionary.restart(second.arena);
    expect([dictionary.find("a"), dictionary.find("b")]).toEqual([-1, -1]);
    expect(second.ranges.map(([start, length]) => dictionary.intern(start, length))).toEqual([0, 1]);
    expect(dictionary.text(0)).toBe("b");
  });

  it("is empty once it is cleared, with many entries as with few where many were before", () => {
    const { arena, ranges } = arenaOf(texts.slice(0, 2_000));
    const dictionary = new ByteDictionary(arena);
    const added = (count: number): number[] =>
      ranges.slice(0, count).map(([start, length]) => dictionary.intern(start, length));
    for (const count of [2_000, 40, 3, 0, 500, 2]) {
      expect(added(count)).toEqual(Array.from({ length: count }, (_, n) => n));
      dictionary.clear();
      expect(texts.slice(0, 2_000).filter((text) => dictionary.find(text) >= 0)).toEqual([]);
    }
  });

  it("finds an entry by its new name, and no more by the old one", () => {
    const { arena, ranges } = arenaOf(["a", "b"]);
    const dictionary = new ByteDictionary(arena);
    for (const [start, length] of ranges) dictionary.intern(start, length);
    dictionary.rename(0, "c");
    expect(["a", "b", "c"].map((text) => dictionary.find(text))).toEqual([-1, 1, 0]);
    expect(() => dictionary.rename(0, "b")).toThrow("entry 1");
  });
});

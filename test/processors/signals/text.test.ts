import { describe, expect, it } from "vitest";
import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { JsonPath } from "../../../processors/signals/text/json-path.ts";
import { type Literal, LiteralSet } from "../../../processors/signals/text/literal-set.ts";
import { requiredLiterals } from "../../../processors/signals/text/required-literals.ts";
import { TextPattern } from "../../../processors/signals/text/text-pattern.ts";
import { Random } from "../../support/generate.ts";
import { holds } from "./tagged.ts";

describe("a set of literals", () => {
  const foldAscii = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const isThere = ({ text, caseSensitive, wholeWord }: Literal, within: string): boolean => {
    const [needle, hay] = caseSensitive ? [text, within] : [foldAscii(text), foldAscii(within)];
    for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) {
      const isWord = (character: string | undefined) => character !== undefined && /[\w\x80-\uffff]/.test(character);
      if (!wholeWord || (!isWord(hay[at - 1]) && !isWord(hay[at + needle.length]))) return true;
    }
    return false;
  };

  it("finds what a search one by one finds, whatever the lengths, places and letters", () => {
    const random = new Random(7);
    const letters = ["a", "b", "A", "B", "é", " ", "c"];
    const randomText = (length: number) => Array.from({ length }, () => random.pick(letters)).join("");
    for (let round = 0; round < 400; round++) {
      const literals = Array.from({ length: 1 + random.int(12) }, (_, group) => ({
        text: randomText(1 + random.int(11)),
        caseSensitive: random.chance(30),
        wholeWord: random.chance(30),
        group,
      }));
      const set = new LiteralSet(literals, literals.length);
      const before = randomText(random.int(5));
      const text = randomText(random.int(60));
      // Sometimes the text is the very end of the arena's memory, which then has no room to read past it.
      const bytes = Buffer.from(before + text + (random.chance(50) ? "" : randomText(3)));
      const arena = ByteArena.adopt(new Uint8Array(bytes));
      const start = Buffer.byteLength(before);
      set.scan(arena, start, start + Buffer.byteLength(text));
      expect(literals.map(({ group }) => set.found(group))).toEqual(literals.map((literal) => isThere(literal, text)));
    }
  });

  it("finds a literal of any length at any place, whatever stands behind it", () => {
    const random = new Random(3);
    const others = [...' .,xyzé"1', "\0", "\x7f"];
    for (let length = 1; length <= 14; length++) {
      const text = "Lawyers & Sons".slice(0, length);
      const set = new LiteralSet([{ text, caseSensitive: false, wholeWord: false, group: 0 }], 1);
      for (let place = 0; place < 70; place++) {
        const [before, behind] = [place, random.int(40)].map((count) =>
          Array.from({ length: count }, () => random.pick(others)).join(""),
        );
        const bytes = Buffer.from(`${before}${text.toUpperCase()}${behind}`);
        set.scan(ByteArena.adopt(new Uint8Array(bytes)), 0, bytes.length);
        expect([length, place, set.found(0)]).toEqual([length, place, true]);
      }
    }
  });

  it("finds each of thousands", () => {
    const words = Array.from({ length: 30_000 }, (_, i) => `keyword-${i}`);
    const set = new LiteralSet(
      words.map((text, group) => ({ text, caseSensitive: false, wholeWord: true, group })),
      words.length,
    );
    const arena = new ByteArena();
    arena.appendText("x keyword-17 keyword-29999, KEYWORD-40000");
    set.scan(arena, 0, arena.length);
    expect(words.filter((_, group) => set.found(group))).toEqual(["keyword-17", "keyword-29999"]);
  });

  it("finds the same after it has seen which pieces of the literals are frequent", () => {
    const texts = ["refund now", "lawyer", "i can't assist with", '"text":""', "ref"];
    const set = new LiteralSet(
      texts.map((text, group) => ({ text, caseSensitive: false, wholeWord: false, group })),
      texts.length,
    );
    const chats = [
      "refunds with a lawsuit,",
      "Refund Now,",
      'an "text":"" or "text":"x",',
      "A LAWYER: I can't assist with it",
    ];
    const arena = new ByteArena();
    for (let round = 0; round < 2_000; round++) {
      const chat = `${".".repeat(round % 7)}${chats[round % 4]}`.toLowerCase().repeat(1 + (round % 3));
      arena.length = 0;
      arena.appendText(round % 2 === 0 ? chat : chat.toUpperCase());
      set.scan(arena, 0, arena.length);
      expect(texts.map((_, group) => set.found(group))).toEqual(texts.map((text) => chat.includes(text)));
    }
  });

  it("forgets what the text before held", () => {
    const set = new LiteralSet([{ text: "needle", caseSensitive: false, wholeWord: false, group: 0 }], 1);
    const arena = new ByteArena();
    arena.appendText("a needle here and nothing there");
    set.scan(arena, 0, 13);
    expect(set.found(0)).toBe(true);
    set.scan(arena, 13, arena.length);
    expect(set.found(0)).toBe(false);
  });
});

describe("the literals that a pattern requires", () => {
  it.each<[string, readonly string[] | undefined]>([
    ["order (\\d+)", ["order "]],
    ["(?i)as an ai (language )?model", ["as an ai "]],
    ["\\bsorry\\b.*\\b(cannot|unable)\\b", ["cannot", "unable"]],
    ["(?:foo+bar|baz\\.qux)", ["bar", "baz.qux"]],
    ["a{2}needle{3,5}", ["needl"]],
    ["(needle)?hay", ["hay"]],
    ["(needle){0,3}", undefined],
    ["(?P<x>needle)+", ["needle"]],
    ["[a-z]+@[a-z]+", undefined],
    ["needle|[0-9]+", undefined],
    ["(a+)+$", undefined],
    ["[]needle]", undefined],
    ["[[:alpha:]]needle", ["needle"]],
    ["\\Qneedle\\E", undefined],
    ["x{needle}", ["x{needle}"]],
    ["needle*", ["needl"]],
    ["ab|cd", undefined],
  ])("of %s", (pattern, expected) => {
    expect(requiredLiterals(pattern)).toEqual(expected);
  });

  it("stand in every text that the pattern matches", () => {
    const random = new Random(11);
    const pieces = ["ab", "cde", "x", "(ab|cde)", "(ab|)", "[xy]", "c?", "(abc)*", "d+", "\\.", ".", "(?:xyz){2}", "|"];
    const texts = ["ab", "cde", "x", "xyz", "abc", ".", "c", "d", "y"];
    for (let round = 0; round < 3_000; round++) {
      const pattern = Array.from({ length: 1 + random.int(5) }, () => random.pick(pieces)).join("");
      const required = requiredLiterals(pattern);
      if (required === undefined) continue;
      const expression = new TextPattern(pattern);
      const text = Array.from({ length: random.int(8) }, () => random.pick(texts)).join("");
      if (!expression.test(text)) continue;
      expect([pattern, text, required.some((literal) => text.includes(literal))]).toEqual([pattern, text, true]);
    }
  });
});

describe("a pattern that would make other engines backtrack", () => {
  const text = `${"a".repeat(100_000)}b`;

  it.each(["(a+)+$", "^(a|aa)+$", "(a*)*c", "(.*)*b$c", "(x+x+)+y"])(
    "%s: reads a text of 100 KB a few times",
    (source) => {
      let reads = 0;
      const counted = new Proxy(Array.from(Buffer.from(text)), {
        get(bytes, key) {
          if (typeof key === "string" && /^\d/.test(key)) reads++;
          return Reflect.get(bytes, key);
        },
      });
      expect(new TextPattern(source).test(counted as unknown as Uint8Array)).toBe(false);
      expect(reads).toBeLessThan(20 * text.length);
    },
  );

  it("is answered for a span", async () => {
    expect(await holds({ field: "Output", matches: "(a+)+$" }, { Output: text })).toBe(false);
    expect(await holds({ field: "Output", matches: "(a+)+b$" }, { Output: text })).toBe(true);
  });
});

describe("a JSON path", () => {
  it.each(["", "a b", "$.", "$[", "$[x]", "$.a[1", '$["a', "$..a", `$${".a".repeat(33)}`])("%j is refused", (text) => {
    expect(() => new JsonPath(text)).toThrow("must be a path such as");
  });

  it("selects no more than it needs of a large text", () => {
    const root = { list: Array.from({ length: 5_000 }, () => [1, 2]) };
    expect(new JsonPath("$.list[*][*]").scalars(root)).toHaveLength(1_000);
  });

  it("does not lead to what objects inherit", () => {
    expect(new JsonPath("$.constructor.name").scalars({})).toEqual([]);
    expect(new JsonPath("$.__proto__").leadsTo({})).toBe(false);
  });
});

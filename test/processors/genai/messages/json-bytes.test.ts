import { describe, expect, it } from "vitest";
import { ByteArena } from "../../../../pipeline/span-batch/arena.ts";
import {
  findMember,
  isJson,
  JsonReader,
  looksLikeJson,
  maxJsonDepth,
} from "../../../../processors/genai/messages/json-bytes.ts";
import { JsonWriter } from "../../../../processors/genai/messages/json-writer.ts";

const noLimit = Number.POSITIVE_INFINITY;

function arenaOf(...texts: (string | Uint8Array)[]): ByteArena {
  const arena = new ByteArena();
  for (const text of texts) arena.append(typeof text === "string" ? Buffer.from(text) : text);
  return arena;
}

function escaped(bytes: Uint8Array, padding = ""): string {
  const arena = arenaOf(padding, bytes);
  const writer = new JsonWriter();
  writer.begin(arena, noLimit);
  writer.string(padding.length, bytes.length);
  const { start, length } = writer.end();
  return Buffer.from(arena.bytes.subarray(start, start + length)).toString();
}

function unescaped(json: string): string {
  const arena = arenaOf(json);
  const writer = new JsonWriter();
  writer.begin(arena, noLimit);
  writer.unescape(1, arena.length - 1);
  const { start, length } = writer.end();
  return arena.text(start, length);
}

function valid(text: string): boolean {
  const arena = arenaOf(text);
  return isJson(arena, 0, arena.length);
}

/** The same numbers in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("writing a JSON string", () => {
  it("escapes as JSON.stringify does, for every character and alignment", () => {
    for (let code = 0; code < 0x3000; code++) {
      const char = String.fromCharCode(code);
      const text = `${"x".repeat(code % 7)}${char}y${char}${char}`;
      expect(escaped(Buffer.from(text), "_".repeat(code % 5))).toBe(JSON.stringify(text));
    }
    for (const text of ["", "\u2028\u2029", "😀", '\\"\n\t\b\f\r\u007f', "\ufeffbom"]) {
      expect(escaped(Buffer.from(text))).toBe(JSON.stringify(text));
    }
  });

  it("gives valid JSON of random bytes, with U+FFFD for what is not UTF-8", () => {
    const next = random(1);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (let round = 0; round < 3000; round++) {
      const span = [0x80, 0x100, 0x30][round % 3]!;
      const bytes = Uint8Array.from({ length: next() * 60 }, () => next() * span);
      expect(JSON.parse(escaped(bytes))).toBe(decoder.decode(bytes));
    }
  });

  it("gives back long text of many bytes, whatever the length", () => {
    const next = random(2);
    for (let round = 0; round < 50; round++) {
      const text = Array.from({ length: next() * 5000 }, () => 'abc dé"\\\n世😀'[Math.floor(next() * 9)]).join("");
      const whole = Buffer.from(text).toString();
      expect(JSON.parse(escaped(Buffer.from(text)))).toBe(whole);
    }
  });

  it("stops at the limit and says so", () => {
    const arena = arenaOf("\u0001".repeat(1000));
    const writer = new JsonWriter();
    writer.begin(arena, 2000);
    writer.string(0, 1000);
    expect(writer.full).toBe(true);
    expect(writer.cancel()).toBeUndefined();
    expect(arena.length).toBe(1000);
  });
});

describe("reading a JSON string", () => {
  it("undoes what JSON.stringify does", () => {
    const next = random(3);
    for (let round = 0; round < 2000; round++) {
      const text = String.fromCodePoint(...Array.from({ length: next() * 20 }, () => codePoint(next())));
      expect(unescaped(JSON.stringify(text))).toBe(text);
      const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0"));
      const all = units.map((unit) => `\\u${unit}`).join("");
      expect(unescaped(`"${all}"`)).toBe(JSON.parse(`"${all}"`).toWellFormed());
    }
  });

  it("makes U+FFFD of lone surrogates", () => {
    for (const json of ['"\\ud800"', '"a\\udc00b"', '"\\ud800\\ud800"', '"\\ud83d\\u0041"', '"\\ud83dx"']) {
      expect(unescaped(json)).toBe((JSON.parse(json) as string).replace(/[\ud800-\udfff]/g, "\ufffd"));
    }
  });

  function codePoint(share: number): number {
    const code = Math.floor(share * 0x11000);
    return code >= 0xd800 && code < 0xe000 ? 0x1f600 : code;
  }
});

describe("validation of JSON", () => {
  const good = [
    "{}",
    "[]",
    ' { "a" : [ 1 , -0.5e+3 , 1E9, true , false , null , "x\\u00e9\\n" ] , "b" : { } } ',
    '"text"',
    "0",
    "-0",
    "12.5",
    '[[[]],{"":{"a":""}}]',
    '"\\ud800"',
  ];
  const bad = [
    "",
    " ",
    "{",
    "[1,]",
    "[,1]",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "{'a':1}",
    "[1 2]",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "--1",
    "tru",
    "nul",
    "NaN",
    "[1]]",
    "{}{}",
    '"\\x"',
    '"\\u12g4"',
    '"a\nb"',
    '"open',
    "[1}",
    "True",
  ];

  it("agrees with JSON.parse", () => {
    for (const text of [...good, ...bad]) expect([text, valid(text)]).toEqual([text, parses(text)]);
  });

  it("agrees with JSON.parse about damaged JSON", () => {
    const next = random(4);
    const whole = JSON.stringify(
      { a: [1, -2.5e3, true, null, 'x"\\\n😀'], b: { c: "", "d\u0001": [[], {}] } },
      null,
      1,
    );
    for (let round = 0; round < 5000; round++) {
      const at = Math.floor(next() * whole.length);
      const char = '{}[]",:\\0e.-tn '[Math.floor(next() * 15)]!;
      const text = whole.slice(0, at) + (next() < 0.5 ? char : "") + whole.slice(at + Math.floor(next() * 3));
      expect([text, valid(text)]).toEqual([text, parses(text)]);
    }
  });

  it("refuses every truncated prefix", () => {
    const whole = JSON.stringify({ a: ["text \\ \u2028", { b: "\n" }], c: null });
    for (let length = 0; length < whole.length; length++) expect(valid(whole.slice(0, length))).toBe(false);
    expect(valid(whole)).toBe(true);
  });

  it("refuses JSON that is nested deeper than allowed, without recursion past it", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(valid(nested(maxJsonDepth))).toBe(true);
    expect(valid(nested(maxJsonDepth + 1))).toBe(false);
    expect(valid("[".repeat(1_000_000))).toBe(false);
    expect(valid('{"a":'.repeat(1_000_000))).toBe(false);
  });

  function parses(text: string): boolean {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }
});

describe("looking into JSON", () => {
  it("tells text from what may be an object or array by its ends", () => {
    const looks = (text: string): boolean => looksLikeJson(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(["{}", " [1] \n", "{ not json }"].map(looks)).toEqual([true, true, true]);
    expect(["", " ", "text", '"{}"', "{]", "[1, 2", "12", "{"].map(looks)).toEqual(Array(8).fill(false));
  });

  it("finds a member by its name, not one of a nested object", () => {
    const arena = arenaOf('{"x":{"a":1},"ab":2,"a" : [3, 4] ,"b":5}');
    const found = findMember(arena, 0, arena.length, "a");
    expect(arena.text(found!.valueStart, found!.valueEnd - found!.valueStart)).toBe("[3, 4]");
    expect(findMember(arena, 0, arena.length, "c")).toBeUndefined();
    expect(findMember(arenaOf('["a"]'), 0, 5, "a")).toBeUndefined();
  });

  it("reads the elements of an array in order", () => {
    const arena = arenaOf('[ 1, "two" ,{"three":3},[] ]');
    const reader = new JsonReader(arena, 0, arena.length);
    const elements: string[] = [];
    while (reader.next()) elements.push(arena.text(reader.valueStart, reader.valueEnd - reader.valueStart));
    expect(elements).toEqual(["1", '"two"', '{"three":3}', "[]"]);
  });
});

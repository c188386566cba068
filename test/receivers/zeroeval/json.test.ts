import { describe, expect, it } from "vitest";
import { Random } from "../../../bench/random.ts";
import { JsonScanner, JsonSyntaxError } from "../../../receivers/zeroeval/json/scanner.ts";
import { numberAt, valueAt } from "../../../receivers/zeroeval/json/values.ts";

/** What the scanner says of a whole text: its value, or undefined where it is not JSON. */
function scanned(text: string): { readonly value: unknown } | undefined {
  const bytes = Buffer.from(text);
  const scanner = new JsonScanner(bytes);
  try {
    scanner.value();
    const { kind, start, position } = scanner;
    return scanner.next() >= 0 ? undefined : { value: valueAt(bytes, kind, start, position) };
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const documents = [
  '{"a":[1,-2.5e+3,true,false,null],"b":{"c":"x\\u00e9\\n\\"","d":[]},"e":{}}',
  '[ 0 , -0 , 0.1 , 1e5 , [ [ ] ] , { } , "\\ud83d\\ude00" ]',
  '"text"',
  "-12.75E-2",
  " null ",
];
// Everything that means something in JSON, and some that does not.
const letters = '{}[]:,"\\ \t\n-+.0123456789eEtrufalsn\u0001x/'.split("");

describe("JSON scanner", () => {
  it.each(documents)("reads %s as JSON.parse does", (text) => {
    expect(scanned(text)).toEqual(parsed(text));
  });

  it("takes and refuses what JSON.parse does, whatever a document was changed to", () => {
    const random = new Random(11);
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const characters = [...random.of(documents)];
      for (let change = random.below(3); change >= 0; change--) {
        const inserted = random.below(2) === 0 ? [random.of(letters)] : [];
        characters.splice(random.below(characters.length + 1), random.below(2), ...inserted);
      }
      const text = characters.join("");
      const expected = parsed(text);
      if (expected === undefined) refused++;
      expect(scanned(text), JSON.stringify(text)).toEqual(expected);
    }
    expect(refused).toBeGreaterThan(5_000);
  });

  it("passes over values that nest a million levels deep", () => {
    const depth = 1_000_000;
    const scanner = new JsonScanner(Buffer.from(`${"[".repeat(depth)}${"]".repeat(depth)}`));
    scanner.value();
    expect(scanner.depth).toBe(depth);
    expect(scanner.position).toBe(2 * depth);
  });
});

describe("numbers", () => {
  const random = new Random(5);
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join("");
  const some = Array.from({ length: 20_000 }, () => {
    const whole = String(Number(digits(1 + random.below(9)))) + digits(random.below(10));
    return `${random.of(["", "-"])}${whole}${random.of(["", `.${digits(1 + random.below(12))}`])}${random.of(["", "", "e-7"])}`;
  });

  it.each(["0", "-0", "9007199254740993", "0.1", "1e400", "123456789.123456789", "-0.000001"])("%s", (text) => {
    expect(numberAt(Buffer.from(text), 0, text.length)).toBe(JSON.parse(text));
  });

  it("are what JSON.parse makes of them, to the last bit", () => {
    for (const text of some) {
      if (/^-?0\d/.test(text)) continue;
      expect(numberAt(Buffer.from(text), 0, text.length), text).toBe(JSON.parse(text));
    }
  });
});

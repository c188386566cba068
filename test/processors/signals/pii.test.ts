import { describe, expect, it } from "vitest";
import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { isLuhn } from "../../../processors/signals/detectors/pii-numbers.ts";
import { PiiScan, piiKinds } from "../../../processors/signals/detectors/pii-scan.ts";
import { signalsOf } from "./tagged.ts";

/** The kinds in `text`, at each of four places relative to where the scan steps. */
function kindsIn(text: string): string[] {
  const scan = new PiiScan(piiKinds);
  const found = ["", ".", "..", "..."].map((before) => {
    const arena = ByteArena.adopt(Buffer.from(`${before} ${text}`));
    const bits = scan.kindsIn(arena, before.length, arena.length);
    return piiKinds.filter((_, bit) => (bits & (1 << bit)) !== 0);
  });
  for (const kinds of found) expect(kinds).toEqual(found[0]);
  return found[0]!;
}

describe("personal data", () => {
  it.each([
    ["email", "write to Jane.Doe+news@mail.example.co.uk."],
    ["email", '{"to":"a@b.io"}'],
    ["email", "a@b.io"],
    ["phone", "call +49 30 901820 now, or never"],
    ["phone", "call (555) 123-4567"],
    ["phone", "555-123-4567"],
    ["phone", "+1-415-555-2671"],
    ["phone", "+14155552671"],
    ["phone", "tel:1 415 555-2671."],
    ["credit_card", "4111 1111 1111 1111"],
    ["credit_card", '"card":"5500-0000-0000-0004"'],
    ["credit_card", "pay with 378282246310005 please"],
    ["iban", "DE89 3704 0044 0532 0130 00"],
    ["iban", "IBAN: GB29NWBK60161331926819."],
    ["iban", "FR14 2004 1010 0505 0001 3M02 606"],
    ["ssn", "SSN 123-45-6789,"],
    ["ipv4", "from 8.8.8.8 to"],
    ["ipv4", "client=203.0.113.77;"],
  ])("of kind %s stands in %j", (kind, text) => {
    expect(kindsIn(text)).toEqual([kind]);
  });

  it.each([
    "@mention and foo@bar",
    "npm i left-pad@1.3.0",
    "icon@2x.png",
    "git@github.com:owner/repository.git",
    "a @ b.com",
    "@example.com",
    "on 2024-05-01 12:30:00 and 2024-05-01T12:30:00.000Z",
    "1700000000000 and 1700000000000000000",
    "order 4111 1111 1111 1112", // wrong check digit
    "9999 9999 9999 9995", // no network begins so
    "id 41111111111111111111", // too long
    "DE89 3704 0044 0532 0130 01", // wrong check number
    "XX89370400440532013000",
    "ABDE89370400440532013000",
    "000-12-3456 666-12-3456 912-34-5678 123-00-4567 123-45-0000",
    "123-45-67890 and 1123-45-6789",
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.5.4 0.0.0.0 255.255.255.255",
    "version 1.2.3 and v1.2.3.4 and 1.3.6.1.4.1.311",
    "256.1.1.1 01.2.3.4",
    "pi is 3.14159265358979, e is 2.71828",
    "[0.0123456789, -0.0234567891, 0.0345678912]",
    "total 1 234 567 890 items",
    "+1 year, +20 points, 5 + 7 = 12",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "",
    "@",
    "1",
  ])("does not stand in %j", (text) => {
    expect(kindsIn(text)).toEqual([]);
  });

  it("is found behind long runs of digits, and wherever it is among them", () => {
    for (let length = 200; length < 300; length += 7) {
      const text = `${"12 34 ".repeat(length / 6)}, ssn 123-45-6789`;
      expect(kindsIn(text)).toContain("ssn");
    }
    for (let words = 55; words < 80; words++)
      expect(kindsIn(`${"1.5 ".repeat(words)}4111 1111 1111 1111`)).toContain("credit_card");
  });

  it("has check digits after Luhn", () => {
    expect(["79927398713", "4111111111111111"].every(isLuhn)).toBe(true);
    expect(["79927398710", "4111111111111112"].some(isLuhn)).toBe(false);
  });
});

describe("the ready-made rule pii", () => {
  it("says for each kind whether it stands in the input, the output or both, and never the data", async () => {
    const sketch = { Input: "I am a@b.io, from 8.8.8.8", Output: "Thanks, a@b.io. Call 555-123-4567." };
    const signals = await signalsOf({ rule_sets: ["pii"] }, [sketch]);
    expect(signals.map(({ name, value, source }) => [name, value, source])).toEqual([
      ["pii_email", "both", "pii@1"],
      ["pii_phone", "output", "pii@1"],
      ["pii_ipv4", "input", "pii@1"],
    ]);
  });

  it("looks for the kinds, and where, as configured", async () => {
    const sketch = { Input: "a@b.io 8.8.8.8", Output: "a@b.io" };
    const rule_sets = [{ name: "pii" as const, kinds: ["ipv4" as const], fields: ["Input" as const] }];
    expect((await signalsOf({ rule_sets }, [sketch])).map(({ name }) => name)).toEqual(["pii_ipv4"]);
  });

  it("finds nothing in spans without texts", async () => {
    expect(await signalsOf({ rule_sets: ["pii"] }, [{}, { Input: "short" }])).toEqual([]);
  });
});

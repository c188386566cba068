import { describe, expect, it } from "vitest";
import { base64Class, findBase64Run, findRun, minBase64Run } from "../../../processors/images/find/runs.ts";
import { Random } from "../../support/generate.ts";

/** A text of words, with spaces and other things between them, some of them about as long as a run must be. */
function randomText(random: Random): string {
  const separators = [" ", " ", " ", "\n", '"', "=", "é", ". ", "  "];
  let text = "";
  for (let words = random.int(30); words >= 0; words--) {
    const length = random.int(12) === 0 ? minBase64Run - 6 + random.int(12) : random.int(14);
    text += "aZ09+/-_".repeat(12).slice(0, length) + random.pick(separators);
  }
  return text;
}

describe("findRun and findBase64Run", () => {
  it("find the first run that is long enough, wherever in the text", () => {
    const random = new Random(3);
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(randomText(random));
      const start = random.int(bytes.length);
      const end = start + random.int(bytes.length - start + 1);
      const expected = bytes.toString("latin1", start, end).search(/[A-Za-z0-9+/\-_]{48}/);
      const wanted = expected < 0 ? -1 : start + expected;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      expect(findBase64Run(bytes, view, start, end)).toBe(wanted);
      expect(findRun(bytes, start, end, base64Class, minBase64Run)).toBe(wanted);
    }
  });
});

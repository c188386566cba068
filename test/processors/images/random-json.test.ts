import { describe, expect, it } from "vitest";
import { Random } from "../../support/generate.ts";
import { base64, gif, jpeg, png, refOf, webp } from "./pictures.ts";
import { run } from "./run.ts";

// Long enough that escaped slashes leave a run of base64 to be seen by.
const long = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(80)]);
const images = [png(), png(9, 9, 7), jpeg(), long(gif()), long(webp())];
const words = [
  "",
  "a",
  "é",
  'quote " and \\ slash /',
  "new\nline",
  "😀",
  "data:",
  "base64",
  "image/png",
  "x".repeat(70),
];
const keys = ["type", "data", "url", "content", "metadata", "label", "image", 'k"ey', "0", "source"];

/** The image that a text of the document stands for, by a mark that is replaced afterwards. */
const markOf = (index: number): string => `«${index}»`;

function randomValue(random: Random, depth: number): unknown {
  const kind = random.int(depth > 4 ? 5 : 9);
  if (kind === 0) return random.int(1000) / 8;
  if (kind === 1) return [true, false, null][random.int(3)];
  if (kind === 2) return words[random.int(words.length)];
  if (kind <= 4) return markOf(random.int(images.length));
  if (kind <= 6) return Array.from({ length: random.int(4) }, () => randomValue(random, depth + 1));
  const entries = Array.from({ length: random.int(5) }, () => [
    keys[random.int(keys.length)],
    randomValue(random, depth + 1),
  ]);
  const object: unknown = Object.fromEntries(entries);
  // JSON inside of JSON.
  return kind === 8 ? JSON.stringify(object) : object;
}

const withImages = (text: string, of: (index: number) => string): string =>
  text.replaceAll(/«(\d)»/g, (_, index: string) => of(Number(index)));

describe("images processor: random documents", () => {
  it("replaces every image and changes nothing else", async () => {
    const random = new Random(20);
    for (let round = 0; round < 400; round++) {
      const text = JSON.stringify([randomValue(random, 0), randomValue(random, 0)], undefined, random.int(3));
      const asDataUrl = random.int(2) === 0;
      const sent = withImages(text, (i) => `${asDataUrl ? "data:image/png;base64," : ""}${base64(images[i]!)}`);
      const escaped = random.int(3) === 0 ? sent.replaceAll(/(?<!\\)\//g, "\\/") : sent;
      const { attributes, codes } = await run({ document: escaped });
      const expected: unknown = JSON.parse(withImages(text, (i) => refOf(images[i]!)));
      expect(JSON.parse(attributes["document"] as string), escaped).toEqual(expected);
      expect(codes).toEqual([]);
    }
  });
});

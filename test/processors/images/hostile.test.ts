import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { Random } from "../../support/generate.ts";
import { base64, jpeg, png, pythonBytes, refOf } from "./pictures.ts";
import { run } from "./run.ts";

const raw = base64(png());
const url = `data:image/png;base64,${raw}`;

const documents = [
  JSON.stringify([{ role: "user", content: [{ type: "image_url", image_url: { url, detail: "low" } }, "é\n"] }]),
  JSON.stringify({ nested: JSON.stringify([{ base64: base64(jpeg()), label: "a" }]), list: [...png()] }),
  JSON.stringify(
    { image: Object.fromEntries(png().entries()), source: { media_type: "image/png", data: raw } },
    null,
    2,
  ),
  `[{'bytes': ${pythonBytes(png())}}] and ${url} and ${raw.replaceAll("/", "\\/")}`,
].map((text) => Buffer.from(text));

/** Changes some bytes, cuts some out, and doubles some. */
function mutated(random: Random, document: Buffer): Buffer {
  let bytes = Buffer.from(document);
  for (let changes = random.int(4); changes >= 0; changes--) {
    const at = random.int(bytes.length);
    const to = Math.min(bytes.length, at + random.int(20));
    const kind = random.int(4);
    if (kind === 0) bytes[at] = random.int(256);
    else if (kind === 1) bytes[at] = '"\\{}[]:,=/'.charCodeAt(random.int(10));
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    else bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

describe("images processor: hostile input", () => {
  it("never fails a span, whatever is damaged", async () => {
    const random = new Random(7);
    for (let round = 0; round < 2000; round++) {
      const text = mutated(random, random.pick(documents)).toString();
      const value: AttributeValue =
        random.int(4) === 0 ? [new Map<string, AttributeValue>([["base64", text]]), text] : text;
      const key = random.pick(["attachments", "output_data", "other"]);
      const { attributes, codes } = await run({ [key]: value, intact: url });
      expect(attributes["intact"], text).toBe(refOf(png()));
      for (const code of codes) expect(code).toMatch(/^attachment_[a-z_0-9]+$/);
    }
  });

  it.each([
    ["backslashes", `{"a":"${"\\\\".repeat(1_000_000)}${url}"}`],
    ["tiny bad images", `["${'data:image/png;base64,?","'.repeat(80_000)}"]`],
    ["literals that do not end", "b'\\xff\\xd8\\xff".repeat(150_000)],
    ["lists that do not end", "[255,216,255,224,1,1,1,1,1,1,1,1,1,1,1,1,".repeat(50_000)],
    ["objects that do not end", '{"base64":"'.repeat(200_000)],
    ["escaped slashes", `data:image/png;base64,${"\\/".repeat(1_000_000)}`],
    ["short lines", `${"A".repeat(48)}\n`.repeat(40_000)],
  ])("takes time in proportion to two megabytes of %s", async (_, text) => {
    const cpu = process.cpuUsage();
    await run({ k: text });
    const { user, system } = process.cpuUsage(cpu);
    // A tenth of that on an idle machine; something quadratic takes minutes.
    expect((user + system) / 1e6).toBeLessThan(10);
  });

  it("looks at so many images of a span and no more", async () => {
    const { codes } = await run({ k: JSON.stringify(Array(10_050).fill("data:image/png;base64,!")) });
    expect(codes).toContain("attachment_invalid_base64");
    expect(codes.length).toBeLessThanOrEqual(20);
  });
});

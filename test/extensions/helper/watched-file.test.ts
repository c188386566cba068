import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WatchedFile } from "../../../extensions/helper/watched-file.ts";
import { testSettings } from "../../support/doubles.ts";

let directory: string;
let file: WatchedFile | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-watched-"));
});

afterEach(() => file?.stop());

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function watch(path: string, apply: (text: string) => void, intervalMs = 1): WatchedFile {
  file = new WatchedFile({ key: "filename", path, intervalMs, apply, settings: testSettings() });
  return file;
}

describe("a watched file", () => {
  it("is read at start and whenever its text changes", async () => {
    const path = join(directory, "changing");
    const texts: string[] = [];
    await writeFile(path, "one");
    await watch(path, (text) => texts.push(text)).start();
    expect(texts).toEqual(["one"]);
    await writeFile(`${path}.new`, "two");
    await rm(path);
    await expect.poll(() => texts).toEqual(["one"]);
    await writeFile(path, "two");
    await expect.poll(() => texts.at(-1)).toBe("two");
    expect(texts.filter((text) => text === "one")).toEqual(["one"]);
  });

  it("keeps what was applied when a later text will not do, and recovers", async () => {
    const path = join(directory, "failing");
    const applied: string[] = [];
    const seen: string[] = [];
    await writeFile(path, "good");
    await watch(path, (text) => {
      seen.push(text);
      if (text.startsWith("bad")) throw new Error("will not do");
      applied.push(text);
    }).start();
    await writeFile(path, "bad");
    await expect.poll(() => seen).toContain("bad");
    await writeFile(path, "better");
    await expect.poll(() => applied.at(-1)).toBe("better");
    expect(applied).not.toContain("bad");
  });

  it("fails at start when it is missing, naming key and path", async () => {
    const path = join(directory, "missing");
    await expect(watch(path, () => undefined).start()).rejects.toThrow(`filename ${path}: ENOENT`);
  });
});

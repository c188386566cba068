import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import { builtInComponents } from "../../../pipeline/components.ts";

const testdata = join(dirname(fileURLToPath(import.meta.url)), "../../testdata/signals");

describe("a signals configuration with faults", () => {
  const folder = process.cwd();
  // Relative names, so that messages are the same on every machine.
  beforeEach(() => process.chdir(testdata));
  afterEach(() => process.chdir(folder));

  it.each(["typos", "repeated"])("%s.yaml: gives every problem at once, with path and what was meant", async (name) => {
    const problems = await loadConfig([`${name}.yaml`], [], builtInComponents, {}).then(
      () => [],
      (error: Error) => error.message.split("\n"),
    );
    expect(problems).toEqual(readFileSync(`${name}.txt`, "utf8").trim().split("\n"));
  });
});

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import { loadComponents } from "../../../pipeline/components.ts";

describe("a configuration of samplers with faults", () => {
  const folder = process.cwd();
  // Relative names, so that messages are the same on every machine.
  beforeEach(() => process.chdir(join(dirname(fileURLToPath(import.meta.url)), "../../testdata/sampling")));
  afterEach(() => process.chdir(folder));

  it("gives every name that is not there, with path and what was meant", async () => {
    await expect(loadConfig(["typos.yaml"], [], loadComponents, {})).rejects.toThrow(
      readFileSync("typos.txt", "utf8").trim(),
    );
  });
});

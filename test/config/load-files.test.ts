import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { fakeComponents } from "../support/fake-components.ts";

const testdata = join(dirname(fileURLToPath(import.meta.url)), "../testdata/config");
const env = { MAP: "{a: 1}", LOOP: "x${env:LOOP}" };

function files(folder: string): string[] {
  return readdirSync(join(testdata, folder)).filter((name) => name.endsWith(".yaml"));
}

function expected(folder: string, file: string): string[] {
  const text = readFileSync(join(testdata, folder, `${basename(file, ".yaml")}.txt`), "utf8");
  return text.split("\n").filter((line) => line !== "");
}

async function problemsOf(file: string): Promise<string[]> {
  const error: unknown = await loadConfig([file], [], fakeComponents, env).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`${file} loads`, { cause: error });
  return error.message.split("\n");
}

describe("configuration files", () => {
  const folder = process.cwd();
  afterEach(() => process.chdir(folder));

  describe("with faults", () => {
    // Relative names, so that messages are the same on every machine.
    beforeEach(() => process.chdir(join(testdata, "invalid")));

    it.each(files("invalid"))("%s: gives every problem at once", async (file) => {
      expect(await problemsOf(file)).toEqual(expected("invalid", file));
    });

    it.each(files("invalid"))("%s: writes no secret", async (file) => {
      expect((await problemsOf(file)).join("\n")).not.toMatch(/hunter|12345/);
    });
  });

  describe("without faults", () => {
    beforeEach(() => process.chdir(join(testdata, "valid")));

    it.each(files("valid"))("%s: loads, with its warnings", async (file) => {
      const config = await loadConfig([file], [], fakeComponents, env);
      expect(config.warnings).toEqual(expected("valid", file));
    });
  });
});

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultLimits } from "../../../config/limits.ts";
import { loadConfig } from "../../../config/load.ts";
import { parseYaml } from "../../../config/yaml.ts";
import { loadComponents } from "../../../pipeline/components.ts";

import { signalsConfigSchema } from "../../../processors/signals/config.ts";

const testdata = join(dirname(fileURLToPath(import.meta.url)), "../../testdata/signals");

describe("a signals configuration with faults", () => {
  const folder = process.cwd();
  // Relative names, so that messages are the same on every machine.
  beforeEach(() => process.chdir(testdata));
  afterEach(() => process.chdir(folder));

  it.each(["typos", "repeated"])("%s.yaml: gives every problem at once, with path and what was meant", async (name) => {
    const problems = await loadConfig([`${name}.yaml`], [], loadComponents, {}).then(
      () => [],
      (error: Error) => error.message.split("\n"),
    );
    expect(problems).toEqual(readFileSync(`${name}.txt`, "utf8").trim().split("\n"));
  });
});

describe("docs/signals.md", () => {
  it("shows a configuration that loads", () => {
    const text = readFileSync(join(testdata, "../../../docs/signals.md"), "utf8");
    const yaml = /```yaml\n(.*?)```/s.exec(text)![1]!;
    const { value, errors } = parseYaml(yaml, defaultLimits);
    expect(errors).toEqual([]);
    const { signals } = (value as { processors: { signals: unknown } }).processors;
    expect(signalsConfigSchema.parse(signals).rule_sets.map(({ name }) => name)).toEqual([
      "refusal",
      "pii",
      "slow_first_token",
    ]);
  });
});

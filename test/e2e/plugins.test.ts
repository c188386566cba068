import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { projectPath } from "../support/program.ts";

const run = promisify(execFile);

describe("the example plugin", () => {
  it("passes its own test against the built program", async () => {
    const { stdout } = await run(process.execPath, ["--test", projectPath("examples/plugins/mask-keys.test.mjs")], {
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(stdout).toMatch(/# pass 2\n# fail 0/);
  });

  it("is taken by its configuration, whose keys are checked", async () => {
    const args = ["dist/bin/signalbox.js", "validate", "--config", "examples/plugins/pipeline.yaml"];
    const options = { cwd: projectPath(".") };
    await run(process.execPath, args, options);
    const wrong = run(process.execPath, [...args, "--set", "processors.mask_keys.keyz=[a]"], options);
    await expect(wrong).rejects.toThrow(/processors\.mask_keys: unknown key "keyz", did you mean "keys"\?/);
  });

  it("is as long as docs/plugins.md says", async () => {
    const lines = (await readFile(projectPath("examples/plugins/mask-keys.mjs"), "utf8")).split("\n").length;
    expect(lines).toBeLessThanOrEqual(40);
  });
});

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

describe("docs/plugins.md", () => {
  it("leads from an empty folder to a processor that is taken and tested", async () => {
    const text = await readFile(projectPath("docs/plugins.md"), "utf8");
    const [, plugin, yaml, test] = Array.from(text.matchAll(/^ *```\w+\n(.*?)^ *```$/gms), ([, block]) => block!);
    const folder = await mkdtemp(join(tmpdir(), "signalbox-plugin-"));
    try {
      // What `npm install ../signalbox` makes.
      await mkdir(join(folder, "node_modules"));
      await symlink(projectPath("."), join(folder, "node_modules/signalbox"));
      await writeFile(join(folder, "mask-keys.mjs"), plugin!);
      await writeFile(join(folder, "pipeline.yaml"), yaml!);
      await writeFile(join(folder, "mask-keys.test.mjs"), test!);
      const options = { cwd: folder, env: { ...process.env, NODE_OPTIONS: "" } };
      const program = projectPath("dist/bin/signalbox.js");
      expect(await run(process.execPath, [program, "validate", "--config", "pipeline.yaml"], options)).toEqual({
        stdout: "",
        stderr: "",
      });
      const { stdout } = await run(process.execPath, ["--test"], options);
      expect(stdout).toMatch(/# pass 1\n# fail 0/);
      expect(`${plugin}${test}`.split("\n").length).toBeLessThanOrEqual(40);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

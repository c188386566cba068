import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../../bench/free-port.ts";
import { freePorts, projectPath } from "../support/program.ts";
import { until } from "../support/until.ts";

it("npm start runs the default configuration, and ends it with everything it started", async () => {
  const directory = await mkdtemp(join(tmpdir(), "signalbox-e2e-"));
  const sets = freePorts.flatMap((set) => ["--set", set]);
  const npm = spawn("npm", ["start", "--silent", "--", ...sets], {
    cwd: projectPath("."),
    env: { ...process.env, SIGNALBOX_DATA: directory, SIGNALBOX_CLICKHOUSE_PORT: String(await freePort()) },
    stdio: ["ignore", "pipe", "pipe"],
    // Whatever happens, the group can be killed.
    detached: true,
  });
  onTestFinished(async () => {
    try {
      process.kill(-npm.pid!, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  let log = "";
  npm.stdout.resume();
  npm.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  await until(() => log.includes("metrics: http://") || npm.exitCode !== null);
  expect(log).toContain("is ready");
  npm.kill("SIGTERM");
  // The pipes are closed when every process that holds them has ended.
  await once(npm, "close");
  expect(log.trimEnd().split("\n").at(-1)).toContain('"stopped"');
});

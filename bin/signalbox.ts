#!/usr/bin/env -S node --single-threaded-gc
// One thread collects garbage: the heap is small, and V8's helper threads cost more CPU than they save (bench/README.md).
import { runCli } from "../main/cli.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  input: () => process.stdin,
  env: process.env,
  components: async () => (await import("../pipeline/components.ts")).builtInComponents,
  run: async (options) => {
    const { run } = await import("../main/run.ts");
    await run(options);
  },
});

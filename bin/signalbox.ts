#!/usr/bin/env -S node --single-threaded-gc
// One thread collects garbage: the heap is small, and V8's helper threads cost more CPU than they save (bench/README.md).
import { setFlagsFromString } from "node:v8";
import { runCli } from "../main/cli.ts";
import { loadComponents } from "../pipeline/components.ts";

// V8 counts buffers outside its heap against the room that the heap has to grow, and with a heap of 45 MB and bodies coming in
// at 60 MB/s that room is used up several times a second. With room for twice the heap it is marked half as often.
setFlagsFromString("--heap-growing-percent=200");

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  input: () => process.stdin,
  env: process.env,
  components: loadComponents,
  run: async (options) => {
    const { run } = await import("../main/run.ts");
    await run(options);
  },
});

import { Readable } from "node:stream";
import { runCli } from "../../main/cli.ts";
import { loadComponents } from "../../pipeline/components.ts";

/** What a command wrote, and its exit code. */
export interface CliOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command with the built-in components and no environment variables. */
export async function cli(...args: readonly string[]): Promise<CliOutcome> {
  let [out, err] = ["", ""];
  const code = await runCli(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    input: () => Readable.from([]),
    env: {},
    components: loadComponents,
    run: async () => undefined,
  });
  return { code, out, err };
}

import type { Command } from "commander";
import type { LoadComponents } from "../pipeline/components.ts";
import type { RunOptions } from "./options.ts";

/** What commands need of the world, so that tests can stand in for it. */
export interface CommandContext {
  /** Writes to standard output; ends no line by itself. */
  readonly out: (text: string) => void;
  /** Writes to standard error; ends no line by itself. */
  readonly err: (text: string) => void;
  /** Opens standard input. */
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly env: NodeJS.ProcessEnv;
  readonly components: LoadComponents;
  /** Runs the pipelines; resolves after an orderly shutdown. */
  readonly run: (options: RunOptions) => Promise<void>;
}

/** Adds one command to the program. `cli.ts` lists all of them. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** A fault of the user's; the message is all that needs saying. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options that every command understands, before or after its name. */
export interface GlobalOptions {
  readonly config?: readonly string[];
  readonly set?: readonly string[];
  readonly featureGates?: readonly string[];
}

/** The sources that `command` was given, by its own name or the program's. */
export function runOptionsOf(command: Command): RunOptions {
  const { config = [], set = [] } = command.optsWithGlobals<GlobalOptions>();
  if (config.length === 0) throw new UsageError("at least one config flag must be provided");
  return { configs: config, sets: set };
}

/** Says on standard error what deserves a look and stops nothing. */
export function warn(context: CommandContext, warnings: readonly string[]): void {
  for (const warning of warnings) context.err(`warning: ${warning}\n`);
}

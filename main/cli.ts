import { Command, CommanderError } from "commander";
import { messageOf } from "../pipeline/errors.ts";
import { addComponents } from "./commands/components.ts";
import { addCost } from "./commands/cost.ts";
import { addDeadLetter } from "./commands/dead-letter.ts";
import { addDocs } from "./commands/docs.ts";
import { addFeatureGate } from "./commands/featuregate.ts";
import { addKeys } from "./commands/keys.ts";
import { addMap } from "./commands/map.ts";
import { addPrice } from "./commands/price.ts";
import { addPrintConfig } from "./commands/print-config.ts";
import { addRun } from "./commands/run.ts";
import { addValidate } from "./commands/validate.ts";
import type { AddCommand, CommandContext } from "./context.ts";
import { packageVersion } from "./version.ts";

/** Every command of the program. The only place where they are registered. */
const commands: readonly AddCommand[] = [
  addRun,
  addValidate,
  addComponents,
  addPrintConfig,
  addFeatureGate,
  addDocs,
  addDeadLetter,
  addPrice,
  addCost,
  addMap,
  addKeys,
];

/**
 * Runs the command line.
 *
 * @param args what follows the program's name
 * @returns the exit code: 0, or 1 for every error, which is on standard error then
 */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    await createProgram(context).parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    // Commander has written its own message, and ends --help and --version this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    context.err(`${messageOf(error)}\n`);
    return 1;
  }
}

function createProgram(context: CommandContext): Command {
  const program = new Command("signalbox")
    .description("Receives, processes and stores telemetry of AI applications, as the OpenTelemetry Collector does.")
    .version(`signalbox version ${packageVersion()}`, "-v, --version", "print name and version")
    .option("--config <source>", "file, or env:, yaml:, http:, https: source; may be repeated", appended)
    .option("--set <key=value>", "a value on top of all sources; may be repeated", appended)
    .option("--feature-gates <ids>", "accepted for the Collector's sake; Signalbox has none", listed)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}

function appended(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

function listed(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, ...value.split(",").filter((id) => id !== "")];
}

import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { loadConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { redactConfig } from "../../config/redact.ts";
import { resolveConfig } from "../../config/resolve.ts";
import type { Mapping } from "../../config/tree.ts";
import { type AddCommand, type CommandContext, runOptionsOf, UsageError, warn } from "../context.ts";

interface PrintOptions {
  readonly mode: "redacted" | "unredacted";
  readonly format: "yaml" | "json";
  readonly validate: string | boolean;
}

/** `signalbox print-config`: the configuration after merging and replacing references. */
export const addPrintConfig: AddCommand = (program, context) => {
  program
    .command("print-config")
    .alias("print-initial-config")
    .description("print the configuration that comes out of all sources")
    .addOption(
      new Option("--mode <mode>", "whether secrets are hidden").choices(["redacted", "unredacted"]).default("redacted"),
    )
    .addOption(new Option("--format <format>", "form of the output").choices(["yaml", "json"]).default("yaml"))
    .option("--validate [true|false]", "check the configuration first", "true")
    .action(async (options: PrintOptions, command: Command) => {
      const tree = isValidating(options.validate) ? await validTree(context, command) : await anyTree(context, command);
      const shown = options.mode === "redacted" ? redactConfig(tree, await context.components()) : tree;
      context.out(options.format === "json" ? `${JSON.stringify(shown, null, 2)}\n` : stringify(shown));
    });
};

function isValidating(option: string | boolean): boolean {
  if (option === true || option === "true") return true;
  if (option === "false") return false;
  throw new UsageError(`--validate must be true or false, got "${option}"`);
}

async function validTree(context: CommandContext, command: Command): Promise<Mapping> {
  const { configs, sets } = runOptionsOf(command);
  const { tree, warnings } = await loadConfig(configs, sets, context.components, context.env);
  warn(context, warnings);
  return tree;
}

async function anyTree(context: CommandContext, command: Command): Promise<Mapping> {
  const { configs, sets } = runOptionsOf(command);
  const { tree, problems, warnings } = await resolveConfig(configs, sets, context.env);
  if (problems.length > 0) throw new ConfigError(problems);
  warn(context, warnings);
  return tree;
}

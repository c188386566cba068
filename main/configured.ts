import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import type { LoadedConfig } from "../config/validate.ts";
import type { ClickHouseConfig } from "../exporters/clickhouse/config.ts";
import { type CostConfig, costConfigSchema } from "../processors/cost/config.ts";
import { type CommandContext, type GlobalOptions, runOptionsOf, UsageError, warn } from "./context.ts";

/** The configuration that `command` was given; its warnings are on standard error. */
export async function loadGiven(context: CommandContext, command: Command): Promise<LoadedConfig> {
  const { configs, sets } = runOptionsOf(command);
  const loaded = await loadConfig(configs, sets, await context.components(), context.env);
  warn(context, loaded.warnings);
  return loaded;
}

/** The prices of the configuration's `cost` processor, or the default ones when there is none. */
export function costConfigIn(loaded: LoadedConfig, id: string | undefined): CostConfig {
  const found = componentIn<CostConfig>("cost", loaded.processors, id);
  if (found !== undefined) return found.config;
  if (id === undefined) return costConfigSchema.parse({});
  throw new UsageError(`no cost processor "${id}" is configured`);
}

/** The same without a configuration, when none was given. */
export async function costConfigOf(
  context: CommandContext,
  command: Command,
  id: string | undefined,
): Promise<CostConfig> {
  const { config = [] } = command.optsWithGlobals<GlobalOptions>();
  return config.length === 0 && id === undefined
    ? costConfigSchema.parse({})
    : costConfigIn(await loadGiven(context, command), id);
}

/** The `clickhouse` exporter of that id, or the only one. */
export function clickhouseIn(
  loaded: LoadedConfig,
  id: string | undefined,
): { readonly id: string; readonly config: ClickHouseConfig } {
  const found = componentIn<ClickHouseConfig>("clickhouse", loaded.exporters, id);
  if (found !== undefined) return found;
  throw new UsageError(`no clickhouse exporter${id === undefined ? "" : ` "${id}"`} is configured`);
}

/** @throws {UsageError} several are configured and `id` chooses none */
function componentIn<Config>(
  type: "cost" | "clickhouse",
  section: ReadonlyMap<string, { readonly factory: { readonly type: string }; readonly config: unknown }>,
  id: string | undefined,
): { readonly id: string; readonly config: Config } | undefined {
  const found = [...section].filter(([key, { factory }]) => factory.type === type && (id === undefined || key === id));
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.length === 1) return { id: first[0], config: first[1].config as Config };
  const option = type === "cost" ? "--processor" : "--exporter";
  throw new UsageError(`${option} must say which one is meant: ${found.map(([key]) => key).join(", ")}`);
}

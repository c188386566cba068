import type { Components } from "../pipeline/components.ts";
import { defaultLimits, type LoadLimits } from "./limits.ts";
import { withPlugins } from "./plugins.ts";
import { resolveConfig } from "./resolve.ts";
import { type LoadedConfig, validateConfig } from "./validate.ts";

/**
 * Reads, merges and checks a configuration.
 *
 * @param sources paths or `scheme:value`, as given to `--config`; later ones lie on earlier ones
 * @param sets `a.b=v` or `a::b=v`, as given to `--set`; they lie on all sources
 * @throws {ConfigError} every problem at once
 */
export async function loadConfig(
  sources: readonly string[],
  sets: readonly string[],
  components: Components,
  env: NodeJS.ProcessEnv = process.env,
  limits: LoadLimits = defaultLimits,
): Promise<LoadedConfig> {
  const resolved = await resolveConfig(sources, sets, env, limits);
  return validateConfig(resolved, await withPlugins(components, resolved));
}

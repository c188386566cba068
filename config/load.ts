import type { Components, LoadComponents } from "../pipeline/components.ts";
import { defaultLimits, type LoadLimits } from "./limits.ts";
import { withPlugins } from "./plugins.ts";
import { resolveConfig } from "./resolve.ts";
import { namedTypes } from "./sections.ts";
import { type LoadedConfig, validateConfig } from "./validate.ts";

/**
 * Reads, merges and checks a configuration.
 *
 * @param sources paths or `scheme:value`, as given to `--config`; later ones lie on earlier ones
 * @param sets `a.b=v` or `a::b=v`, as given to `--set`; they lie on all sources
 * @param components that may be named, or what loads those that are
 * @throws {ConfigError} every problem at once
 */
export async function loadConfig(
  sources: readonly string[],
  sets: readonly string[],
  components: Components | LoadComponents,
  env: NodeJS.ProcessEnv = process.env,
  limits: LoadLimits = defaultLimits,
): Promise<LoadedConfig> {
  const resolved = await resolveConfig(sources, sets, env, limits);
  const known = typeof components === "function" ? await components(namedTypes(resolved)) : components;
  return validateConfig(resolved, await withPlugins(known, resolved));
}

import type { Components } from "../pipeline/components.ts";
import { messageOf } from "../pipeline/errors.ts";
import { withPlugin } from "../pipeline/plugins/load.ts";
import { ConfigError, formatPath, type Problem } from "./problems.ts";
import type { ResolvedConfig } from "./resolve.ts";
import { isMapping } from "./tree.ts";

/**
 * Adds the components of the modules under `service.plugins`, which must be there before the sections can be checked.
 *
 * @throws {ConfigError} every plugin that cannot be loaded
 */
export async function withPlugins(components: Components, { tree, origins }: ResolvedConfig): Promise<Components> {
  const service = tree["service"];
  const names: unknown = isMapping(service) ? service["plugins"] : undefined;
  // What is no list of names is reported with the rest of `service`.
  if (!Array.isArray(names)) return components;
  const problems: Problem[] = [];
  let all = components;
  for (const [i, name] of names.entries()) {
    if (typeof name !== "string" || name === "") continue;
    try {
      all = await withPlugin(all, name);
    } catch (error) {
      const path = ["service", "plugins", i];
      const message = `cannot load plugin "${name}": ${messageOf(error).split("\n")[0]}`;
      problems.push({ source: origins.of(path), path: formatPath(path), message });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return all;
}

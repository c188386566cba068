import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { Components } from "../components.ts";
import { messageOf } from "../errors.ts";
import { pluginApi } from "./api.ts";
import { guarded } from "./guard.ts";

const factorySchema = z.looseObject({
  type: z.string().regex(/^[a-z][a-z0-9_]*$/, "must be in snake_case"),
  description: z.string().min(1),
  configSchema: z.custom<z.ZodType>((value) => value instanceof z.ZodType, "must be a zod schema (api.z)"),
  create: z.custom((value) => typeof value === "function", "must be a function"),
});
const factories = z.array(factorySchema).default([]);
const componentsSchema = z.strictObject({
  receivers: factories,
  processors: factories,
  exporters: factories,
  extensions: factories,
});
const kinds = ["receivers", "processors", "exporters", "extensions"] as const;

/**
 * Adds the components of a plugin to others.
 *
 * @param name path of a module (beginning with `.` or `/`; from the working directory) or name of a package installed there
 * @throws {Error} it cannot be imported, exports no components, or one whose type is taken
 */
export async function withPlugin(components: Components, name: string, directory = process.cwd()): Promise<Components> {
  const added = await componentsOf(name, await importPlugin(name, directory));
  const joined: Record<string, readonly unknown[]> = {};
  for (const kind of kinds) {
    const present: readonly { readonly type: string; readonly aliases?: readonly string[] }[] = components[kind];
    for (const { type } of added[kind]) {
      const isTaken = present.some((one) => one.type === type || one.aliases?.includes(type));
      if (isTaken) throw new Error(`${kind.slice(0, -1)} type "${type}" is there already, must be another`);
    }
    const own = kind === "processors" ? added[kind].map((factory) => guarded(factory as never)) : added[kind];
    joined[kind] = [...present, ...own];
  }
  // The lists were checked above, as far as can be told of code that is not ours.
  return joined as unknown as Components;
}

async function importPlugin(name: string, directory: string): Promise<unknown> {
  const isPath = name.startsWith(".") || isAbsolute(name);
  const path = isPath ? join(isAbsolute(name) ? "" : directory, name) : packagePath(name, directory);
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  return module.default;
}

/** Packages are those of the working directory, as its own code would import them. */
function packagePath(name: string, directory: string): string {
  return createRequire(join(directory, "package.json")).resolve(name);
}

async function componentsOf(name: string, exported: unknown): Promise<z.output<typeof componentsSchema>> {
  const made: unknown = typeof exported === "function" ? await exported(pluginApi) : exported;
  const checked = componentsSchema.safeParse(made ?? null);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const place = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  throw new Error(
    `${name} must export by default { processors: [...] } and the like, or a function that returns it: ` +
      `${place}${issue?.message ?? messageOf(checked.error)}`,
  );
}

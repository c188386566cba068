import { existsSync, readFileSync } from "node:fs";

/** The version of this package, from the nearest package.json above: sources and build lie at different depths. */
export function packageVersion(): string {
  for (let folder = new URL("./", import.meta.url); folder.pathname !== "/"; folder = new URL("../", folder)) {
    const file = new URL("package.json", folder);
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    return version;
  }
  throw new Error("package.json: not found in any folder above the program");
}

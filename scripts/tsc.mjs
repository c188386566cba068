// Runs the TypeScript compiler with the arguments given. TypeScript 7 comes as a binary in an optional package, which
// `npm install --omit=optional` (a Signalbox without the embedded ClickHouse) leaves out; then the last compiler written
// in JavaScript, TypeScript 6, does the same more slowly.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binary = join(root, "node_modules", "@typescript", `typescript-${process.platform}-${process.arch}`);
const compiler = existsSync(binary) ? "typescript" : "typescript-js";
const bin = join(dirname(require.resolve(`${compiler}/package.json`)), "bin", "tsc");
const { status } = spawnSync(process.execPath, [bin, ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = status ?? 1;

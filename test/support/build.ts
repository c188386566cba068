import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** What the compiler said; empty when the program was built. Only tests that run it are to fail. */
    buildProblems: string;
  }
}

const pathOf = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/** Builds the program once for all test files; under a second when nothing changed. */
export default async function build(project: TestProject): Promise<void> {
  const args = [pathOf("scripts/tsc.mjs"), "-p", pathOf("tsconfig.build.json")];
  const problems = await promisify(execFile)(process.execPath, args).then(
    () => "",
    (error: { stdout?: string; message: string }) => error.stdout || error.message,
  );
  project.provide("buildProblems", problems);
}

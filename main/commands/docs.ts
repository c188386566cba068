import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type AddCommand, UsageError } from "../context.ts";

/** `signalbox docs`: the text of docs/configuration.md. Hidden, for `npm run docs` and for authors of components. */
export const addDocs: AddCommand = (program, context) => {
  program
    .command("docs", { hidden: true })
    .option("--output <file>", "write to a file instead of standard output")
    .option("--check <file>", "fail unless the file holds this text; print nothing")
    .description("print the reference of all configuration keys, as Markdown")
    .action(async ({ output, check }: { output?: string; check?: string }) => {
      // Late: no other command needs the generator.
      const { documentConfiguration } = await import("../../config/document.ts");
      const text = documentConfiguration(await context.components());
      if (check !== undefined) {
        if ((await readFile(check, "utf8")) === text) return;
        throw new UsageError(`${check}: is stale, write it with npm run docs`);
      }
      if (output === undefined) return context.out(text);
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, text);
    });
};

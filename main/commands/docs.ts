import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { AddCommand } from "../context.ts";

/** `signalbox docs`: the text of docs/configuration.md. Hidden, for `npm run docs` and for authors of components. */
export const addDocs: AddCommand = (program, context) => {
  program
    .command("docs", { hidden: true })
    .option("--output <file>", "write to a file instead of standard output")
    .description("print the reference of all configuration keys, as Markdown")
    .action(async ({ output }: { output?: string }) => {
      // Late: no other command needs the generator.
      const { documentConfiguration } = await import("../../config/document.ts");
      const text = documentConfiguration(await context.components());
      if (output === undefined) return context.out(text);
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, text);
    });
};

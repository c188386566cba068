import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Argument } from "commander";
import { type AddCommand, type CommandContext, UsageError } from "../context.ts";

/** The generated documents, by the names of their files in `docs/`. They are loaded late: no other command needs them. */
const documents = {
  configuration: async (context: CommandContext) =>
    (await import("../../config/document.ts")).documentConfiguration(await context.components()),
  "genai-dialects": async () => (await import("../../processors/genai/document-dialects.ts")).documentDialects(),
} as const satisfies Record<string, (context: CommandContext) => Promise<string>>;

/** `signalbox docs`: the text of a generated document. Hidden, for `npm run docs` and for authors of components. */
export const addDocs: AddCommand = (program, context) => {
  program
    .command("docs", { hidden: true })
    .addArgument(new Argument("[document]", "which one").choices(Object.keys(documents)).default("configuration"))
    .option("--output <file>", "write to a file instead of standard output")
    .option("--check <file>", "fail unless the file holds this text; print nothing")
    .description("print the reference of all configuration keys, or of the dialects of AI spans, as Markdown")
    .action(async (document: keyof typeof documents, { output, check }: { output?: string; check?: string }) => {
      const text = await documents[document](context);
      if (check !== undefined) {
        if ((await readFile(check, "utf8")) === text) return;
        throw new UsageError(`${check}: is stale, write it with npm run docs`);
      }
      if (output === undefined) return context.out(text);
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, text);
    });
};

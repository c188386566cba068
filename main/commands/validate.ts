import { fileFaults } from "../../pipeline/file-faults.ts";
import { loadGiven } from "../configured.ts";
import { type AddCommand, UsageError } from "../context.ts";

/** `signalbox validate`: a configuration that can run gives nothing but warnings, and exit code 0. */
export const addValidate: AddCommand = (program, context) => {
  program
    .command("validate")
    .description(
      "check a configuration and the files it names without running it; prints every problem and warning, or nothing",
    )
    .action(async (_options, command) => {
      const config = await loadGiven(context, command);
      const faults = await fileFaults(config);
      if (faults.length > 0) throw new UsageError(faults.join("\n"));
    });
};

import { loadConfig } from "../../config/load.ts";
import { type AddCommand, runOptionsOf, warn } from "../context.ts";

/** `signalbox validate`: a configuration that can run gives nothing but warnings, and exit code 0. */
export const addValidate: AddCommand = (program, context) => {
  program
    .command("validate")
    .description("check a configuration without running it; prints every problem and warning, or nothing")
    .action(async (_options, command) => {
      const { configs, sets } = runOptionsOf(command);
      const { warnings } = await loadConfig(configs, sets, context.components, context.env);
      warn(context, warnings);
    });
};

import { loadConfig } from "../../config/load.ts";
import { type AddCommand, runOptionsOf } from "../context.ts";

/** `signalbox validate`: says nothing when the configuration can run. */
export const addValidate: AddCommand = (program, context) => {
  program
    .command("validate")
    .description("check a configuration without running it; prints every problem, or nothing")
    .action(async (_options, command) => {
      const { configs, sets } = runOptionsOf(command);
      await loadConfig(configs, sets, await context.components(), context.env);
    });
};

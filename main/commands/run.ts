import { didYouMean } from "../../config/suggest.ts";
import { type AddCommand, type GlobalOptions, runOptionsOf, UsageError, warn } from "../context.ts";

/** `signalbox --config FILE`: what the program does when no command is named. */
export const addRun: AddCommand = (program, context) => {
  program.allowExcessArguments().action(async (_options, command) => {
    const [unknown] = command.args;
    if (unknown !== undefined) {
      const names = program.commands.flatMap((known) => [known.name(), ...known.aliases()]);
      throw new UsageError(`unknown command "${unknown}"${didYouMean(unknown, names)}`);
    }
    const options = runOptionsOf(command);
    const { featureGates = [] } = command.optsWithGlobals() as GlobalOptions;
    warn(
      context,
      featureGates.map((gate) => `--feature-gates: "${gate}" is no feature gate of Signalbox and has no effect`),
    );
    await context.run(options);
  });
};

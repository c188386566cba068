import { type AddCommand, UsageError } from "../context.ts";

/** `signalbox featuregate`: Signalbox has no gates; the command is there for scripts that ask. */
export const addFeatureGate: AddCommand = (program, context) => {
  program
    .command("featuregate")
    .argument("[id]", "gate to show; all without it")
    .description("list feature gates; Signalbox has none")
    .action((id: string | undefined) => {
      if (id !== undefined) throw new UsageError(`feature gate "${id}" is not known, Signalbox has no feature gates`);
      context.out("ID  Enabled  Stage  Description\n");
    });
};

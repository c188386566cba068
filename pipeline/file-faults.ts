import { pino } from "pino";
import type { LoadedConfig } from "../config/validate.ts";
import type { FileSettings } from "./factory.ts";
import { StartError } from "./graph.ts";

/** A component that would be started. */
interface Used {
  readonly id: string;
  readonly factory: { checkFiles?(config: unknown, settings: FileSettings): readonly Promise<unknown>[] };
  readonly config: unknown;
}

/**
 * What a start would say of the files that the components of a configuration read. Unlike a start it goes on after the first
 * fault, and nothing is opened that others would notice.
 *
 * @returns messages as those of a start, in the order in which components are listed: extensions, exporters, processors, receivers
 */
export async function fileFaults(config: LoadedConfig): Promise<readonly string[]> {
  const logger = pino({ level: "silent" });
  const faults: string[] = [];
  for (const { id, factory, config: own } of usedIn(config)) {
    for (const outcome of await Promise.allSettled(factory.checkFiles?.(own, { id, logger }) ?? [])) {
      if (outcome.status === "rejected") faults.push(new StartError(id, outcome.reason).message);
    }
  }
  // A file that several places of a component name says the same of each.
  return [...new Set(faults)];
}

/** Each component once, however many pipelines list it. What no pipeline lists is not started. */
function usedIn(config: LoadedConfig): readonly Used[] {
  const { extensions, pipelines } = config.service;
  const inPipelines = (kind: "receivers" | "processors" | "exporters"): readonly Used[] => {
    const ids = new Set([...pipelines.values()].flatMap((pipeline) => pipeline[kind]));
    return [...ids].map((id) => config[kind].get(id)!);
  };
  return [
    ...extensions.map((id) => config.extensions.get(id)!),
    ...inPipelines("exporters"),
    ...inPipelines("processors"),
    ...inPipelines("receivers"),
  ];
}

import { stringify } from "yaml";
import { singular } from "../../config/sections.ts";
import { schemes } from "../../config/sources.ts";
import type { Components } from "../../pipeline/components.ts";
import { componentKinds } from "../../pipeline/factory.ts";
import type { AddCommand } from "../context.ts";
import { packageVersion } from "../version.ts";

/** `signalbox components`: what this build holds, in the form of the Collector's command. */
export const addComponents: AddCommand = (program, context) => {
  program
    .command("components")
    .description("list the components of this build, as YAML")
    .action(async () => context.out(stringify(listComponents(await context.components()))));
};

interface ListedComponent {
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly signals?: readonly string[];
  readonly stability: string;
}

function listComponents(components: Components): unknown {
  const kinds = componentKinds.map((kind) => {
    const listed: readonly ListedComponent[] = components[kind];
    return [kind, listed.toSorted((a, b) => (a.type < b.type ? -1 : 1)).map((one) => entryOf(one, singular(kind)))];
  });
  return {
    buildinfo: {
      command: "signalbox",
      description: "OpenTelemetry-collector-style pipeline for AI traces",
      version: packageVersion(),
    },
    ...Object.fromEntries(kinds),
    connectors: [],
    providers: schemes.map((scheme) => ({ scheme, module: `signalbox/config/${scheme}` })),
    converters: [],
  };
}

function entryOf({ type, aliases, signals, stability }: ListedComponent, kind: string): unknown {
  const level = `${stability.charAt(0).toUpperCase()}${stability.slice(1)}`;
  return {
    name: type,
    module: `signalbox/${kind}s/${type}`,
    ...(aliases !== undefined && aliases.length > 0 ? { aliases } : {}),
    stability: Object.fromEntries((signals ?? [kind]).map((signal) => [signal, level])),
  };
}

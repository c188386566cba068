import type { Components } from "../pipeline/components.ts";
import { alternativeTo } from "./alternatives.ts";
import { checkValue } from "./check.ts";
import { parseComponentId } from "./component-id.ts";
import { isKnownComponent, knownComponents } from "./known-components.ts";
import { checkPipelines, type PipelineConfig } from "./pipelines.ts";
import { ConfigError } from "./problems.ts";
import { Report } from "./report.ts";
import type { ResolvedConfig } from "./resolve.ts";
import {
  type ConfiguredComponent,
  checkSection,
  type FactoryOf,
  type Section,
  sectionEntries,
  singular,
} from "./sections.ts";
import { type ServiceConfig, serviceSchema } from "./service.ts";
import { didYouMean } from "./suggest.ts";
import type { Mapping } from "./tree.ts";

/** A configuration that can run. Maps hold every configured component, used or not. */
export interface LoadedConfig {
  readonly receivers: ReadonlyMap<string, ConfiguredComponent<FactoryOf<"receivers">>>;
  readonly processors: ReadonlyMap<string, ConfiguredComponent<FactoryOf<"processors">>>;
  readonly exporters: ReadonlyMap<string, ConfiguredComponent<FactoryOf<"exporters">>>;
  readonly extensions: ReadonlyMap<string, ConfiguredComponent<FactoryOf<"extensions">>>;
  readonly service: Omit<ServiceConfig, "extensions" | "pipelines"> & {
    /** Ids in the order in which to start them; without those that Signalbox lacks. */
    readonly extensions: readonly string[];
    readonly pipelines: ReadonlyMap<string, PipelineConfig>;
  };
  /** One line each, to be logged once. */
  readonly warnings: readonly string[];
  /** The configuration as it was written, merged and with references replaced; holds secrets. */
  readonly tree: Mapping;
}

const topLevelKeys = ["receivers", "processors", "exporters", "connectors", "extensions", "service"];

/**
 * Checks a configuration against the schemas of its components.
 *
 * @throws {ConfigError} every problem at once, those of references included
 */
export function validateConfig(resolved: ResolvedConfig, components: Components): LoadedConfig {
  const report = new Report(resolved);
  checkTopLevel(resolved, report);
  if (Object.keys(resolved.tree).length === 0) throw new ConfigError(report.problems);
  const section = <Kind extends "receivers" | "processors" | "exporters" | "extensions">(kind: Kind) =>
    checkSection(kind, components, resolved, report);
  const [receivers, processors, exporters] = [section("receivers"), section("processors"), section("exporters")];
  const extensions = section("extensions");
  const service = checkValue(serviceSchema, resolved.tree["service"] ?? {}, ["service"], resolved, report);
  const connectors = new Set(sectionEntries("connectors", resolved, report).map(([id]) => id));
  const used = service?.output;
  const pipelines = used && checkPipelines(used.pipelines, { receivers, processors, exporters, connectors }, report);
  checkConnectors(connectors, used, report);
  const listed = checkExtensions(used?.extensions ?? [], extensions, report);
  if (report.problems.length > 0 || service === undefined || pipelines === undefined) {
    throw new ConfigError(report.problems);
  }
  warnOfUnused({ receivers, processors, exporters }, service.output, report);
  return {
    receivers: receivers.configured,
    processors: processors.configured,
    exporters: exporters.configured,
    extensions: extensions.configured,
    service: { ...service.output, extensions: listed, pipelines },
    warnings: report.warnings,
    tree: writtenTree(resolved.tree, { receivers, processors, exporters, extensions }, service.value),
  };
}

function checkTopLevel({ tree }: ResolvedConfig, report: Report): void {
  const keys = Object.keys(tree);
  if (keys.length === 0) report.problem([], "empty configuration, must hold receivers, exporters and service");
  for (const key of keys) {
    if (topLevelKeys.includes(key)) continue;
    const meant = didYouMean(key, topLevelKeys) || `, must be ${topLevelKeys.join(", ")}`;
    report.problem([], `unknown key "${key}"${meant}`, [key]);
  }
}

function checkConnectors(ids: ReadonlySet<string>, service: ServiceConfig | undefined, report: Report): void {
  for (const id of ids) {
    const parsed = parseComponentId(id);
    const path = ["connectors", id];
    if ("fault" in parsed) {
      report.problem(["connectors"], parsed.fault, path);
      continue;
    }
    if (!isKnownComponent("connectors", parsed.type)) {
      report.problem(
        path,
        `unknown connector type "${parsed.type}"${didYouMean(parsed.type, knownComponents.connectors)}`,
      );
      continue;
    }
    const users = Object.entries(service?.pipelines ?? {}).filter(
      ([, { receivers, exporters }]) => receivers.includes(id) || exporters.includes(id),
    );
    const absent = `Signalbox has no ${parsed.type} connector`;
    if (users.length === 0) report.warning(path, `${absent}; no pipeline uses it`);
    else
      report.problem(
        path,
        `${absent}, used by ${users.map(([pipeline]) => pipeline).join(", ")}${alternativeTo("connectors", parsed.type)}`,
      );
  }
}

/** The listed extensions that can start. */
function checkExtensions(
  listed: readonly string[],
  section: Section<FactoryOf<"extensions">>,
  report: Report,
): readonly string[] {
  const path = ["service", "extensions"];
  for (const id of new Set(listed)) {
    if (listed.indexOf(id) !== listed.lastIndexOf(id)) {
      report.problem(path, `references extension "${id}" multiple times`);
    }
    if (!section.ids.has(id)) {
      report.problem(path, `references extension "${id}" which is not configured${didYouMean(id, section.ids)}`);
    }
  }
  for (const [id, type] of section.missing) {
    const loss = "it runs without what the extension offers";
    report.warning(
      ["extensions", id],
      `Signalbox has no ${type} extension; ${loss}${alternativeTo("extensions", type)}`,
    );
  }
  for (const id of section.configured.keys()) {
    if (!listed.includes(id))
      report.warning(["extensions", id], "is not listed in service.extensions, it is not started");
  }
  return listed.filter((id) => !section.missing.has(id));
}

function warnOfUnused(
  sections: Readonly<Record<"receivers" | "processors" | "exporters", Section<unknown>>>,
  service: ServiceConfig,
  report: Report,
): void {
  for (const kind of ["receivers", "processors", "exporters"] as const) {
    const used = new Set(Object.values(service.pipelines).flatMap((pipeline) => pipeline[kind]));
    for (const id of sections[kind].ids) {
      if (used.has(id)) continue;
      const type = sections[kind].missing.get(id);
      const absent = type === undefined ? "" : `Signalbox has no ${type} ${singular(kind)}, and it `;
      report.warning([kind, id], `${absent}is not used by any pipeline`);
    }
  }
}

function writtenTree(tree: Mapping, sections: Readonly<Record<string, Section<unknown>>>, service: unknown): Mapping {
  const written: Mapping = { ...tree };
  for (const [kind, section] of Object.entries(sections)) if (kind in tree) written[kind] = section.tree;
  if ("service" in tree) written["service"] = service;
  return written;
}

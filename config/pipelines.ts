import { type Signal, signals } from "../pipeline/batch.ts";
import type { Misfit } from "../pipeline/factory.ts";
import { alternativeTo } from "./alternatives.ts";
import { parseComponentId } from "./component-id.ts";
import type { Report } from "./report.ts";
import { type ConfiguredComponent, type FactoryOf, type Section, singular } from "./sections.ts";
import type { ServiceConfig } from "./service.ts";
import { didYouMean } from "./suggest.ts";

/** One pipeline; its ids are configured, and their components support its signal. */
export interface PipelineConfig {
  /** `traces` or `traces/name`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** What pipelines refer to. */
export interface PipelineSections {
  readonly receivers: Section<FactoryOf<"receivers">>;
  readonly processors: Section<FactoryOf<"processors">>;
  readonly exporters: Section<FactoryOf<"exporters">>;
  /** Ids under `connectors:`. */
  readonly connectors: ReadonlySet<string>;
}

type Role = "receivers" | "processors" | "exporters";
const roles: readonly Role[] = ["receivers", "processors", "exporters"];

/** Checks what the pipelines refer to, and leaves out the receivers that Signalbox can run without. */
export function checkPipelines(
  pipelines: ServiceConfig["pipelines"],
  sections: PipelineSections,
  report: Report,
): ReadonlyMap<string, PipelineConfig> {
  const checked = new Map<string, PipelineConfig>();
  if (Object.keys(pipelines).length === 0) report.problem(["service"], "service must have at least one pipeline");
  for (const [id, pipeline] of Object.entries(pipelines)) {
    const signal = signalOf(id, report);
    if (signal === undefined) continue;
    const path = ["service", "pipelines", id];
    if (pipeline.receivers.length === 0) report.problem(path, "must have at least one receiver");
    if (pipeline.exporters.length === 0) report.problem(path, "must have at least one exporter");
    for (const role of roles) checkReferences(role, pipeline[role], { id, signal, sections, report });
    const receivers = keepReceivers(id, pipeline.receivers, sections, report);
    checked.set(id, { id, signal, ...pipeline, receivers });
  }
  return checked;
}

function signalOf(id: string, report: Report): Signal | undefined {
  const path = ["service", "pipelines", id];
  const parsed = parseComponentId(id);
  if ("fault" in parsed) {
    report.problem(path, "must be traces, metrics or logs, or one of these with a name such as traces/eu");
    return undefined;
  }
  const signal = signals.find((known) => known === parsed.type);
  if (signal !== undefined) return signal;
  const reason =
    parsed.type === "profiles"
      ? "profiles are not supported, a pipeline must carry traces, metrics or logs"
      : `unknown signal "${parsed.type}", must be traces, metrics or logs${didYouMean(parsed.type, signals)}`;
  report.problem(path, reason);
  return undefined;
}

interface Surroundings {
  readonly id: string;
  readonly signal: Signal;
  readonly sections: PipelineSections;
  readonly report: Report;
}

function checkReferences(role: Role, ids: readonly string[], { id, signal, sections, report }: Surroundings): void {
  const path = ["service", "pipelines", id, role];
  const section: Section<FactoryOfSignals> = sections[role];
  for (const reference of new Set(ids)) {
    if (ids.indexOf(reference) !== ids.lastIndexOf(reference)) {
      report.problem(path, `references ${singular(role)} "${reference}" multiple times`);
    }
    if (!section.ids.has(reference)) checkUndefined(role, reference, path, sections, report);
    const configured = section.configured.get(reference);
    if (configured !== undefined) checkSignal(role, configured, id, signal, report);
    const missing = section.missing.get(reference);
    if (missing === undefined || role === "receivers") continue;
    const harm = role === "processors" ? "would pass on data unchanged" : "would lose data";
    report.problem(
      [role, reference],
      `Signalbox has no ${missing} ${singular(role)}, and pipeline ${id} ${harm} without it${alternativeTo(role, missing)}`,
    );
  }
}

function checkUndefined(
  role: Role,
  reference: string,
  path: readonly string[],
  sections: PipelineSections,
  report: Report,
): void {
  // Reported with the connectors, once for all pipelines.
  if (role !== "processors" && sections.connectors.has(reference)) return;
  const meant = didYouMean(reference, sections[role].ids);
  report.problem(path, `references ${singular(role)} "${reference}" which is not configured${meant}`);
}

interface FactoryOfSignals {
  readonly signals: readonly Signal[];
  misfits?(config: unknown, signal: Signal): readonly Misfit[];
}

function checkSignal(
  role: Role,
  { id, factory, config }: ConfiguredComponent<FactoryOfSignals>,
  pipeline: string,
  signal: Signal,
  report: Report,
): void {
  if (!factory.signals.includes(signal)) {
    const supported = factory.signals.join(" and ");
    const message = `${singular(role)} "${id}" does not support ${signal}, only ${supported}`;
    report.problem(["service", "pipelines", pipeline, role], message);
    return;
  }
  for (const { path, message } of factory.misfits?.(config, signal) ?? []) {
    report.problem([role, id, ...path], `${message}; pipeline ${pipeline} lists it`);
  }
}

/** The receivers that remain: data that never comes in is lost to nobody who still sends to another receiver. */
function keepReceivers(id: string, ids: readonly string[], sections: PipelineSections, report: Report): string[] {
  const { missing } = sections.receivers;
  const kept = ids.filter((receiver) => !missing.has(receiver));
  for (const receiver of ids) {
    const type = missing.get(receiver);
    if (type === undefined) continue;
    const path = ["receivers", receiver];
    const alternative = alternativeTo("receivers", type);
    if (kept.length > 0) {
      report.warning(path, `Signalbox has no ${type} receiver; pipeline ${id} runs without it${alternative}`);
    } else {
      report.problem(path, `Signalbox has no ${type} receiver, and pipeline ${id} has no other receiver${alternative}`);
    }
  }
  return kept;
}

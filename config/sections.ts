import type { Components, ComponentTypes } from "../pipeline/components.ts";
import { type ComponentKind, componentKinds } from "../pipeline/factory.ts";
import { checkValue } from "./check.ts";
import { parseComponentId } from "./component-id.ts";
import { describeValue } from "./issues.ts";
import { type CollectorKind, isKnownComponent, knownComponents } from "./known-components.ts";
import type { Report } from "./report.ts";
import type { ResolvedConfig } from "./resolve.ts";
import { didYouMean } from "./suggest.ts";
import { isMapping, type Mapping } from "./tree.ts";

/** A component as it stands in the configuration. */
export interface ConfiguredComponent<Factory> {
  readonly id: string;
  readonly factory: Factory;
  /** Output of `factory.configSchema`. */
  readonly config: unknown;
}

export type FactoryOf<Kind extends ComponentKind> = Components[Kind][number];

/** One top-level section, `receivers:` and so on. */
export interface Section<Factory> {
  readonly configured: ReadonlyMap<string, ConfiguredComponent<Factory>>;
  /** Types of the components that the Collector has and Signalbox does not, by id. */
  readonly missing: ReadonlyMap<string, string>;
  /** All ids that are written, whether or not they could be read. */
  readonly ids: ReadonlySet<string>;
  /** What the user wrote, with strings where strings are wanted. */
  readonly tree: Mapping;
}

/** `receiver` of `receivers`. */
export function singular(kind: CollectorKind): string {
  return kind.slice(0, -1);
}

/** The factory that makes components of `type`, by its name or an alias. */
export function findFactory<Factory extends { readonly type: string; readonly aliases?: readonly string[] }>(
  factories: readonly Factory[],
  type: string,
): Factory | undefined {
  return factories.find((factory) => factory.type === type || factory.aliases?.includes(type));
}

/** Checks every component of one kind. */
export function checkSection<Kind extends ComponentKind>(
  kind: Kind,
  components: Components,
  resolved: ResolvedConfig,
  report: Report,
): Section<FactoryOf<Kind>> {
  const configured = new Map<string, ConfiguredComponent<FactoryOf<Kind>>>();
  const missing = new Map<string, string>();
  const entries = sectionEntries(kind, resolved, report);
  const tree: Mapping = Object.fromEntries(entries);
  for (const [id, value] of entries) {
    const path = [kind, id];
    const parsed = parseComponentId(id);
    if ("fault" in parsed) {
      report.problem([kind], parsed.fault, path);
      continue;
    }
    const factory: FactoryOf<Kind> | undefined = findFactory<FactoryOf<Kind>>(components[kind], parsed.type);
    if (factory === undefined) {
      if (isKnownComponent(kind, parsed.type)) missing.set(id, parsed.type);
      else report.problem(path, unknownType(kind, parsed.type, components));
      continue;
    }
    const checked = checkValue(factory.configSchema, value ?? {}, path, resolved, report);
    if (checked === undefined) continue;
    configured.set(id, { id, factory, config: checked.output });
    tree[id] = value === null ? null : checked.value;
  }
  return { configured, missing, ids: new Set(entries.map(([id]) => id)), tree };
}

/** The entries of a top-level section; a section without a value is empty. */
export function sectionEntries(kind: CollectorKind, resolved: ResolvedConfig, report: Report): [string, unknown][] {
  const section = resolved.tree[kind] ?? {};
  if (isMapping(section)) return Object.entries(section);
  report.problem([kind], `must be a map of component ids, got ${describeValue(section)}`);
  return [];
}

/** The types that stand in the sections, in whatever else is wrong with them. */
export function namedTypes({ tree }: ResolvedConfig): ComponentTypes {
  const typesOf = (kind: ComponentKind): ReadonlySet<string> => {
    const section = tree[kind];
    const ids = isMapping(section) ? Object.keys(section).map(parseComponentId) : [];
    return new Set(ids.flatMap((id) => ("fault" in id ? [] : [id.type])));
  };
  return {
    receivers: typesOf("receivers"),
    processors: typesOf("processors"),
    exporters: typesOf("exporters"),
    extensions: typesOf("extensions"),
  };
}

function unknownType(kind: ComponentKind, type: string, components: Components): string {
  const elsewhere = componentKinds.find((other) => other !== kind && findFactory(namesIn(components, other), type));
  if (elsewhere !== undefined) return `unknown ${singular(kind)} type "${type}", it is one of the ${elsewhere}`;
  const types = namesIn(components, kind).flatMap((factory) => [factory.type, ...(factory.aliases ?? [])]);
  // A lacking component is the better guess only when none that we have is close.
  const meant = didYouMean(type, types) || didYouMean(type, knownComponents[kind]);
  return `unknown ${singular(kind)} type "${type}"${meant === "" ? "; signalbox components lists the known ones" : meant}`;
}

function namesIn(
  components: Components,
  kind: ComponentKind,
): readonly { readonly type: string; readonly aliases?: readonly string[] }[] {
  return components[kind];
}

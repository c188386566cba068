import type { Components } from "../pipeline/components.ts";
import { componentKinds } from "../pipeline/factory.ts";
import { type DocumentedKey, keysOf } from "./document-keys.ts";
import { documentIntroduction } from "./document-text.ts";
import type { Schema } from "./schema.ts";
import { singular } from "./sections.ts";
import { serviceSchema } from "./service.ts";

/** What the documentation says of any component. */
interface DocumentedComponent {
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly signals?: readonly string[];
  readonly stability: string;
  readonly description: string;
  readonly configSchema: Schema;
}

/** The text of `docs/configuration.md`: every key of every component, as the schemas say it. */
export function documentConfiguration(components: Components): string {
  const sections = [documentIntroduction, serviceSection()];
  for (const kind of componentKinds) {
    const documented: readonly DocumentedComponent[] = components[kind];
    if (documented.length === 0) continue;
    sections.push(`## ${kind.charAt(0).toUpperCase()}${kind.slice(1)}\n`);
    for (const component of documented.toSorted((a, b) => (a.type < b.type ? -1 : 1))) {
      sections.push(componentSection(component, singular(kind)));
    }
  }
  return sections.join("\n");
}

function serviceSection(): string {
  return `## Service

\`service:\` joins the components to pipelines and says how Signalbox itself behaves.

${keyTable(keysOf(serviceSchema))}`;
}

function componentSection(component: DocumentedComponent, kind: string): string {
  const facts = [
    component.aliases?.length ? `Also known as ${component.aliases.map(code).join(", ")}.` : "",
    component.signals?.length ? `Signals: ${component.signals.join(", ")}.` : "",
    `Stability: ${component.stability}.`,
  ].filter((fact) => fact !== "");
  const keys = keysOf(component.configSchema);
  const table = keys.length === 0 ? "It has no keys.\n" : keyTable(keys);
  return `### \`${component.type}\` ${kind}

${sentence(component.description)}

${facts.join(" ")}

${table}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function keyTable(keys: readonly DocumentedKey[]): string {
  const rows = keys.map(
    ({ path, type, defaultText, required, description }) =>
      `| ${code(path)} | ${cell(type)} | ${required ? "required" : code(defaultText)} | ${cell(description)} |`,
  );
  return ["| key | type | default | |", "|---|---|---|---|", ...rows, ""].join("\n");
}

function code(text: string): string {
  return text === "" ? "" : `\`${cell(text)}\``;
}

/** A pipe would end the cell, a line break the table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
}

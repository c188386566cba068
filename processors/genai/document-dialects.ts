import type { Condition, Dialect, Rule, UsageConvention } from "./dialect.ts";
import { dialects } from "./dialects/index.ts";
import { describeCondition, describeSource } from "./document-source.ts";
import { exceptions, general, plainKinds } from "./general.ts";

const introduction = `# Dialects

<!-- Generated from the dialects by \`npm run docs\`. Change \`processors/genai/dialects/\`, not this file. -->

What the [\`genai\` processor](configuration.md#genai-processor) reads. A span is of a dialect when its instrumentation
scope or one of its attributes is named there; it can be of several. Each column takes the first source that gives a valid
value: those of \`mappings\` in the configuration, then exceptions, then the dialects in the order below, then what any span
may carry. For \`OperationKind\`, what an attribute says in words goes before names of spans and before constants. \`Tags\`
takes what every source gives; the first says a name's value.

\`key → a.b\` is the value at \`a.b\` in the JSON or nested value of an attribute, \`*\` every element of a list. A key or a
name that ends in \`*\` stands for all that begin so.
`;

/** The text of `docs/genai-dialects.md`: the sources of every column, as the dialects say them. */
export function documentDialects(): string {
  const order = dialects.map(({ name }) => `[\`${name}\`](#${name})`).join(", ");
  return [
    introduction,
    `In this order: ${order}.\n`,
    ...dialects.map(dialectSection),
    `## Any span\n`,
    ...columnTable([...exceptions.rules, ...general.rules]),
    "",
    `A span that is nothing else is \`http\` with one of ${codes(plainKinds.http)}, and \`database\` with one of ${codes(plainKinds.database)}.`,
    "",
  ].join("\n");
}

function dialectSection({ name, source, recognise, rules, system, usage, repeatsUsage, pending }: Dialect): string {
  const { scopes = [], keys = [], when } = recognise;
  const signs = [
    scopes.length > 0 ? `scopes ${codes(scopes)}` : "",
    keys.length > 0 ? `attributes ${codes(keys)}` : "",
  ].filter((sign) => sign !== "");
  const facts = [
    `Names from <${source}>. Recognised by ${signs.join(", or ")}${condition(when, ", if ")}.`,
    ...(usage ?? []).map(usageSentence),
    repeatsUsage && `Usage is that of other spans${condition(repeatsUsage, " if ")}, and is not counted.`,
    pending && `A span is a preliminary copy${condition(pending, " if ")}.`,
    system && `Instructions apart from the messages stand in ${system.map(describeSource).join(", ")}.`,
  ].filter((fact) => fact !== undefined);
  return `## ${name}\n\n${facts.join("\n\n")}\n\n${columnTable(rules).join("\n")}\n`;
}

function usageSentence({ when, inputIncludesCache, outputIncludesReasoning }: UsageConvention): string {
  const missing = [
    inputIncludesCache ? "" : "input lacks the cached tokens",
    outputIncludesReasoning ? "" : "output lacks those of reasoning",
  ].filter((text) => text !== "");
  const text = missing.length === 0 ? "Counts as sent are whole" : `As sent, ${missing.join(" and ")}, which are added`;
  return `${text}${condition(when, ", if ")}.`;
}

/** A row per column; rules of one column follow each other. */
function columnTable(rules: readonly Rule[]): string[] {
  const columns = new Map<string, string[]>();
  for (const { target, sources, when } of rules) {
    const text = sources.map(describeSource).join(", ") + condition(when, " if ");
    columns.set(target, [...(columns.get(target) ?? []), text]);
  }
  const rows = [...columns].map(([column, texts]) => `| \`${column}\` | ${cell(texts.join("; "))} |`);
  return ["| column | first to last |", "|---|---|", ...rows];
}

function condition(when: Condition | undefined, before: string): string {
  return when === undefined ? "" : `${before}${describeCondition(when)}`;
}

function codes(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(", ");
}

/** A pipe would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

import { createHash } from "node:crypto";
import type { Answer, Content, JsonSchema, OpenApiDocument, Operation, Parameter } from "./types.ts";

/*
 * The document as a page for people: one file, no script, nothing from elsewhere.
 */

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 6rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { margin: 2.2rem 0 .3rem; font-size: 1.05rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .2rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; opacity: .75; }
a { color: inherit; } code, pre { font: .875rem/1.45 ui-monospace, monospace; } pre { overflow-x: auto; padding: .7rem .9rem; background: var(--soft); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); }
th { font-weight: 400; width: 14rem; overflow-wrap: anywhere; } td.type { width: 11rem; } .must { font-weight: 600; } .method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
nav ul { columns: 2; padding: 0; list-style: none; } nav li { break-inside: avoid; overflow-wrap: anywhere; } @media (max-width: 45rem) { nav ul { columns: 1; } th, td.type { width: auto; } }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** Headers of the page: it may load nothing and be put into no other page. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
} as const;

/** The page. */
export function documentationPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const groups = document.tags.map(({ name }) => ({
    name,
    entries: operations.filter(({ operation }) => operation.tags[0] === name),
  }));
  const title = `${document.info.title} API`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head>
<body><main>
<h1>${escaped(title)} <small>${escaped(document.info.version)}</small></h1>
<p>${escaped(document.info.description)} The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<nav>${groups.map(({ name, entries }) => `<h4>${escaped(name)}</h4><ul>${entries.map(contentsLine).join("")}</ul>`).join("")}</nav>
${groups.map(({ name, entries }) => `<h2>${escaped(name)}</h2>${entries.map((entry) => section(entry, document)).join("")}`).join("\n")}
<h2>Schemas</h2>${Object.entries(document.components.schemas).map(schemaSection).join("\n")}
</main></body></html>
`;
}

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function contentsLine({ path, method, operation }: Entry): string {
  return `<li><a href="#${operation.operationId}"><span class="method">${method}</span><code>${escaped(path)}</code></a></li>`;
}

function section(entry: Entry, document: OpenApiDocument): string {
  const { path, method, operation } = entry;
  const { summary, description = "", parameters = [], requestBody, responses, security } = operation;
  const open = security?.length === 0 ? "<p>Needs no api key.</p>" : "";
  return `<section id="${operation.operationId}"><h3><span class="method">${method}</span><code>${escaped(path)}</code></h3>
<p>${escaped(summary)}.${description === "" ? "" : ` ${escaped(description)}`}</p>${open}
${parameters.length === 0 ? "" : `<h4>Parameters</h4><table>${parameters.map(parameterRow).join("")}</table>`}
${requestBody === undefined ? "" : `<h4>Body</h4>${contentOf(requestBody.content)}`}
<h4>Answers</h4><table>${Object.entries(responses)
    .map(([status, answer]) => answerRow(status, answer, document))
    .join("")}</table>
<h4>Example</h4><pre>${escaped(curlOf(entry))}</pre></section>`;
}

function parameterRow({ name, in: place, required, description = "", schema, explode }: Parameter): string {
  const shown = explode === true ? "<em>any other</em>" : `<code>${escaped(name)}</code>`;
  const must = required === true ? ' <span class="must">required</span>' : "";
  return `<tr><th>${shown} <small>${place}</small>${must}</th><td class="type">${typeOf(schema)}</td><td>${escaped(description)}</td></tr>`;
}

function answerRow(status: string, answer: Operation["responses"][string], document: OpenApiDocument): string {
  const found: Answer | undefined =
    "$ref" in answer ? document.components.responses[answer.$ref.split("/").at(-1)!] : answer;
  const content = found?.content === undefined ? "" : contentOf(found.content);
  return `<tr><th>${escaped(status)}</th><td>${escaped(found?.description ?? "")}${content}</td></tr>`;
}

function contentOf(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const name = type === "application/json" ? "" : `<code>${escaped(type)}</code> `;
      return `<div>${name}${schema.properties === undefined ? typeOf(schema) : propertiesOf(schema)}</div>`;
    })
    .join("");
}

function schemaSection([name, schema]: readonly [string, JsonSchema]): string {
  const description = schema.description === undefined ? "" : `<p>${escaped(schema.description)}</p>`;
  const body = schema.properties === undefined ? typeOf(schema) : propertiesOf(schema);
  return `<section id="schema-${escaped(name)}"><h3>${escaped(name)}</h3>${description}${body}</section>`;
}

function propertiesOf({ properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const must = required.includes(name) ? ' <span class="must">required</span>' : "";
    const nested = schema.properties === undefined ? "" : propertiesOf(schema);
    return `<tr><th><code>${escaped(name)}</code>${must}</th><td class="type">${typeOf(schema)}</td><td>${escaped(schema.description ?? "")}${nested}</td></tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

/** A type in a few words, with a link where it has a section. */
function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = escaped(schema.$ref.split("/").at(-1)!);
    return `<a href="#schema-${name}">${name}</a>`;
  }
  const options = (schema["anyOf"] ?? schema["oneOf"]) as readonly JsonSchema[] | undefined;
  if (options !== undefined) return options.map(typeOf).join(" or ");
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  const words = schema["enum"] as readonly unknown[] | undefined;
  const base = words?.map(String).join(", ") ?? [schema.type ?? schema["const"] ?? "any"].flat().join(" or ");
  const format = typeof schema["format"] === "string" ? ` (${schema["format"]})` : "";
  return `${escaped(base + format + boundsOf(schema))}`;
}

function boundsOf({ minimum, maximum, default: byDefault }: JsonSchema): string {
  const isBound = (bound: unknown): boolean => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const range = isBound(minimum) && isBound(maximum) ? `, ${String(minimum)} to ${String(maximum)}` : "";
  return byDefault === undefined ? range : `${range}, default ${JSON.stringify(byDefault)}`;
}

function curlOf({ path, method, operation }: Entry): string {
  const { requestBody, security } = operation;
  const parts = [
    method === "GET" ? "curl" : `curl -X ${method}`,
    ...(security?.length === 0 ? [] : ['-H "Authorization: Bearer $KEY"']),
    ...(requestBody?.content["application/json"] === undefined
      ? []
      : ["-H 'Content-Type: application/json' -d @body.json"]),
    `"$BASE${path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => `$${name.toUpperCase()}`)}"`,
  ];
  return parts.join(" ");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

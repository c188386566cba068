import { type ProviderRole, providerRole } from "./providers.ts";

/** One way to read a span's names; they are tried in turn. */
export interface Reading {
  /** Who sells the model. Without a provider the package finds the maker by the model's name. */
  readonly provider: ProviderRole | undefined;
  /** In lower case. */
  readonly model: string;
  /** What was done to the names. */
  readonly via: string;
}

/**
 * What may follow a model's name without making it another model: dates (`-2024-08-06`, `-20250929`, `-0613`, `-2507`),
 * three-digit revisions (`-001`), `-latest`, Bedrock's `-v1:0` and Vertex's `@20250929`.
 *
 * Not `-mini`, `-preview`, `-32k`, `-high` or single digits: `gpt-4o-mini`, `gpt-4-1106-preview` and `claude-opus-4-1` cost
 * something else than what their names begin with.
 */
const versionSuffix =
  /^(?:-(?:20\d\d-(?:0[1-9]|1[0-2])-[0-3]\d|20\d{6}|\d{3,4}|latest)(?:-v\d{1,2}(?::\d{1,3})?)?|-v\d{1,2}:\d{1,3}|@(?:20\d{6}|\d{3}|latest|default))$/;
const versionAtEnd = new RegExp(versionSuffix.source.slice(1));

/** Whether `model` is `base`, or a dated or numbered version of it. */
export function isVersionOf(base: string, model: string): boolean {
  return model.startsWith(base) && (model.length === base.length || versionSuffix.test(model.slice(base.length)));
}

const regions = "us|eu|apac|ap|jp|au|ca|sa|me|af|il|mx|global|us-gov";
const bedrockName = new RegExp(`^(?:(?:${regions})\\.)?([a-z0-9]+)\\.([a-z0-9].*?)(?:-v\\d{1,2}(?::\\d{1,3})?)?$`);
const bedrockArn = /^arn:aws[a-z-]*:bedrock:[^/]*:(?:foundation-model|inference-profile)\/(.+)$/;
const resourcePath = /^(?:.*\/)?models\/([^/].*)$/;

/**
 * The ways to read a provider and a model, the literal one first. The package knows models under the names their makers
 * sell them by; gateways, clouds and SDKs send them with prefixes, paths and versions around.
 */
export function readingsOf(providerText: string, modelText: string): readonly Reading[] {
  const provider = providerRole(providerText);
  const readings: Reading[] = [];
  const seen = new Set<string>();
  const add = (seller: ProviderRole | undefined, model: string, via: string): void => {
    const key = `${seller === undefined ? "any" : `${seller.kind} ${seller.listed ?? seller.name}`}\u0000${model}`;
    if (model === "" || seen.has(key)) return;
    seen.add(key);
    readings.push({ provider: seller, model, via });
  };
  const model = modelText.trim().toLowerCase();
  add(provider, model, "as sent");
  const bare = pathTail(model);
  add(provider, bare, "without the resource path");
  addPrefixed(provider, bare, add);
  addBedrock(provider, bare, add);
  if (provider.kind === "gateway") add(undefined, bare, whyAny(provider));
  if (provider.kind === "host") add(undefined, bare, "price of the model's maker");
  for (const { provider: seller, model: name, via } of [...readings]) {
    const unversioned = name.replace(versionAtEnd, "");
    if (unversioned !== name) add(seller, unversioned, `${via}, without the version`);
  }
  return readings;
}

function whyAny({ name }: ProviderRole): string {
  return name === "" ? "no provider was sent" : `the provider "${name}" has no price list`;
}

type Add = (seller: ProviderRole | undefined, model: string, via: string) => void;

function pathTail(model: string): string {
  return (bedrockArn.exec(model) ?? resourcePath.exec(model))?.[1] ?? model;
}

/** `openai/gpt-4o`, `openrouter/anthropic/claude-sonnet-4.5`: gateways put the provider before the name. */
function addPrefixed(provider: ProviderRole, model: string, add: Add): void {
  let rest = model;
  for (let level = 0; level < 2; level++) {
    const slash = rest.indexOf("/");
    if (slash <= 0) return;
    const prefix = rest.slice(0, slash);
    rest = rest.slice(slash + 1);
    const via = `without the prefix "${prefix}/"`;
    add(provider, rest, via);
    if (provider.kind === "local") continue;
    const named = providerRole(prefix);
    if (named.kind === "local" || named.listed !== undefined) {
      add(named, rest, `provider "${prefix}" of the model's prefix`);
    }
    if (named.kind === "local") return;
    if (named.listed !== undefined) addBedrock(named, rest, add);
    else if (provider.kind !== "maker") add(undefined, rest, via);
  }
}

/** `us.anthropic.claude-sonnet-4-5-20250929-v1:0` and bare names on Bedrock: the maker's price when AWS lists none. */
function addBedrock(provider: ProviderRole, model: string, add: Add): void {
  if (provider.listed !== "aws" && provider.kind !== "gateway") return;
  const [, vendor, name] = bedrockName.exec(model) ?? [];
  if (vendor === undefined || name === undefined) return;
  const maker = providerRole(vendor);
  if (maker.listed !== undefined) add(maker, name, `price of the maker "${vendor}"`);
}

import type { Components } from "../pipeline/components.ts";
import { componentKinds } from "../pipeline/factory.ts";
import { parseComponentId } from "./component-id.ts";
import { isSecretName, redactText } from "./redact-text.ts";
import { childrenOf, isSecret, type Schema, shapeOf } from "./schema.ts";
import { REDACTED } from "./secret.ts";
import { findFactory } from "./sections.ts";
import { serviceSchema } from "./service.ts";
import { closest } from "./suggest.ts";
import { isMapping, type Mapping } from "./tree.ts";

/**
 * The configuration with `[REDACTED]` in place of its secrets: what a schema marks as secret, keys whose names say so
 * (a component that is not known has no schema), and passwords in URLs.
 *
 * @param tree a merged configuration, valid or not
 */
export function redactConfig(tree: Mapping, components: Components): Mapping {
  const redacted: Mapping = {};
  for (const [key, value] of Object.entries(tree)) {
    redacted[key] = isMapping(value) ? redactSection(key, value, components) : redactValue([], value);
  }
  return redacted;
}

function redactSection(name: string, section: Mapping, components: Components): unknown {
  if (name === "service") return redactValue([serviceSchema], section);
  const kind = componentKinds.find((known) => known === name);
  if (kind === undefined) return redactValue([], section);
  const factories: readonly { type: string; aliases?: readonly string[]; configSchema: Schema }[] = components[kind];
  const entries = Object.entries(section).map(([id, value]) => {
    const parsed = parseComponentId(id);
    const factory = "fault" in parsed ? undefined : findFactory(factories, parsed.type);
    return [id, redactValue(factory === undefined ? [] : [factory.configSchema], value)];
  });
  return Object.fromEntries(entries);
}

/** @param schemas the ones that may describe `value`; none for what nobody describes */
function redactValue(schemas: readonly Schema[], value: unknown): unknown {
  if (schemas.some(isSecret)) return hidden(value);
  if (Array.isArray(value)) return value.map((item, index) => redactValue(below(schemas, index), item));
  if (!isMapping(value)) return typeof value === "string" ? redactText(value) : value;
  const entries = Object.entries(value).map(([key, item]) => {
    const named = typeof item !== "object" && (isSecretName(key) || isMisspelledSecret(schemas, key));
    return [key, named ? hidden(item) : redactValue(below(schemas, key), item)];
  });
  return Object.fromEntries(entries);
}

/** A configuration that is shown without being checked may say `pasword`. */
function isMisspelledSecret(schemas: readonly Schema[], key: string): boolean {
  const shape = new Map(schemas.flatMap((schema) => [...shapeOf(schema)]));
  const meant = shape.has(key) ? undefined : closest(key, shape.keys());
  return meant !== undefined && (isSecretName(meant) || isSecret(shape.get(meant)!));
}

function below(schemas: readonly Schema[], key: PropertyKey): readonly Schema[] {
  return schemas.flatMap((schema) => childrenOf(schema, key));
}

/** Maps and lists keep their form; an empty value hides nothing. */
function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden);
  if (isMapping(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hidden(item)]));
  return value === null || value === "" ? value : REDACTED;
}

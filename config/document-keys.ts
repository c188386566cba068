import { typeText } from "./document-type.ts";
import { alternativesOf, definitionOf, layersOf, metaOf, type Schema } from "./schema.ts";

/** One key of a configuration, as a row of its table. */
export interface DocumentedKey {
  /** `tls.ca_file`, `actions[].key`, `headers.<name>`. */
  readonly path: string;
  readonly type: string;
  /** As YAML in one line; empty for a key that has none. */
  readonly defaultText: string;
  readonly required: boolean;
  readonly description: string;
}

/**
 * Every key that the schema accepts, nested ones after their parents. A schema that holds itself, such as a condition
 * made of conditions, is not described again within itself.
 *
 * @param around what the schema stands in
 */
export function keysOf(schema: Schema, prefix = "", around: readonly object[] = []): readonly DocumentedKey[] {
  return alternativesOf(schema).flatMap((alternative) => {
    const definition = definitionOf(alternative);
    // A schema with a description of its own is a copy, which shares its shape.
    const identity = definition.type === "object" ? definition.shape : alternative;
    if (around.includes(identity)) return [];
    const inside = [...around, identity];
    switch (definition.type) {
      case "object":
        return Object.entries(definition.shape).flatMap(([key, child]) => {
          const path = prefix === "" ? key : `${prefix}.${key}`;
          const inner = metaOf(child).sameAs === undefined ? keysOf(child, path, inside) : [];
          return [describeKey(path, child), ...inner];
        });
      case "array":
        return keysOf(definition.element, `${prefix}[]`, inside);
      case "record":
        return keysOf(definition.valueType, `${prefix}.<name>`, inside);
      default:
        return [];
    }
  });
}

function describeKey(path: string, schema: Schema): DocumentedKey {
  const fallback = defaultOf(schema);
  return {
    path,
    type: typeText(schema),
    defaultText: fallback === undefined ? "" : asText(fallback),
    required: schema._zod.optin === undefined,
    description: metaOf(schema).description ?? "",
  };
}

function defaultOf(schema: Schema): unknown {
  for (const layer of layersOf(schema)) {
    const definition = definitionOf(layer);
    if (definition.type === "default" || definition.type === "prefault") return definition.defaultValue;
  }
  return undefined;
}

function asText(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  // The keys of a section say their own defaults.
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
    ? ""
    : JSON.stringify(value);
}

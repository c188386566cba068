import { z } from "zod";
import type { Path } from "./problems.ts";

/** Any zod schema, of any kind. */
export type Schema = z.core.$ZodType;
/** What a schema is made of, by `type`. */
export type Definition = z.core.$ZodTypes["_zod"]["def"];

/** What our schemas say of themselves with `.meta()`, besides the description. */
export interface SchemaMeta {
  readonly description?: string;
  /** No output may show the value. */
  readonly secret?: boolean;
  /** How the documentation calls the type, such as `duration`. */
  readonly typeName?: string;
  /** The key is accepted and does nothing; the text says what is lost. */
  readonly ignored?: string;
  /** The key still works; the text says what to use instead. */
  readonly successor?: string;
  /** Its keys are those of another key, which the text names, and are documented there alone. */
  readonly sameAs?: string;
}

export function definitionOf(schema: Schema): Definition {
  return schema._zod.def as Definition;
}

/** The schema inside a wrapper such as `optional` or `default`, or undefined when `schema` is no wrapper. */
export function innerOf(schema: Schema): Schema | undefined {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
    case "success":
      return definition.innerType;
    case "lazy":
      // Made once: the getter may make another schema with every call.
      return (schema as z.core.$ZodLazy)._zod.innerType;
    case "pipe":
      // What the user writes goes in, except into `preprocess`, which says nothing about it.
      return definitionOf(definition.in).type === "transform" ? definition.out : definition.in;
    default:
      return undefined;
  }
}

/** `schema` and what it wraps, from the outside in. */
export function layersOf(schema: Schema): readonly Schema[] {
  const layers = [schema];
  for (let inner = innerOf(schema); inner !== undefined; inner = innerOf(inner)) layers.push(inner);
  return layers;
}

/** The schema without its wrappers. */
export function coreOf(schema: Schema): Schema {
  return layersOf(schema).at(-1)!;
}

/** What the schema and its layers say of themselves, the outermost first. */
export function metaOf(schema: Schema): SchemaMeta {
  return Object.assign(
    {},
    ...layersOf(schema)
      .toReversed()
      .map((layer) => z.globalRegistry.get(layer)),
  ) as SchemaMeta;
}

/** The schemas of which a value meets one: the options of a union, or the schema itself; without wrappers. */
export function alternativesOf(schema: Schema): readonly Schema[] {
  const core = coreOf(schema);
  const definition = definitionOf(core);
  if (definition.type === "union") return definition.options.flatMap(alternativesOf);
  if (definition.type === "intersection") return [definition.left, definition.right].flatMap(alternativesOf);
  return [core];
}

/** The keys that a schema of maps names, over all alternatives. */
export function shapeOf(schema: Schema): ReadonlyMap<string, Schema> {
  const shape = new Map<string, Schema>();
  for (const alternative of alternativesOf(schema)) {
    const definition = definitionOf(alternative);
    for (const [key, child] of entriesOf(definition)) if (!shape.has(key)) shape.set(key, child);
  }
  return shape;
}

/** The keys of an object, or of a map whose keys are enumerated. */
function entriesOf(definition: Definition): readonly (readonly [string, Schema])[] {
  if (definition.type === "object") return Object.entries(definition.shape);
  if (definition.type !== "record") return [];
  const keys = definitionOf(definition.keyType);
  return keys.type === "enum" ? Object.values(keys.entries).map((key) => [String(key), definition.valueType]) : [];
}

/** The schemas that may stand under `key`, over all alternatives. */
export function childrenOf(schema: Schema, key: PropertyKey): readonly Schema[] {
  return alternativesOf(schema).flatMap((alternative) => {
    const definition = definitionOf(alternative);
    switch (definition.type) {
      case "object":
        return [definition.shape[String(key)] ?? definition.catchall ?? []].flat();
      case "record":
        return [definition.valueType];
      case "array":
        return [definition.element];
      case "tuple":
        return [definition.items[Number(key)] ?? []].flat();
      default:
        return [];
    }
  });
}

/** Whether the value at `path`, or one around it, is a secret. */
export function isSecretAt(schema: Schema, path: Path): boolean {
  let schemas: readonly Schema[] = [schema];
  for (const key of path) {
    if (schemas.some(isSecret)) return true;
    schemas = schemas.flatMap((parent) => childrenOf(parent, key));
  }
  return schemas.some(isSecret);
}

/** Whether the schema, or an option of a union, is marked as a secret. */
export function isSecret(schema: Schema): boolean {
  return metaOf(schema).secret === true || optionsOf(schema).some(isSecret);
}

/** The options of a union as they were written; none for other schemas. */
export function optionsOf(schema: Schema): readonly Schema[] {
  const definition = definitionOf(coreOf(schema));
  return definition.type === "union" ? definition.options : [];
}

/** The schemas that may stand at `path`. */
export function schemasAt(schema: Schema, path: Path): readonly Schema[] {
  return path.reduce<readonly Schema[]>(
    (schemas, key) => schemas.flatMap((parent) => childrenOf(parent, key)),
    [schema],
  );
}

/** A key that is accepted without effect, so that configurations of the Collector load; `loss` says what is lost. */
export function ignoredKey(loss: string): z.ZodOptional<z.ZodUnknown> {
  return z
    .unknown()
    .meta({ ignored: loss, description: `Accepted without effect: ${loss}.` })
    .optional();
}

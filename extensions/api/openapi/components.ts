import { z } from "zod";
import type { JsonSchema } from "./types.ts";

const place = "#/components/schemas/";

/** Collects the schemas that have a name (`.meta({ id })`), so that the document holds each once. */
export class SchemaComponents {
  readonly #schemas = new Map<string, JsonSchema>();

  get all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * The JSON Schema of `schema`, with references to the named ones.
   *
   * @param io what is taken (defaults may be left out) or what is answered
   */
  of(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const {
      $schema: _,
      $defs = {},
      ...json
    } = z.toJSONSchema(schema, {
      target: "draft-2020-12",
      io,
      unrepresentable: "any",
    }) as JsonSchema & { readonly $defs?: Readonly<Record<string, JsonSchema>> };
    const names = new Map(Object.entries($defs).map(([id, definition]) => [id, this.#nameOf(id, definition, io)]));
    const own = typeof json["id"] === "string" ? json["id"] : undefined;
    for (const [id, definition] of Object.entries($defs)) this.#schemas.set(names.get(id)!, pointed(definition, names));
    if (own === undefined) return pointed(json, names);
    const name = this.#nameOf(own, json, io);
    this.#schemas.set(name, pointed(json, names));
    return { $ref: place + name };
  }

  /** One name may be another schema when it is taken than when it is answered. */
  #nameOf(id: string, definition: JsonSchema, io: "input" | "output"): string {
    const known = this.#schemas.get(id);
    const isSame = known === undefined || JSON.stringify(known) === JSON.stringify(pointed(definition, new Map()));
    return isSame || io === "output" ? id : `${id}Input`;
  }
}

/** A copy whose references point into the document, without the marks that name schemas. */
function pointed(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  return copied(schema, names) as JsonSchema;
}

function copied(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => copied(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !(key === "id" && typeof item === "string"))
      .map(([key, item]) => [key, key === "$ref" ? reference(String(item), names) : copied(item, names)]),
  );
}

function reference(text: string, names: ReadonlyMap<string, string>): string {
  const id = decodeURIComponent(text.replace(/^#\/\$defs\//, ""));
  return place + (names.get(id) ?? id);
}

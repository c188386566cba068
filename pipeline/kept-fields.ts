/*
 * What a JSON span says in fields of its own that no column holds is kept in its attributes. Readers of spans give it back
 * in the same fields.
 */

/** Before the name of the field: `code` stands in the attribute `zeroeval.field.code`. */
export const keptFieldPrefix = "zeroeval.field.";

/**
 * The version of the prompt that a span was made with, a UUID: what `attributes.zeroeval.prompt_version_id` says, beside
 * `attributes.zeroeval` itself, so that it is found without reading JSON.
 */
export const promptVersionAttribute = "zeroeval.prompt_version_id";

/**
 * Fields of the API that are kept so; `status` where it is `unset`, which the column cannot tell from nothing. Fields that the
 * API does not know are kept in the same way, under their names.
 */
export const keptFields = [
  "code",
  "code_filepath",
  "code_lineno",
  "experiment_result_id",
  "ab_choices",
  "status",
] as const;
export type KeptField = (typeof keptFields)[number];

/** The attribute that keeps the field `name`. */
export function attributeOfField(name: string): string {
  return keptFieldPrefix + name;
}

/** The field that the attribute `key` keeps; undefined for an attribute that the sender has set. */
export function fieldOfAttribute(key: string): string | undefined {
  return key.startsWith(keptFieldPrefix) ? key.slice(keptFieldPrefix.length) : undefined;
}

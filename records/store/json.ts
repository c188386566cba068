import { z } from "zod";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const jsonObject = z.record(z.string(), z.unknown());

/** The object in a column that holds the JSON text of one. */
export function objectOf(text: string): JsonObject {
  return text === "" ? {} : (JSON.parse(text) as JsonObject);
}

/** Null where a column of text is empty. */
export function orNull(text: string): string | null {
  return text === "" ? null : text;
}

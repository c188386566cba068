import type { DerivedName } from "../../pipeline/span-batch/derived.ts";

/** How the entry of `Warnings` begins that says what `genai` found for `column` and could not take. */
export function refusedValueOf(column: DerivedName): string {
  return `genai: ${column}: `;
}

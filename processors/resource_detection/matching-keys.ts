import { Pattern } from "../helper/pattern.ts";

/** Longer than the key of a tag is on any cloud. */
const maxKeyLength = 1024;

/** Whether one of the patterns is found in a key. */
export function matchingKeys(patterns: readonly string[]): (key: string) => boolean {
  const made = patterns.map((text) => new Pattern(text, maxKeyLength));
  return (key) => made.some((pattern) => pattern.matches(key));
}

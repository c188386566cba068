import { beginsWord, endsWord, standsAt } from "./fold.ts";

/** A literal as the bytes to compare. */
export interface Needle {
  readonly bytes: Uint8Array;
  readonly caseSensitive: boolean;
  readonly wholeWord: boolean;
  readonly group: number;
}

/** Whether the needle stands at `at` within `[start, end)`. */
export function isFound(needle: Needle, bytes: Uint8Array, start: number, at: number, end: number): boolean {
  const behind = at + needle.bytes.length;
  if (at < start || behind > end || !standsAt(bytes, at, needle.bytes, needle.caseSensitive)) return false;
  return !needle.wholeWord || (beginsWord(bytes, start, at) && endsWord(bytes, behind, end));
}

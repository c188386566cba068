import { ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { AttributeAction } from "./attribute-actions.ts";
import { findEntry, putEntry } from "./attribute-owners.ts";
import { Pattern } from "./pattern.ts";

/** `extract`: sets one attribute for each named group that `patternText` finds in the text of `key`. */
export function extractAction(key: string, patternText: string, maxMatchLength: number): AttributeAction {
  const pattern = new Pattern(patternText, maxMatchLength);
  return {
    adds: pattern.groupNames,
    prepare: (owners) => {
      const { arena, table } = owners;
      const keyIndex = table.keys.find(key);
      if (keyIndex < 0) return undefined;
      const targets = new Map(pattern.groupNames.map((name) => [name, table.keys.find(name)]));
      return (owner) => {
        const entry = findEntry(owners, owner, keyIndex);
        if (entry < 0 || table.types[entry] !== ValueType.STRING) return;
        const length = table.words[2 * entry + 1]!;
        // A character takes at most 3 bytes per UTF-16 unit, so what is longer need not be decoded to be refused.
        if (length > 3 * maxMatchLength) return;
        const groups = pattern.groupsIn(arena.text(table.words[2 * entry]!, length));
        if (groups === undefined) return;
        for (const [name, text] of groups) {
          const start = arena.appendText(text);
          putEntry(owners, owner, targets.get(name)!, ValueType.STRING, start, arena.length - start);
        }
      };
    },
  };
}

import type { ClientContext } from "../../pipeline/batch.ts";
import { type AttributeValue, encodeValue } from "../../pipeline/span-batch/value.ts";
import type { SetActionConfig } from "./attribute-action-config.ts";
import type { AttributeAction, AttributeStep } from "./attribute-actions.ts";
import { type AttributeOwners, findEntry, putEntry } from "./attribute-owners.ts";

type Mode = SetActionConfig["action"];

/** `insert`, `update` and `upsert`. */
export function setAction(config: SetActionConfig): AttributeAction {
  const { action, key, value, from_attribute, from_context } = config;
  return {
    adds: action === "update" ? [] : [key],
    prepare: (owners, context) => {
      const keyIndex = owners.table.keys.find(key);
      if (keyIndex < 0) return undefined;
      if (from_attribute !== undefined) return copyStep(action, owners, keyIndex, from_attribute);
      const fixed = from_context === undefined ? value : valueInContext(from_context, context);
      return fixed === undefined ? undefined : fixedStep(action, owners, keyIndex, fixed);
    },
  };
}

/** Whether the attribute is left alone. */
function isLeft(mode: Mode, owners: AttributeOwners, owner: number, keyIndex: number): boolean {
  if (mode === "upsert") return false;
  const isThere = findEntry(owners, owner, keyIndex) >= 0;
  return mode === "insert" ? isThere : !isThere;
}

/** The value is written into the arena once; all owners share its range. */
function fixedStep(mode: Mode, owners: AttributeOwners, keyIndex: number, value: AttributeValue): AttributeStep {
  const { type, word0, word1 } = encodeValue(owners.arena, value);
  return (owner) => {
    if (!isLeft(mode, owners, owner, keyIndex)) putEntry(owners, owner, keyIndex, type, word0, word1);
  };
}

function copyStep(mode: Mode, owners: AttributeOwners, keyIndex: number, from: string): AttributeStep | undefined {
  const { table } = owners;
  const sourceIndex = table.keys.find(from);
  if (sourceIndex < 0) return undefined;
  return (owner) => {
    const source = findEntry(owners, owner, sourceIndex);
    if (source < 0 || isLeft(mode, owners, owner, keyIndex)) return;
    const type = table.types[source]! as ReturnType<typeof encodeValue>["type"];
    putEntry(owners, owner, keyIndex, type, table.words[2 * source]!, table.words[2 * source + 1]!);
  };
}

function valueInContext(path: string, context: ClientContext | undefined): string | undefined {
  const dot = path.indexOf(".");
  const name = path.slice(dot + 1);
  if (path.startsWith("auth.")) return context?.auth.get(name);
  return context?.metadata.get(name.toLowerCase())?.join(";");
}

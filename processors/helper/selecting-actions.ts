import { hash } from "node:crypto";
import { isRange, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { ByteDictionary } from "../../pipeline/span-batch/dictionary.ts";
import type { SelectionConfig } from "./attribute-action-config.ts";
import type { AttributeAction, AttributeStep } from "./attribute-actions.ts";
import type { AttributeOwners } from "./attribute-owners.ts";
import { Pattern } from "./pattern.ts";

/** `delete`: removes the attributes selected by key or pattern. */
export function deleteAction(config: SelectionConfig, maxMatchLength: number): AttributeAction {
  return selectingAction(config, maxMatchLength, ({ table }) => (entry) => {
    table.types[entry] = ValueType.DELETED;
  });
}

/** `hash`: replaces the values selected by key or pattern by their SHA-256. Nothing hashes to "". */
export function hashAction(config: SelectionConfig, maxMatchLength: number): AttributeAction {
  return selectingAction(config, maxMatchLength, (owners) => (entry) => {
    const { arena, table } = owners;
    const bytes = bytesOf(owners, entry);
    const start = arena.appendText(bytes.length === 0 ? "" : hash("sha256", bytes));
    table.types[entry] = ValueType.STRING;
    table.words[2 * entry] = start;
    table.words[2 * entry + 1] = arena.length - start;
  });
}

/** What is hashed of a value: its bytes; 8 little-endian bytes of a number; one byte of a boolean. */
function bytesOf({ arena, table }: AttributeOwners, entry: number): Uint8Array {
  const type = table.types[entry]!;
  const word0 = table.words[2 * entry]!;
  if (isRange(type)) return arena.bytes.subarray(word0, word0 + table.words[2 * entry + 1]!);
  if (type === ValueType.EMPTY) return new Uint8Array(0);
  if (type === ValueType.BOOL) return Uint8Array.of(word0);
  const number = Buffer.alloc(8);
  number.writeUInt32LE(word0, 0);
  number.writeUInt32LE(table.words[2 * entry + 1]!, 4);
  return number;
}

function selectingAction(
  config: SelectionConfig,
  maxMatchLength: number,
  actOn: (owners: AttributeOwners) => (entry: number) => void,
): AttributeAction {
  const pattern = config.pattern === undefined ? undefined : new Pattern(config.pattern, maxMatchLength);
  return {
    adds: [],
    prepare: (owners) => {
      const isSelected = selectKeys(owners.table.keys, config.key, pattern);
      return isSelected === undefined ? undefined : stepOver(owners, isSelected, actOn(owners));
    },
  };
}

/** Per key of the dictionary, 1 where it is selected; undefined when none is. */
function selectKeys(
  keys: ByteDictionary,
  key: string | undefined,
  pattern: Pattern | undefined,
): Uint8Array | undefined {
  const isSelected = new Uint8Array(keys.length);
  const index = key === undefined ? -1 : keys.find(key);
  if (index >= 0) isSelected[index] = 1;
  if (pattern !== undefined) {
    for (let i = 0; i < keys.length; i++) if (pattern.matches(keys.text(i))) isSelected[i] = 1;
  }
  return isSelected.includes(1) ? isSelected : undefined;
}

function stepOver(owners: AttributeOwners, isSelected: Uint8Array, actOn: (entry: number) => void): AttributeStep {
  const { table } = owners;
  return (owner) => {
    const end = owners.end(owner);
    for (let entry = owners.start(owner); entry < end; entry++) {
      if (isSelected[table.keyIndexes[entry]!] === 1 && table.types[entry] !== ValueType.DELETED) actOn(entry);
    }
  };
}

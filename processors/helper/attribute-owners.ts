import type { ByteArena } from "../../pipeline/span-batch/arena.ts";
import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";

/** What has attributes in one table of a batch: its spans, or its resources. Owners are numbers. */
export interface AttributeOwners {
  readonly arena: ByteArena;
  readonly table: AttributeTable;
  /** Entries `[start, end)` of the table. */
  start(owner: number): number;
  end(owner: number): number;
  move(owner: number, start: number, end: number): void;
}

/** Owners are rows of the batch. */
export function spansAsOwners(batch: SpanBatch): AttributeOwners {
  return {
    arena: batch.arena,
    table: batch.attributes,
    start: (row) => batch.attributeStart[row]!,
    end: (row) => batch.attributeEnd[row]!,
    move: (row, start, end) => {
      batch.attributeStart[row] = start;
      batch.attributeEnd[row] = end;
    },
  };
}

/** Owners are numbers of resources of the batch. */
export function resourcesAsOwners(batch: SpanBatch): AttributeOwners {
  return {
    arena: batch.arena,
    table: batch.resourceAttributes,
    start: (index) => batch.resources[index]!.attributeStart,
    end: (index) => batch.resources[index]!.attributeEnd,
    move: (index, start, end) => {
      const resource = batch.resources[index]!;
      resource.attributeStart = start;
      resource.attributeEnd = end;
    },
  };
}

/** The number of the owner's entry with that key, or -1. */
export function findEntry(owners: AttributeOwners, owner: number, keyIndex: number): number {
  return owners.table.find(owners.start(owner), owners.end(owner), keyIndex);
}

function findDeleted(table: AttributeTable, start: number, end: number): number {
  for (let entry = start; entry < end; entry++) if (table.types[entry] === ValueType.DELETED) return entry;
  return -1;
}

/** Gives the owner's attribute a value: in its entry, in a deleted one, or in a new one. */
export function putEntry(
  owners: AttributeOwners,
  owner: number,
  keyIndex: number,
  type: ValueType,
  word0: number,
  word1: number,
): void {
  const { table } = owners;
  const start = owners.start(owner);
  const end = owners.end(owner);
  const entry = table.find(start, end, keyIndex);
  const place = entry >= 0 ? entry : findDeleted(table, start, end);
  if (place >= 0) {
    table.keyIndexes[place] = keyIndex;
    table.types[place] = type;
    table.words[2 * place] = word0;
    table.words[2 * place + 1] = word1;
    return;
  }
  const moved = table.toEnd(start, end);
  table.push(keyIndex, type, word0, word1);
  owners.move(owner, moved, table.length);
}

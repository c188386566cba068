import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { BlockBuilder, keptRows } from "./block.ts";
import { daysOf, rowsByDay } from "./days.ts";
import type { TableTarget } from "./table.ts";

/** The table of spans. @param name quoted, with its database */
export function tracesTarget(name: string): TableTarget<SpanBatch> {
  return { name, signal: "traces", createBuilder: () => new BlockBuilder(), daysOf, rowsByDay, keptRows };
}

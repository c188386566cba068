import type { SpanBatch } from "./span-batch.ts";

/** Says whose all spans of `batch` are. @param project as stored; empty where they are the default project's */
export function setProject(batch: SpanBatch, project: string): void {
  if (project === "" || batch.length === 0) return;
  const column = batch.deriveColumn("ProjectId");
  const token = batch.tokens.internText(project);
  for (let row = 0; row < batch.length; row++) column.setIndex(row, token);
}

import type { RecordsConfig } from "../config.ts";

/** What one insert may hold: a request of 128 MiB is not kept a second time as one text. */
export type InsertBounds = Pick<RecordsConfig, "max_insert_rows" | "max_insert_characters">;

/** `rows` in groups that are not too large for one insert; a row that is too large by itself stands alone. */
export function* chunksOf<Row extends object>(
  rows: readonly Row[],
  { max_insert_rows: maxRows, max_insert_characters: maxCharacters }: InsertBounds,
): Generator<readonly Row[]> {
  let start = 0;
  let characters = 0;
  for (const [index, row] of rows.entries()) {
    const size = sizeOf(row);
    if (index > start && (index - start === maxRows || characters + size > maxCharacters)) {
      yield rows.slice(start, index);
      start = index;
      characters = 0;
    }
    characters += size;
  }
  if (start < rows.length) yield rows.slice(start);
}

function sizeOf(row: object): number {
  let size = 0;
  for (const value of Object.values(row)) size += typeof value === "string" ? value.length : 8;
  return size;
}

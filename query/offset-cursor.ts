import { badCursor, readCursor, writeCursor } from "./cursor.ts";

/** A cursor of a list that is read by offset: how many rows came before. @param list and its order */
export function offsetCursor(list: string, offset: number): string {
  return writeCursor(list, [String(offset)]);
}

/** @throws {ApiError} 400: it is none of this list */
export function offsetOf(list: string, cursor: string | undefined, offset: number): number {
  if (cursor === undefined) return offset;
  const [text] = readCursor(list, cursor, 1);
  const before = Number(text);
  if (typeof text !== "string" || !/^\d{1,10}$/.test(text) || before >= 2 ** 31) throw badCursor();
  return before + offset;
}

/** Pages of such a list, and all that come behind them where `all` says so. */
export async function* pagesByOffset<Row>(
  first: readonly Row[],
  limit: number,
  read: ((offset: number) => Promise<readonly Row[]>) | undefined,
): AsyncGenerator<readonly Row[]> {
  let offset = 0;
  for (let rows = first; ; ) {
    yield rows;
    if (read === undefined || rows.length < limit) return;
    offset += rows.length;
    rows = await read(offset);
  }
}

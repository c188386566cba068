import { expect } from "vitest";
import { cursorPosition, type ListPage, type Position, positionCursor, type SortKey } from "../../query/position.ts";

export interface Page {
  readonly after: Position | undefined;
  readonly limit: number;
}

/** All rows of a list page by page, each behind a cursor of the page before; what is done when some have been read. */
export async function paged<Row>(
  read: (page: Page) => Promise<ListPage<Row>>,
  key: SortKey,
  limit: number,
  meanwhile: (page: number) => Promise<void> = () => Promise.resolve(),
): Promise<Row[]> {
  const rows: Row[] = [];
  let after: Position | undefined;
  for (let page = 0; page < 1_000; page++) {
    const found = await read({ after, limit });
    rows.push(...found.rows);
    if (found.next === undefined) return rows;
    expect(found.rows).toHaveLength(limit);
    const cursor = positionCursor("list", found.next);
    expect(cursor.length).toBeLessThan(4_096);
    after = cursorPosition("list", cursor, key, () => true);
    await meanwhile(page);
  }
  throw new Error("the list has no end");
}

export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

import type { ApiReply, ApiRequest } from "../extensions/api/http/route.ts";
import type { ReadsConfig } from "./config.ts";
import { type FormatRequest, listAnswer } from "./export/answer.ts";
import type { ExportRow, ExportTable } from "./export/table.ts";
import { cursorPosition, type ListPage, type Position, positionCursor, type SortKey } from "./position.ts";

/** What a request says of the part that it wants. */
export interface PartQuery {
  readonly cursor?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly count: boolean;
  readonly all: boolean;
}

/** A list whose parts begin at a place in its order. */
export interface PositionList {
  readonly table: ExportTable;
  /** Cursors of another order are refused. */
  readonly order: string;
  readonly key: SortKey;
  /** Whether a text is an id as stored. */
  readonly isId: (text: string) => boolean;
  /** A page of as many rows as the request's limit, or fewer where the list ends. @param after undefined: from the start */
  readonly read: (after: Position | undefined) => Promise<ListPage<ExportRow>>;
  /** All rows behind a position, some at a time. */
  readonly readAll: (after: Position | undefined) => AsyncGenerator<readonly ExportRow[]>;
  /** How many rows there are all in all. */
  readonly size: () => Promise<number>;
}

/** Answers a page of a list, or all of it. @throws {ApiError} 400: the cursor is none of this list */
export async function answerByPosition(
  request: ApiRequest<unknown, PartQuery & FormatRequest["query"]>,
  { table, order, key, isId, read, readAll, size }: PositionList,
  bounds: ReadsConfig,
): Promise<ApiReply> {
  const { cursor, count, all } = request.query;
  const list = `${table.name} ${order}`;
  const after = cursor === undefined ? undefined : cursorPosition(list, cursor, key, isId);
  if (all) {
    const total = count ? await size() : undefined;
    return listAnswer(request, { table, pages: readAll(after), total }, bounds);
  }
  const [{ rows, next }, total] = await Promise.all([read(after), count ? size() : undefined]);
  const cursorOfNext = next === undefined ? undefined : positionCursor(list, next);
  return listAnswer(request, { table, pages: onlyPage(rows), total, next: cursorOfNext }, bounds);
}

async function* onlyPage<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}

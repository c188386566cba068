import type { ApiReply, ApiRequest } from "../extensions/api/http/route.ts";
import { badCursor, readCursor, writeCursor } from "./cursor.ts";
import { type FormatRequest, listAnswer } from "./export/answer.ts";
import type { ExportRow, ExportTable } from "./export/table.ts";

/** A list whose parts are named by how many rows come before them. */
export interface OffsetList {
  readonly table: ExportTable;
  /** Cursors of another order are refused. */
  readonly order: string;
  /** A page of as many rows as the request's limit, or fewer where the list ends. */
  readonly read: (offset: number) => Promise<readonly ExportRow[]>;
  /** How many rows there are all in all. */
  readonly size: () => Promise<number>;
}

/** What a request says of the part that it wants. */
interface PartQuery {
  readonly cursor?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly count: boolean;
  readonly all: boolean;
}

/** Answers a page of a list, or all of it. @throws {ApiError} 400: the cursor is none of this list */
export async function answerByOffset(
  request: ApiRequest<unknown, PartQuery & FormatRequest["query"]>,
  { table, order, read, size }: OffsetList,
): Promise<ApiReply> {
  const { cursor, offset, limit, count, all } = request.query;
  const list = `${table.name} ${order}`;
  const start = offsetOf(list, cursor, offset);
  const readFrom = (from: number) => read(start + from);
  const [first, total] = await Promise.all([readFrom(0), count ? size() : undefined]);
  const isLast = all || first.length < limit;
  return listAnswer(request, {
    table,
    pages: pagesByOffset(first, limit, all ? readFrom : undefined),
    total,
    next: isLast ? undefined : writeCursor(list, [String(start + first.length)]),
  });
}

/** How many rows come before the part. @throws {ApiError} 400: the cursor is none of this list */
function offsetOf(list: string, cursor: string | undefined, offset: number): number {
  if (cursor === undefined) return offset;
  const [text] = readCursor(list, cursor, 1);
  const before = Number(text);
  if (typeof text !== "string" || !/^\d{1,10}$/.test(text) || before >= 2 ** 31) throw badCursor();
  return before + offset;
}

/** Pages of such a list, and all that come behind them where `all` says so. */
async function* pagesByOffset<Row>(
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

import type { ApiReply, ApiRequest } from "../extensions/api/http/route.ts";
import type { ReadsConfig } from "./config.ts";
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
  /** All rows behind so many, some at a time. */
  readonly readAll: (offset: number) => AsyncGenerator<readonly ExportRow[]>;
  /** How many rows there are all in all. */
  readonly size: () => Promise<number>;
}

/** What a request says of the part that it wants. */
export interface PartQuery {
  readonly cursor?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly count: boolean;
  readonly all: boolean;
}

/** Answers a page of a list, or all of it. @throws {ApiError} 400: the cursor is none of this list */
export async function answerByOffset(
  request: ApiRequest<unknown, PartQuery & FormatRequest["query"]>,
  { table, order, read, readAll, size }: OffsetList,
  bounds: ReadsConfig,
): Promise<ApiReply> {
  const { cursor, offset, limit, count, all } = request.query;
  const list = `${table.name} ${order}`;
  const start = offsetOf(list, cursor, offset);
  if (all) {
    const total = count ? await size() : undefined;
    return listAnswer(request, { table, pages: readAll(start), total }, bounds);
  }
  const [rows, total] = await Promise.all([read(start), count ? size() : undefined]);
  const next = rows.length < limit ? undefined : writeCursor(list, [String(start + rows.length)]);
  return listAnswer(request, { table, pages: onlyPage(rows), total, next }, bounds);
}

/** How many rows come before the part. @throws {ApiError} 400: the cursor is none of this list */
function offsetOf(list: string, cursor: string | undefined, offset: number): number {
  if (cursor === undefined) return offset;
  const [text] = readCursor(list, cursor, 1);
  const before = Number(text);
  if (typeof text !== "string" || !/^\d{1,10}$/.test(text) || before >= 2 ** 31) throw badCursor();
  return before + offset;
}

export async function* onlyPage<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}

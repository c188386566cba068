import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { z } from "zod";
import { bool, oneOf } from "../../extensions/api/http/params.ts";
import { ApiReply } from "../../extensions/api/http/route.ts";
import type { ReadsConfig } from "../config.ts";
import { csvOf } from "./csv.ts";
import { jsonOf, ndjsonOf } from "./json.ts";
import { parquetOf } from "./parquet.ts";
import type { ExportRow, ExportTable } from "./table.ts";

const formats = ["json", "ndjson", "csv", "parquet"] as const;
export type ExportFormat = (typeof formats)[number];

/** The parameter `format` of lists. */
export const formatParameter = oneOf(formats)
  .optional()
  .describe(
    "Format of the answer; also by the header Accept (application/x-ndjson, text/csv, application/vnd.apache.parquet). In CSV, texts that a spreadsheet would take for formulas get an apostrophe before them.",
  );

/** The parameter `all` of lists. */
export const allParameter = bool
  .prefault("false")
  .describe("Whether to answer every row that fits, page after page as a stream; limit is then the size of a page.");

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  json: "application/json; charset=utf-8",
  ndjson: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
  parquet: "application/vnd.apache.parquet",
};

/** For the description of a list: its rows in JSON, and the other formats that it comes in. */
export function listSchema<Row extends z.ZodType>(row: Row) {
  const others = formats.filter((format) => format !== "json").map((format) => contentTypes[format].split(";")[0]);
  return z.array(row).meta({ otherContentTypes: others });
}

/** A list as it is answered. */
export interface ListContent {
  readonly table: ExportTable;
  /** Rows, some at a time: memory holds these alone. */
  readonly pages: AsyncGenerator<readonly ExportRow[]>;
  /** How many rows fit all in all, for X-Total-Count; undefined: nobody asked. */
  readonly total?: number | undefined;
  /** For X-Next-Cursor; undefined: this is the last page. */
  readonly next?: string | undefined;
}

/** What a request says of the format it wants. */
export interface FormatRequest {
  readonly query: { readonly format?: ExportFormat | undefined };
  readonly headers: IncomingHttpHeaders;
}

/** Answers a list in the format that was asked for. An error while the first rows are read is answered as one. */
export async function listAnswer(
  request: FormatRequest,
  { table, pages, total, next }: ListContent,
  { parquet_rows_per_group: rowsPerGroup }: ReadsConfig,
): Promise<ApiReply> {
  const format = request.query.format ?? acceptedFormat(request.headers.accept);
  const isFile = format === "csv" || format === "parquet";
  const headers = {
    "content-type": contentTypes[format],
    vary: "accept",
    ...(total === undefined ? {} : { "x-total-count": String(total) }),
    ...(next === undefined ? {} : { "x-next-cursor": next }),
    ...(isFile ? { "content-disposition": `attachment; filename="${table.name}.${format}"` } : {}),
  };
  const [first, second] = [await pages.next(), await pages.next()];
  const rest = resumed(first, second, pages);
  const content = contentOf(format, table, rest, rowsPerGroup);
  if (second.done !== true) return new ApiReply(200, Readable.from(content, { objectMode: false }), headers);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return new ApiReply(200, Buffer.concat(chunks), headers);
}

type Rows = IteratorResult<readonly ExportRow[]>;

async function* resumed(first: Rows, second: Rows, pages: AsyncGenerator<readonly ExportRow[]>) {
  if (first.done !== true) yield first.value;
  if (second.done !== true) yield second.value;
  yield* pages;
}

function contentOf(
  format: ExportFormat,
  table: ExportTable,
  pages: AsyncIterable<readonly ExportRow[]>,
  rowsPerGroup: number,
): AsyncGenerator<string | Buffer> {
  switch (format) {
    case "json":
      return jsonOf(pages);
    case "ndjson":
      return ndjsonOf(pages);
    case "csv":
      return csvOf(table, pages);
    case "parquet":
      return parquetOf(table, pages, rowsPerGroup);
  }
}

function acceptedFormat(accept: string | undefined): ExportFormat {
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const type = range.split(";", 1)[0]!.trim();
    if (type === "application/x-ndjson" || type === "application/ndjson") return "ndjson";
    if (type === "text/csv") return "csv";
    if (type === "application/vnd.apache.parquet") return "parquet";
    if (type === "application/json") return "json";
  }
  return "json";
}

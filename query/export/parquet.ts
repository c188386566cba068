import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { encodeColumn, physicalTypes } from "./parquet-column.ts";
import type { ExportRow, ExportTable } from "./table.ts";
import { ThriftWriter } from "./thrift.ts";

/*
 * Parquet with what every reader understands: optional columns, plain values, one page a column chunk, gzip. A row group is
 * a few pages of the list, so that memory holds those alone; only a few numbers of each are kept for the footer.
 */

const magic = Buffer.from("PAR1");
const optional = 1;
const dataPage = 0;
const encodings = { plain: 0, rle: 3 } as const;
const gzipped = 2;
const compress = promisify(gzip);
/** Fast: exports are read once. */
const level = 1;

interface Chunk {
  readonly offset: number;
  readonly bytes: number;
  readonly plainBytes: number;
}

interface Group {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

/** @param rowsPerGroup which memory holds @see https://github.com/apache/parquet-format */
export async function* parquetOf(
  table: ExportTable,
  pages: AsyncIterable<readonly ExportRow[]>,
  rowsPerGroup: number,
): AsyncGenerator<Buffer> {
  const groups: Group[] = [];
  let offset = magic.length;
  let rows: ExportRow[] = [];
  const group = async (): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    const chunks: Chunk[] = [];
    for (const column of table.columns) {
      const { header, body, plainBytes } = await pageOf(encodeColumn(column, rows), rows.length);
      const bytes = header.length + body.length;
      chunks.push({ offset, bytes, plainBytes: plainBytes + header.length });
      offset += bytes;
      pieces.push(header, body);
    }
    groups.push({ rows: rows.length, chunks });
    rows = [];
    return Buffer.concat(pieces);
  };
  yield magic;
  for await (const page of pages) {
    for (const row of page) {
      rows.push(row);
      if (rows.length === rowsPerGroup) yield await group();
    }
  }
  if (rows.length > 0) yield await group();
  const footer = footerOf(table, groups);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  yield Buffer.concat([footer, length, magic]);
}

async function pageOf(plain: Buffer, rows: number) {
  const body = await compress(plain, { level });
  const thrift = new ThriftWriter();
  thrift.i32(1, dataPage);
  thrift.i32(2, plain.length);
  thrift.i32(3, body.length);
  thrift.struct(5, () => {
    thrift.i32(1, rows);
    thrift.i32(2, encodings.plain);
    thrift.i32(3, encodings.rle);
    thrift.i32(4, encodings.rle);
  });
  thrift.end();
  return { header: thrift.bytes(), body, plainBytes: plain.length };
}

function footerOf({ columns }: ExportTable, groups: readonly Group[]): Buffer {
  const thrift = new ThriftWriter();
  thrift.i32(1, 1);
  thrift.structs(2, [undefined, ...columns], (column) => {
    if (column === undefined) {
      thrift.text(4, "schema");
      thrift.i32(5, columns.length);
      return;
    }
    const { type, converted } = physicalTypes[column.type];
    thrift.i32(1, type);
    thrift.i32(3, optional);
    thrift.text(4, column.name);
    if (converted !== undefined) thrift.i32(6, converted);
  });
  thrift.i64(
    3,
    groups.reduce((sum, { rows }) => sum + rows, 0),
  );
  thrift.structs(4, groups, ({ rows, chunks }) => {
    thrift.structs(1, chunks, (chunk) => writeChunk(thrift, chunk, rows, columns[chunks.indexOf(chunk)]!));
    thrift.i64(
      2,
      chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0),
    );
    thrift.i64(3, rows);
  });
  thrift.text(6, "signalbox");
  thrift.end();
  return thrift.bytes();
}

function writeChunk(
  thrift: ThriftWriter,
  { offset, bytes, plainBytes }: Chunk,
  rows: number,
  { name, type }: ExportTable["columns"][number],
): void {
  thrift.i64(2, offset);
  thrift.struct(3, () => {
    thrift.i32(1, physicalTypes[type].type);
    thrift.i32s(2, [encodings.plain, encodings.rle]);
    thrift.texts(3, [name]);
    thrift.i32(4, gzipped);
    thrift.i64(5, rows);
    thrift.i64(6, plainBytes);
    thrift.i64(7, bytes);
    thrift.i64(9, offset);
  });
}

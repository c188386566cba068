import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

/** Bytes of texts that are packed together: those of a granule. */
const blockBytes = 8_192;

/** Of the key and what else is compared. */
export const packed = "CODEC(LZ4)";

/** What one table of texts has of its own. */
export interface TextTableOptions {
  readonly table: string;
  /** Of its first migration. */
  readonly name: string;
  /** Before the text. */
  readonly columns: readonly ColumnDefinition[];
  readonly orderBy: string;
  /** Settings beside those of all. */
  readonly settings?: readonly string[];
}

/**
 * A table of what pages show of something, in one text (`Row`): a roll-up keeps it in many files, of which a page opens each at as many
 * places as it has rows. Read by ids alone.
 */
export function textTableSchema({ table, name, columns, orderBy, settings = [] }: TextTableOptions): TableSchema {
  return settledTableSchema({
    table,
    name,
    codec: packed,
    // Half of what LZ4 leaves of JSON, for 1 ms a page.
    columns: [...columns, settledColumn("Row", "String", "CODEC(ZSTD(1))")],
    orderBy,
    // A page reads a row here and there, and with each of them its granule.
    granularity: 32,
    widePartBytes: 1,
    settings: [`min_compress_block_size = ${blockBytes}, max_compress_block_size = ${blockBytes}`, ...settings].join(
      ", ",
    ),
  });
}

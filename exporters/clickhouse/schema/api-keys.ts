import type { ColumnDefinition } from "../encode/column-group.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/*
 * Keys of the API. A key itself is nowhere, only its SHA-256. What happens to a key is a row more: merges keep the greatest
 * value of each column, so that no row that comes late or twice, from whichever process, takes a revocation back.
 */

const greatest = (name: string, type: string): ColumnDefinition => {
  const whole = `SimpleAggregateFunction(max, ${type})`;
  return { name, type: whole, ddl: whole };
};
const text = (name: string): ColumnDefinition => greatest(name, "String");
/** 1970 where it has not happened. */
const time = (name: string): ColumnDefinition => greatest(name, "DateTime64(3, 'UTC')");

const columns: readonly ColumnDefinition[] = [
  { name: "KeyId", type: "String", ddl: "String" },
  /** Lower-case hexadecimal SHA-256 of the key. */
  text("Hash"),
  /** The first characters of the key, by which people know it again. */
  text("Prefix"),
  text("Name"),
  /** As in the other tables: empty for the default project. */
  text("ProjectId"),
  text("ProjectName"),
  text("WorkspaceId"),
  /** `read_write` or `read_only`. */
  text("Access"),
  time("CreatedAt"),
  time("RevokedAt"),
  /** To the hour. */
  time("LastUsedAt"),
];

export const apiKeysTable = "api_keys";

export const apiKeysSchema: TableSchema = {
  table: apiKeysTable,
  columns,
  deduplicated: [],
  migrations: (ddl) => [
    {
      version: 1,
      name: "keys of the API",
      statements: [
        createTable(ddl, { table: apiKeysTable, lines: columnLines(columns), engine: "Aggregating", orderBy: "KeyId" }),
      ],
    },
  ],
};

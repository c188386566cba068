import type { ColumnDefinition } from "../encode/column-group.ts";
import type { JsonValue } from "../native-reader.ts";

/** A column of a table that is inserted row by row, and where its value comes from. */
export interface RowColumn<Source> extends ColumnDefinition {
  /** The value as JSONEachRow takes it; undefined stands for the column's default. */
  readonly value: (source: Source) => JsonValue | undefined;
  /** The column's default is another text than the empty one, which is written then. */
  readonly hasOwnDefault?: boolean;
}

export const attributesType = "Map(LowCardinality(String), String)";
export const tokenType = "LowCardinality(String)";
export const timeType = "DateTime64(9)";

export function column<Source>(
  name: string,
  type: string,
  value: (source: Source) => JsonValue | undefined,
): RowColumn<Source> {
  const codec = type === timeType ? "CODEC(Delta(8), ZSTD(1))" : "CODEC(ZSTD(1))";
  return { name, type, ddl: `${type} ${codec}`, value };
}

/** The columns of `source` as members of a JSON object, without its braces. Texts that are the default are left out. */
export function membersOf<Source>(columns: readonly RowColumn<Source>[], source: Source): string {
  const members: string[] = [];
  for (const { name, value, hasOwnDefault } of columns) {
    const found = value(source);
    if (found !== undefined && (found !== "" || hasOwnDefault === true))
      members.push(`${JSON.stringify(name)}:${JSON.stringify(found)}`);
  }
  return members.join(",");
}

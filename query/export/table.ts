/** How a column is written where rows have fixed columns. */
export type ExportType = "text" | "number" | "integer" | "boolean" | "time" | "json";

export interface ExportColumn {
  /** Of the member of a row; null and missing members are empty cells. */
  readonly name: string;
  readonly type: ExportType;
}

export type ExportRow = Readonly<Record<string, unknown>>;

/** The columns of a list, for formats that have some. */
export interface ExportTable {
  /** Of the file. */
  readonly name: string;
  readonly columns: readonly ExportColumn[];
}

/** A table of columns given by type. Members of rows that are not named are left out. */
export function exportTable(
  name: string,
  columns: Readonly<Partial<Record<ExportType, readonly string[]>>>,
  order: readonly string[],
): ExportTable {
  const typeOf = new Map(
    (Object.entries(columns) as [ExportType, readonly string[]][]).flatMap(([type, names]) =>
      names.map((column) => [column, type] as const),
    ),
  );
  return { name, columns: order.map((column) => ({ name: column, type: typeOf.get(column) ?? "text" })) };
}

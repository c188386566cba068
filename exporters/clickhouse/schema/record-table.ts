import type { ColumnDefinition } from "../encode/column-group.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/*
 * Tables of records: things that people and SDKs make and change, such as prompts and feedback. A change is a new row of
 * the same key; the row with the greatest UpdatedAt is the record, and a row that says IsDeleted takes it away. One
 * declaration makes the table, the rows' type and the columns that are read.
 */

/** A column and, by its type parameter, what its values are in JavaScript. */
export interface RecordColumn<Value> {
  readonly type: string;
  readonly ddl: string;
  /** Never there: it only carries the type. */
  readonly value?: Value;
}

function column<Value>(type: string, codec = "CODEC(ZSTD(1))"): RecordColumn<Value> {
  return { type, ddl: `${type} ${codec}` };
}

/** Text; also JSON text, and ids as UUIDs with hyphens, empty where there is none. */
export function text<Value extends string = string>(): RecordColumn<Value> {
  return column("String");
}

/** Text of few distinct values. */
export function token<Value extends string = string>(): RecordColumn<Value> {
  return column("LowCardinality(String)");
}

/** 0 to 2^32 - 1. */
export const count: RecordColumn<number> = column("UInt32");
export const float: RecordColumn<number> = column("Float64");
export const optionalFloat: RecordColumn<number | null> = column("Nullable(Float64)");
export const flag: RecordColumn<boolean> = column("Bool");
/** ISO 8601 in UTC with six digits after the second. */
export const time: RecordColumn<string> = column("DateTime64(6, 'UTC')", "CODEC(Delta(8), ZSTD(1))");

type Columns = Readonly<Record<string, RecordColumn<unknown>>>;

/** What every record has. */
const common = {
  CreatedAt: time,
  UpdatedAt: time,
  /** Id of the key that made it. */
  CreatedBy: text(),
  /** Id of the key that changed it last. */
  UpdatedBy: text(),
  IsDeleted: flag,
} as const satisfies Columns;

const project = { ProjectId: token() } as const;

type ValueOf<C> = C extends RecordColumn<infer Value> ? Value : never;
type ValuesOf<C extends Columns> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

/** What a record is besides its own fields. */
export type RecordFrame = ValuesOf<typeof project & typeof common>;
/** A row as it is read and written. */
export type RecordRow<Fields> = Fields & RecordFrame;
/** Rows of a table. */
export type RowOf<T> = T extends RecordTable<infer Fields> ? RecordRow<Fields> : never;

/** A table of records that have `Fields`. */
export interface RecordTable<Fields> {
  /** Not quoted. */
  readonly name: string;
  /** Fields that, after the project, name a record. */
  readonly key: readonly (keyof Fields & string)[];
  /** All columns, ProjectId first. */
  readonly columns: readonly ColumnDefinition[];
  readonly schema: TableSchema;
}

interface Declaration<C extends Columns> {
  readonly name: string;
  /** What one row is, for the log. */
  readonly of: string;
  readonly fields: C;
  readonly key: readonly (keyof C & string)[];
  /** Fields by which records are looked up besides. */
  readonly lookups?: readonly (keyof C & string)[];
  /** Whether rows grow old as spans do. What people made stays. */
  readonly ages?: boolean;
}

export function recordTable<const C extends Columns>(declaration: Declaration<C>): RecordTable<ValuesOf<C>> {
  const { name, fields, key } = declaration;
  const columns = Object.entries({ ...project, ...fields, ...common }).map(([column, { type, ddl }]) => ({
    name: column,
    type,
    ddl,
  }));
  return { name, key, columns, schema: schemaOf(declaration, columns) };
}

function schemaOf<C extends Columns>(
  { name, of, key, lookups = [], ages = false }: Declaration<C>,
  columns: readonly ColumnDefinition[],
): TableSchema {
  const rows = { table: name, ...(ages ? { time: "toDateTime(CreatedAt)", hasProjects: true } : {}) };
  const indexes = lookups.map((field) => `INDEX idx_${field} ${field} TYPE bloom_filter(0.001) GRANULARITY 1`);
  return {
    table: name,
    columns,
    // Records that may exist once are claimed with a token: see records/store/records.ts.
    deduplicated: [name],
    expiring: ages ? [rows] : [],
    migrations: (ddl) => [
      {
        version: 1,
        name: of,
        statements: [
          createTable(ddl, {
            ...rows,
            lines: [...columnLines(columns), ...indexes],
            engine: "Replacing",
            version: "UpdatedAt",
            orderBy: `(${["ProjectId", ...key].join(", ")})`,
          }),
        ],
      },
    ],
  };
}

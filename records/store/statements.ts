import type { RecordRow, RecordTable } from "../../exporters/clickhouse/schema/record-table.ts";
import { allOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../query/sql.ts";

/** Fields and the values they must have. */
export type Match<F> = Partial<F>;

/** Which records, and in what order. */
export interface Selection<F> {
  /** As stored. */
  readonly project: string;
  readonly match?: Match<F>;
  /** Of the newest rows. */
  readonly where?: Sql | undefined;
  /** Our own text after ORDER BY; ends with the key, so that pages do not overlap. */
  readonly orderBy?: string;
  readonly limit?: number;
  readonly offset?: number;
  /** Fields that are read; without it all of them. */
  readonly fields?: readonly (keyof RecordRow<F> & string)[];
}

/** SELECT of the newest row of each record. @param from the table's quoted name with its database */
export function selectRecords<F>(table: RecordTable<F>, from: string, selection: Selection<F>): Statement {
  const { orderBy = table.key.join(", "), limit, offset = 0, fields } = selection;
  const columns = fields ?? table.columns.map(({ name }) => name);
  return statementOf(sql`SELECT ${raw(columns.join(", "))}
    FROM ${raw(from)} FINAL
    WHERE ${conditionOf(table, selection)}
    ORDER BY ${raw(orderBy)}
    ${limit === undefined ? nothing : sql`LIMIT ${param("UInt32", limit)}`}
    ${offset === 0 ? nothing : sql`OFFSET ${param("UInt32", offset)}`}`);
}

export function countRecords<F>(table: RecordTable<F>, from: string, selection: Selection<F>): Statement {
  return statementOf(sql`SELECT count() AS Count
    FROM ${raw(from)} FINAL
    WHERE ${conditionOf(table, selection)}`);
}

function conditionOf<F>(table: RecordTable<F>, { project, match = {}, where }: Selection<F>): Sql {
  return allOf([ofProject(project), ...matchOf(table, match), where, raw("NOT IsDeleted")]);
}

/** Conditions of equality; names and types are the declaration's. */
function matchOf<F>({ columns }: RecordTable<F>, match: object): Sql[] {
  return Object.entries(match).map(([name, value]) => {
    const field = columns.find((column) => column.name === name);
    if (field === undefined) throw new Error(`records: there is no field ${JSON.stringify(name)}`);
    return sql`${raw(name)} = ${param(plainType(field.type), value)}`;
  });
}

/** The type of a parameter for values of a column. */
function plainType(type: string): string {
  return /^(?:LowCardinality|Nullable)\((.*)\)$/.exec(type)?.[1] ?? type;
}

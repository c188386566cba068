import type { StoreTables } from "./reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "./sql.ts";

/*
 * Traces in which some span stands several times in the table of spans: it was sent twice, or changed. The roll-up of traces
 * tells them: it has more rows of spans than different spans. Two spans of one hash look the same, which does no harm: what
 * is put together of one version is that version.
 */

export interface RepeatedScope {
  /** As stored. */
  readonly project: string;
  readonly tables: StoreTables;
  /** Conditions on rows of the roll-up: `Hour`, `TraceId`. */
  readonly rows: readonly Sql[];
}

/** Their ids as stored; `many`: more than a statement is told by name. */
export type Repeated = readonly string[] | "many";

/** Ids that a statement is told: they travel in the address of the request, which servers bound. */
const maxListed = 300;

export function repeatedStatement(scope: RepeatedScope): Statement {
  return statementOf(sql`SELECT TraceId FROM ${repeatedTraces(scope)} LIMIT ${raw(String(maxListed + 1))}`);
}

export function repeatedOf(rows: readonly { readonly TraceId: string }[]): Repeated {
  return rows.length > maxListed ? "many" : rows.map(({ TraceId }) => TraceId);
}

/** What stands behind `TraceId IN`. */
export function repeatedSet(repeated: Repeated, scope: RepeatedScope): Sql {
  return repeated === "many" ? repeatedTraces(scope) : sql`${param("Array(String)", repeated)}`;
}

/** The lengths alone find the few traces of which the hashes have to be compared. */
function repeatedTraces({ project, tables, rows }: RepeatedScope): Sql {
  const condition = allOf([ofProject(project), ...rows]);
  return sql`(SELECT TraceId FROM ${raw(tables.traces)}
    WHERE ${condition} AND TraceId IN (
      SELECT TraceId FROM ${raw(tables.traces)} WHERE ${condition}
      GROUP BY TraceId HAVING sum(RowCount) != sum(length(SpanHashes)) OR countIf(RowCount > 0) > 1)
    GROUP BY TraceId HAVING sum(RowCount) > length(groupUniqArrayArray(SpanHashes)))`;
}

import {
  settledTraceRowColumns,
  settledTraceRowsTable,
} from "../../../exporters/clickhouse/schema/settled-trace-rows.ts";
import type { Reader } from "../../reader.ts";
import type { SelectedRows, Stretch } from "../../settled/settlement.ts";
import { type StretchCounts, scopeOfStretch } from "../../settled/trace-stretch.ts";
import { param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { stretchTraces } from "../stretch-traces.ts";
import { traceText } from "./text.ts";

/*
 * Rows of the traces that begin in a stretch, made with its row of the index (`index/settle.ts`).
 */

/** Bytes of a text that is kept. No option: what is said of traces with longer ones is read from the roll-up. */
const mostBytes = 4_096;

export function rowsOfStretch(reader: Reader, stretch: Stretch, counts: Pick<StretchCounts, "Version">): SelectedRows {
  return {
    table: settledTraceRowsTable,
    columns: settledTraceRowColumns.map(({ name }) => name),
    select: rowsStatement(reader, stretch, counts),
  };
}

function rowsStatement(reader: Reader, stretch: Stretch, { Version }: Pick<StretchCounts, "Version">): Statement {
  const scope = scopeOfStretch(reader, stretch, { index: 0, of: 1 });
  return statementOf(sql`SELECT ${param("String", stretch.project)}, toDateTime(${param("UInt32", stretch.hour)}, 'UTC'), ${param("UInt64", Version)},
  toUUIDOrZero(TraceId), ${param("Int64", stretch.mark)}, text
FROM (
${stretchTraces(stretch, scope, { fromSpans: true, columns: [], made: `${traceText} AS text` })}
)
WHERE begins AND isId AND length(text) <= ${raw(String(mostBytes))}`);
}

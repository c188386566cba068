import {
  settledTraceRowsSchema,
  settledTraceRowsTable,
} from "../../../exporters/clickhouse/schema/settled-trace-rows.ts";
import type { SelectedRows, Stretch } from "../../settled/settlement.ts";
import { param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { exactTraces, type MadeOf } from "../stretch-traces.ts";
import { traceText } from "./text.ts";

/*
 * Rows of the traces that begin in a stretch, made with its row of the index (`index/settle.ts`).
 */

/** Bytes of a text that is kept. No option: what is said of traces with longer ones is read from the roll-up. */
const mostBytes = 4_096;

export function rowsOfStretch(stretch: Stretch, made: MadeOf): SelectedRows {
  return {
    table: settledTraceRowsTable,
    columns: settledTraceRowsSchema.columns.map(({ name }) => name),
    select: rowsStatement(stretch, made),
  };
}

function rowsStatement(stretch: Stretch, madeOf: MadeOf): Statement {
  return statementOf(sql`SELECT ${param("String", stretch.project)}, toDateTime(${param("UInt32", stretch.hour)}, 'UTC'), ${param("UInt64", madeOf.Version)},
  toUUIDOrZero(TraceId), ${param("Int64", stretch.mark)}, text
FROM (
${exactTraces(stretch, madeOf, { columns: [], made: `${traceText} AS text` })}
)
WHERE begins AND isId AND length(text) <= ${raw(String(mostBytes))}`);
}

import type { Reader } from "../reader.ts";
import { allOf, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import type { TraceFilter } from "./filter.ts";
import { type ListPart, startsWithin } from "./list-statements.ts";
import { type Candidate, certain, type Selected, select } from "./select.ts";
import { isOneOf, startOfRow, type TraceScope } from "./statements.ts";

/*
 * The first traces of some hours, by start. An hour may have millions: their rows are put in order by the start that each says,
 * and only the traces of the first rows are put together.
 */

/** Rows beyond twice the traces that are asked for. */
const spare = 20;

/** How many times more rows are looked at where conditions leave too few traces. */
const growth = 4;

/** Rows that are looked at. No option: of more, all traces of the hours are put together, and the answer is the same. */
const mostRows = 5_000;

/** A row of the roll-up, and when it says that its trace started: nanoseconds since the epoch. */
interface NearRow {
  readonly traceId: string;
  readonly start: string;
}

/**
 * As `select`, in an order by start. Where spans were written again with another start, a trace is found by any of them.
 *
 * @param scope of the hours of `part.window`, and those beside; without a window, all
 */
export async function selectNearest(
  reader: Reader,
  scope: TraceScope,
  filter: TraceFilter,
  need: number,
  part: ListPart = {},
): Promise<Selected> {
  const { sortOrder } = filter;
  for (let most = 2 * need + spare; most <= mostRows; most *= growth) {
    const rows = await reader.rows<NearRow>(nearestRowsStatement(scope, filter, part, most));
    // Traces without a start, or with one that is far from their rows, are in no window.
    if (rows.length < most && part.window === undefined) break;
    if (rows.length === 0) return certain([]);
    const ids = [...new Set(rows.map(({ traceId }) => traceId))];
    const narrow = { ...scope, rows: [...scope.rows, isOneOf(ids)] };
    const { likely, sure } = await select(reader, narrow, filter, need, part);
    if (rows.length < most) return { likely, sure };
    // Of the traces that start with the last row, others may have been left out.
    const last = BigInt(rows.at(-1)!.start);
    const isKnown = ({ sortKey }: Candidate): boolean =>
      sortKey !== null && (sortOrder === "desc" ? BigInt(sortKey) > last : BigInt(sortKey) < last);
    const found = (await sure()).filter(isKnown);
    if (found.length >= need) return certain(found);
  }
  return select(reader, scope, filter, need, part);
}

/** The first rows of a window, each as often as its trace has rows there. */
export function nearestRowsStatement(
  { project, tables, rows }: TraceScope,
  { sortOrder, after }: Pick<TraceFilter, "sortOrder" | "after">,
  { window }: ListPart,
  most: number,
): Statement {
  const isDescending = sortOrder === "desc";
  const behind =
    after === undefined || !("key" in after)
      ? undefined
      : sql`startNs ${raw(isDescending ? "<=" : ">=")} ${param("Int64", after.key)}`;
  return statementOf(sql`SELECT TraceId AS traceId, toString(startNs) AS start
FROM (
  SELECT TraceId, ${raw(startOfRow)} AS startNs
  FROM ${raw(tables.traces)}
  WHERE ${allOf([ofProject(project), ...rows])}
)
WHERE ${allOf([window === undefined ? raw("isNotNull(startNs)") : startsWithin(window), behind])}
ORDER BY startNs ${raw(isDescending ? "DESC" : "ASC")}
LIMIT ${param("UInt64", most)}`);
}

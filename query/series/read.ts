import { ApiError } from "../../extensions/api/http/errors.ts";
import type { Reader } from "../reader.ts";
import { repeatedOf, repeatedStatement } from "../repeated.ts";
import {
  addedUp,
  type HourRows,
  isSettleable,
  rowsPerHour,
  rowsWhenSettled,
  settledStatement,
  splitHours,
} from "./settled.ts";
import { maxRows, repeatedScope, type SeriesRequest, type SeriesRow, seriesStatement } from "./statements.ts";

/**
 * The points of a series. Hours that were settled are not read again; what is not known of them is read from spans.
 *
 * @throws {ApiError} 400: more than an answer may have
 */
export async function readSeries(
  reader: Reader,
  wanted: Omit<SeriesRequest, "repeated" | "tables" | "ranges">,
  signal?: AbortSignal,
): Promise<readonly SeriesRow[]> {
  const request = { ...wanted, tables: reader.tables };
  const rows = isSettleable(request) ? await withSettled(reader, request, signal) : await live(reader, request, signal);
  if (rows.length <= maxRows) return rows;
  throw new ApiError(
    400,
    `the answer has more than ${maxRows} points: say longer buckets, a filter or another group_by`,
  );
}

type Request = Omit<SeriesRequest, "repeated">;

async function withSettled(reader: Reader, request: Request, signal?: AbortSignal): Promise<readonly SeriesRow[]> {
  const options = { signal };
  const [then, now] = await Promise.all(
    [rowsWhenSettled(request), rowsPerHour(request)].map(async (statement) => {
      const rows = await reader.rows<HourRows>(statement, options);
      return new Map(rows.map(({ At, Rows }) => [At, Number(Rows)]));
    }),
  );
  const parts = splitHours(request, now!, then!);
  if (parts.settled.length === 0) return live(reader, request, signal);
  const [settled, fresh] = await Promise.all([
    reader.rows<SeriesRow>(settledStatement(request, parts.settled), options),
    parts.live.length === 0 ? [] : live(reader, { ...request, ranges: parts.live }, signal),
  ]);
  return fresh.length === 0 ? settled : addedUp([...settled, ...fresh]);
}

/** From the spans themselves. */
async function live(reader: Reader, request: Request, signal?: AbortSignal): Promise<readonly SeriesRow[]> {
  const options = { signal };
  const repeated = repeatedOf(await reader.rows(repeatedStatement(repeatedScope(request)), options));
  return reader.rows<SeriesRow>(seriesStatement({ ...request, repeated }), options);
}

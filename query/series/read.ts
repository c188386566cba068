import { ApiError } from "../../extensions/api/http/errors.ts";
import type { Reader } from "../reader.ts";
import { repeatedOf, repeatedStatement } from "../repeated.ts";
import { maxRows, repeatedScope, type SeriesRequest, type SeriesRow, seriesStatement } from "./statements.ts";

/**
 * The points of a series.
 *
 * @throws {ApiError} 400: more than an answer may have
 */
export async function readSeries(
  reader: Reader,
  wanted: Omit<SeriesRequest, "repeated" | "tables">,
  signal?: AbortSignal,
): Promise<readonly SeriesRow[]> {
  const options = signal === undefined ? {} : { signal };
  const request = { ...wanted, tables: reader.tables };
  const repeated = repeatedOf(await reader.rows(repeatedStatement(repeatedScope(request)), options));
  const rows = await reader.rows<SeriesRow>(seriesStatement({ ...request, repeated }), options);
  if (rows.length <= maxRows) return rows;
  throw new ApiError(
    400,
    `the answer has more than ${maxRows} points: say longer buckets, a filter or another group_by`,
  );
}

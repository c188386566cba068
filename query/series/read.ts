import { ApiError } from "../../extensions/api/http/errors.ts";
import type { Reader } from "../reader.ts";
import { repeatedOf, repeatedStatement } from "../repeated.ts";
import type { SettledMark } from "../settled/hours.ts";
import {
  addedUp,
  type HourRows,
  isSettleable,
  rowsPerHour,
  rowsWhenSettled,
  settledStatement,
  splitHours,
} from "./settled.ts";
import { repeatedScope, type SeriesRequest, type SeriesRow, seriesStatement } from "./statements.ts";

/** How a series is read. */
export interface SeriesOptions {
  /** Groups times buckets of an answer. */
  readonly maxPoints: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The points of a series. Hours that were settled are not read again; what is not known of them is read from spans.
 *
 * @throws {ApiError} 400: more than an answer may have
 */
export async function readSeries(
  reader: Reader,
  wanted: Omit<SeriesRequest, "repeated" | "tables" | "ranges">,
  options: SeriesOptions,
): Promise<readonly SeriesRow[]> {
  const request = { ...wanted, tables: reader.tables };
  const rows = isSettleable(request)
    ? await withSettled(reader, request, options)
    : await live(reader, request, options);
  const { maxPoints } = options;
  if (rows.length <= maxPoints) return rows;
  throw new ApiError(
    400,
    `the answer has more than ${maxPoints} points (series.max_points): say longer buckets, a filter or another group_by`,
  );
}

type Request = Omit<SeriesRequest, "repeated">;

async function withSettled(reader: Reader, request: Request, options: SeriesOptions): Promise<readonly SeriesRow[]> {
  const { signal } = options;
  const [counted, settled] = await Promise.all([
    reader.rows<HourRows>(rowsPerHour(request), { signal }),
    reader.rows<SettledMark>(rowsWhenSettled(request), { signal }),
  ]);
  const now = new Map(counted.map(({ At, Rows }) => [At, Number(Rows)]));
  const then = new Map(settled.map(({ At, Mark }) => [At, Number(Mark)]));
  const parts = splitHours(request, now, then);
  if (parts.settled.length === 0) return live(reader, request, options);
  const [ended, fresh] = await Promise.all([
    reader.rows<SeriesRow>(settledStatement(request, parts.settled), { signal }),
    parts.live.length === 0 ? [] : live(reader, { ...request, ranges: parts.live }, options),
  ]);
  return fresh.length === 0 ? ended : addedUp([...ended, ...fresh]);
}

/** From the spans themselves. */
async function live(
  reader: Reader,
  request: Request,
  { maxPoints, signal }: SeriesOptions,
): Promise<readonly SeriesRow[]> {
  const repeated = repeatedOf(await reader.rows(repeatedStatement(repeatedScope(request)), { signal }));
  return reader.rows<SeriesRow>(seriesStatement({ ...request, repeated }, maxPoints), { signal });
}

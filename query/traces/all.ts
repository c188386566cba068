import { pagesOfAll } from "../all-rows.ts";
import type { Reader } from "../reader.ts";
import type { TraceFilter } from "./filter.ts";
import { traceKeys } from "./list.ts";
import type { ListedTrace } from "./list-statements.ts";
import { readTracesOfKeys, type TraceRead } from "./read.ts";

/**
 * All traces that fulfil the conditions, behind the first `offset` and at most `limit` at a time.
 *
 * @param mostKeys held at a time, and in an order other than by start the most traces of the list
 * @throws {ApiError} 400, before the first trace: there are more, in an order other than by start
 */
export function allTraces(
  reader: Reader,
  project: string,
  filter: TraceFilter,
  mostKeys: number,
): AsyncGenerator<readonly TraceRead[]> {
  return pagesOfAll<ListedTrace, TraceRead>(
    {
      from: filter.after,
      mostKeys,
      endless: { sortBy: "started_at", isAsked: filter.sortBy === "started_at" },
      keys: (need, after) => traceKeys(reader, project, { ...filter, after }, need),
      positionOf: ({ traceId, startNs = null }) => ({ key: startNs, id: traceId }),
      rows: (keys) => readTracesOfKeys(reader, project, keys),
    },
    filter,
  );
}

import type { SeriesConfig } from "../series/config.ts";
import { spanSeriesSettlement } from "../series/settle.ts";
import { sessionListSettlement } from "../sessions/lists/settle.ts";
import { sessionDaySettlement } from "../sessions/rows/settle.ts";
import { sessionSettlement } from "../sessions/sums/settle.ts";
import { traceIndexSettlement } from "../traces/index/settle.ts";
import { traceListSettlement } from "../traces/lists/settle.ts";
import type { DaySettlement, Settlement } from "./settlement.ts";

/** All that is kept of days. */
export const daySettlements: readonly DaySettlement[] = [sessionDaySettlement];

/** All that is added up of hours. */
export function settlementsOf({ max_groups, max_sessions, max_traces }: SeriesConfig): readonly Settlement[] {
  return [
    spanSeriesSettlement(max_groups),
    sessionSettlement(max_sessions),
    sessionListSettlement(),
    traceListSettlement(),
    traceIndexSettlement(max_traces),
  ];
}

import { pino } from "pino";
import { type SeriesConfig, seriesSchema } from "../../query/series/config.ts";
import type { DaySettlement, Settlement } from "../../query/settled/settlement.ts";
import { Settler } from "../../query/settled/settler.ts";
import { midnight, type TestStore } from "./support.ts";

/** A settler over a test's store, which waits for nothing unless it is told to. */
export function settlerOf(
  store: TestStore,
  settlements: readonly Settlement[],
  config: SeriesConfig = seriesSchema.parse({ quiet_time: "0s", pause: "0s" }),
  daySettlements: readonly DaySettlement[] = [],
): Settler {
  return new Settler({
    reader: store.reader,
    insert: (table, rows) => store.settled(table, rows),
    insertSelected: (rows, signal) => store.insertSelected(rows, signal),
    settlements,
    daySettlements,
    config,
    logger: pino({ level: "silent" }),
  });
}

/** Adds up what is due. Times in milliseconds after `midnight`. @returns how many stretches were */
export function settleBetween(
  store: TestStore,
  settlements: readonly Settlement[],
  from: number,
  to: number,
): Promise<number> {
  return settlerOf(store, settlements).settle((midnight + from) / 1_000, (midnight + to) / 1_000);
}

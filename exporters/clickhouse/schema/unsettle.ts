import type { ClickHouseClient } from "@clickhouse/client";
import { tableExists } from "./migrations.ts";
import { settledHourSchemas } from "./settled.ts";
import { stretchHours } from "./settled-table.ts";
import { spanSeriesTable } from "./span-series.ts";
import type { Ddl } from "./sql.ts";

/** No roll-up counts so: whatever has this mark is added up again. */
const unsettled = -1;

/** A table of settled hours. */
interface SettledTable {
  readonly table: string;
  readonly mark: string;
  /** Hours before a day of which rows begin that hold something of it. */
  readonly hoursBefore: number;
}

/** Hours beside a day too: sums hold versions of its spans, and traces that go on in it. */
const tables: readonly SettledTable[] = settledHourSchemas.map(({ table }) =>
  table === spanSeriesTable
    ? { table, mark: "Rows", hoursBefore: 1 }
    : { table, mark: "Mark", hoursBefore: stretchHours + 1 },
);

/** Says that the settled hours of a day hold no more, because spans were changed in place. @param day such as 2026-11-21 */
export async function unsettleDay(client: ClickHouseClient, ddl: Ddl, day: string): Promise<void> {
  for (const table of tables) {
    if (!(await tableExists(client, ddl.database, table.table))) continue;
    await client.command({ query: unsettleStatement(ddl, table), query_params: { day } });
  }
}

/** Sums stay, for who is reading them just now. */
function unsettleStatement(ddl: Ddl, { table, mark, hoursBefore }: SettledTable): string {
  const name = ddl.table(table);
  return `INSERT INTO ${name}
SELECT * REPLACE (toUnixTimestamp64Milli(now64(3)) AS Version, ${unsettled} AS ${mark})
FROM ${name} FINAL
WHERE Hour >= toDateTime({day: String}, 'UTC') - toIntervalHour(${hoursBefore}) AND Hour <= toDateTime({day: String}, 'UTC') + toIntervalHour(24)`;
}

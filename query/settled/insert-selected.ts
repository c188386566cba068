import type { ClickHouseClient } from "@clickhouse/client";
import { type ReadLimits, textSettings } from "../reader.ts";
import type { SelectedRows } from "./settlement.ts";

/**
 * Stores what a SELECT makes; none of it passes through this process.
 *
 * @param tableOf the quoted name of a table with its database
 * @throws {ClickHouseError} the server refused, or a limit was passed
 */
export async function insertSelected(
  client: ClickHouseClient,
  tableOf: (name: string) => string,
  { table, columns, select }: SelectedRows,
  { limits, signal }: { readonly limits: ReadLimits; readonly signal: AbortSignal },
): Promise<void> {
  await client.command({
    query: `INSERT INTO ${tableOf(table)} (${columns.join(", ")})\n${select.query}`,
    query_params: { ...select.params },
    clickhouse_settings: {
      ...textSettings,
      max_execution_time: limits.maxExecutionSeconds,
      max_memory_usage: String(limits.maxMemoryBytes),
    },
    abort_signal: signal,
  });
}

import type { ClickHouseClient } from "@clickhouse/client";
import type { ReadLimits } from "../reader.ts";
import type { SelectedRow } from "./settlement.ts";

/**
 * Stores what a SELECT makes; none of it passes through this process.
 *
 * @param table quoted name with its database
 * @throws {ClickHouseError} the server refused, or a limit was passed
 */
export async function insertSelected(
  client: ClickHouseClient,
  table: string,
  { columns, select }: SelectedRow,
  { limits, signal }: { readonly limits: ReadLimits; readonly signal: AbortSignal },
): Promise<void> {
  await client.command({
    query: `INSERT INTO ${table} (${columns.join(", ")})\n${select.query}`,
    query_params: { ...select.params },
    clickhouse_settings: {
      max_execution_time: limits.maxExecutionSeconds,
      max_memory_usage: String(limits.maxMemoryBytes),
    },
    abort_signal: signal,
  });
}

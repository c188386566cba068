import { setTimeout as sleep } from "node:timers/promises";
import { quoteText } from "./sql.ts";
import { largeStatements, type SpanTable, select } from "./table.ts";

interface Mutation {
  readonly mutation_id: string;
  readonly latest_fail_reason: string;
}

/** Updates of costs that are under way, of this process or of one before it. */
function unfinished(table: SpanTable): Promise<Mutation[]> {
  return select<Mutation>(
    table,
    `SELECT mutation_id, latest_fail_reason FROM ${table.mutations}
WHERE database = ${quoteText(table.database)} AND table = ${quoteText(table.name)}
  AND NOT is_done AND NOT is_killed AND positionCaseInsensitive(command, 'UPDATE Cost = ') > 0`,
  );
}

const longestPauseMs = 2_000;

/**
 * Waits until no update of costs is under way.
 *
 * @throws {Error} an update fails again and again; it is taken back first, so that it does not run for ever
 */
export async function settleMutations(table: SpanTable): Promise<void> {
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const open = await unfinished(table);
    if (open.length === 0) return;
    const failed = open.find(({ latest_fail_reason: reason }) => reason !== "");
    if (failed !== undefined) {
      await kill(table, failed);
      throw new Error(`cost: the update of ${table.target} failed: ${failed.latest_fail_reason}`);
    }
    await sleep(pauseMs);
  }
}

/**
 * Whether the table takes lightweight updates, which write only what changes, in a hundredth of the time of a mutation. They
 * need columns that say where a row came from and a server that knows them (ClickHouse 25.8 and later), and are left to tables on
 * a single server.
 */
async function takesLightweightUpdates(table: SpanTable): Promise<boolean> {
  if (table.isClustered) return false;
  const [found] = await select<{ engine_full: string }>(
    table,
    `SELECT engine_full FROM system.tables WHERE database = ${quoteText(table.database)} AND name = ${quoteText(table.name)}
    AND 'enable_lightweight_update' IN (SELECT name FROM system.settings)`,
  );
  const needed = ["enable_block_number_column = 1", "enable_block_offset_column = 1"];
  return found !== undefined && needed.every((setting) => found.engine_full.includes(setting));
}

/** Changes rows of one partition and waits until all are changed. Rows that come meanwhile are left alone. */
export async function updatePartition(
  table: SpanTable,
  partition: string,
  assignments: string,
  condition: string,
): Promise<void> {
  if (await takesLightweightUpdates(table)) {
    const query = `UPDATE ${table.target}\nSET ${assignments}\nWHERE _partition_id = ${quoteText(partition)} AND ${condition}`;
    await table.client.command({ query, clickhouse_settings: { ...largeStatements, enable_lightweight_update: 1 } });
    return;
  }
  const query = `ALTER TABLE ${table.target}\nUPDATE ${assignments}\nIN PARTITION ID ${quoteText(partition)}\nWHERE ${condition}`;
  await table.client.command({ query, clickhouse_settings: settings });
  await settleMutations(table);
}

// Waited for by asking, because a large partition may take longer than a request.
const settings = { ...largeStatements, mutations_sync: "0" } as const;

async function kill(table: SpanTable, { mutation_id: id }: Mutation): Promise<void> {
  const query = `KILL MUTATION WHERE database = ${quoteText(table.database)} AND table = ${quoteText(table.name)} AND mutation_id = ${quoteText(id)}`;
  await table.client.command({ query });
}

import { ClickHouseError } from "@clickhouse/client";
import { settledSchemas } from "../../exporters/clickhouse/schema/settled.ts";
import type { Reader, ReadOptions, StoreTables } from "../reader.ts";
import { param, raw, type Statement, sql, statementOf } from "../sql.ts";

/** What says which server it is from. */
export interface FromServer {
  /** As it calls itself: another one may have other rows in parts of other names. */
  readonly Server: string;
}

/** The column of `FromServer`. */
export const fromServer = raw("toString(serverUUID()) AS Server");

/** A partition of a table on the server that was asked: as long as its parts are the same, so are its rows. */
export interface PartitionParts extends FromServer {
  /** Not quoted. */
  readonly Table: string;
  readonly Partition: string;
  readonly Parts: string;
  /** What was stored in it: the same after merges, and another whenever something comes. */
  readonly Blocks: string;
  /** Seconds for which its parts have been the same. */
  readonly Age: number;
}

/** The parts of the roll-ups and of what is made of them. None of tables that are not this server's own, or may not be looked into. */
export async function partsOf(reader: Reader, options: ReadOptions = {}): Promise<readonly PartitionParts[]> {
  try {
    return await reader.rows<PartitionParts>(partsStatement(reader.tables), options);
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === accessDenied) return [];
    throw error;
  }
}

/** A user that may read tables need not be let into those of the system. */
const accessDenied = "497";

/**
 * Blocks of a table get their numbers when they are stored, one after the other. Replicas fetch them in any order, so that there
 * all that are there are counted: to merge those between which one is missing then looks like something that comes, too.
 */
const blocks = `concat(toString(max(max_block_number)), ' ', toString(sumIf(max_block_number - min_block_number + 1, match(engine, '^(Replicated|Shared)'))))`;

export function partsStatement({ rollUps: { database, traces, sessions } }: StoreTables): Statement {
  const tables = [traces, sessions, ...settledSchemas.map((schema) => schema.table)];
  return statementOf(sql`SELECT table AS Table, partition_id AS Partition, toString(groupBitXor(sipHash64(name))) AS Parts, ${raw(blocks)} AS Blocks,
  dateDiff('second', max(modification_time), now()) AS Age, ${fromServer}
FROM system.parts
WHERE active AND database = ${param("String", database)} AND table IN ${param("Array(String)", tables)}
GROUP BY table, partition_id`);
}

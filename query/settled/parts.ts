import { ClickHouseError } from "@clickhouse/client";
import { settledSchemas } from "../../exporters/clickhouse/schema/settled.ts";
import type { Reader, StoreTables } from "../reader.ts";
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
}

/** The parts of the roll-up of traces and of what is made of it. None of tables that are not this server's own, or may not be looked into. */
export async function partsOf(reader: Reader): Promise<readonly PartitionParts[]> {
  try {
    return await reader.rows<PartitionParts>(partsStatement(reader.tables));
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === accessDenied) return [];
    throw error;
  }
}

/** A user that may read tables need not be let into those of the system. */
const accessDenied = "497";

export function partsStatement({ tracesName: { database, table } }: StoreTables): Statement {
  const tables = [table, ...settledSchemas.map((schema) => schema.table)];
  return statementOf(sql`SELECT table AS Table, partition_id AS Partition, toString(groupBitXor(sipHash64(name))) AS Parts, ${fromServer}
FROM system.parts
WHERE active AND database = ${param("String", database)} AND table IN ${param("Array(String)", tables)}
GROUP BY table, partition_id`);
}

import type { ClickHouseConfig } from "../config.ts";

/** An identifier in backticks, whatever it holds. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** What DDL statements of one exporter have in common. */
export interface Ddl {
  /** Not quoted. */
  readonly database: string;
  /** A table's quoted name with its database. */
  table(name: string): string;
  /** ` ON CLUSTER name`, or nothing. */
  readonly onCluster: string;
  /**
   * Engine clause of the configured family, such as `ReplicatedAggregatingMergeTree('/path', '{replica}')`.
   *
   * @param version of a Replacing engine: the column whose greatest value stays; without it the row inserted last stays
   */
  engine(kind: "" | "Aggregating" | "Replacing", version?: string): string;
  readonly isReplicated: boolean;
  /** Milliseconds; 0 for none. */
  readonly ttlMs: number;
}

export function ddlOf(config: ClickHouseConfig, database: string): Ddl {
  const { name, params } = config.table_engine;
  const family = name.slice(0, -"MergeTree".length);
  return {
    database,
    table: (table) => `${quoteName(database)}.${quoteName(table)}`,
    onCluster: config.cluster_name === "" ? "" : ` ON CLUSTER ${quoteName(config.cluster_name)}`,
    engine: (kind, version) =>
      `${family}${kind}MergeTree(${[params, version ?? ""].filter((part) => part !== "").join(", ")})`,
    isReplicated: family !== "",
    ttlMs: config.ttl,
  };
}

/** `TTL` clause for rows whose time is `expression`, or nothing. Whole days, hours, minutes or seconds. */
export function ttlClause(expression: string, ttlMs: number): string {
  const seconds = Math.ceil(ttlMs / 1_000);
  if (seconds === 0) return "";
  const units = [
    [86_400, "toIntervalDay"],
    [3_600, "toIntervalHour"],
    [60, "toIntervalMinute"],
  ] as const;
  const [size, unit] = units.find(([length]) => seconds % length === 0) ?? [1, "toIntervalSecond"];
  return `TTL ${expression} + ${unit}(${seconds / size})`;
}

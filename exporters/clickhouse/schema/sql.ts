import { storedProjectId } from "../../../pipeline/ids.ts";
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
  /** The age at which rows of a table are deleted. */
  retention(table: string): Retention;
}

/** Ages at which rows are deleted, in milliseconds; 0 for never, infinite for never although the table may have had an age. */
export interface Retention {
  readonly ms: number;
  /** Of the rows of some projects: column ProjectId, age. */
  readonly projects: readonly (readonly [projectId: string, ms: number])[];
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
    retention: (table) => ({
      ms: config.table_ttl[table] ?? config.ttl,
      projects: Object.entries(config.project_ttl).map(([id, ms]) => [storedProjectId(id), ms] as const),
    }),
  };
}

/** Rows that grow old. */
export interface Expiring {
  /** Not quoted. */
  readonly table: string;
  /** Expression of the time since which a row grows old; a Date or DateTime. Left out: rows never do. */
  readonly time?: string;
  /** Whether rows say their project in ProjectId. */
  readonly hasProjects?: boolean;
  /** Tables whose rows it is of no use without: it keeps its own as long as any of them. */
  readonly keptWith?: readonly string[];
}

/** The age at which rows are deleted. */
export function retentionOf(ddl: Ddl, { table, keptWith }: Expiring): Retention {
  if (keptWith === undefined) return ddl.retention(table);
  const ages = keptWith
    .map((other) => ddl.retention(other))
    .flatMap(({ ms, projects }) => [ms, ...projects.map(([, age]) => age)]);
  const longest = ages.includes(0) ? Number.POSITIVE_INFINITY : Math.max(...ages);
  return { ms: ages.every((age) => age === 0) ? 0 : longest, projects: [] };
}

/** The expression behind TTL: when a row is to go; nothing where none ever does. */
export function ttlExpression({ time, hasProjects }: Expiring, { ms, projects }: Retention): string | undefined {
  if (time === undefined) return undefined;
  const never = "toDateTime(4294967295)";
  if (ms === Number.POSITIVE_INFINITY) return `greatest(${time}, ${never})`;
  if (hasProjects !== true || projects.length === 0) return ms === 0 ? undefined : after(time, ms);
  const end = (age: number): string => (age === 0 ? never : `toDateTime(${after(time, age)})`);
  const own = projects.map(([id, age]) => `ProjectId = ${quoteText(id)}, ${end(age)}`);
  return `multiIf(${own.join(", ")}, ${end(ms)})`;
}

/** Whole days, hours, minutes or seconds. */
function after(time: string, ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  const units = [
    [86_400, "toIntervalDay"],
    [3_600, "toIntervalHour"],
    [60, "toIntervalMinute"],
  ] as const;
  const [size, unit] = units.find(([length]) => seconds % length === 0) ?? [1, "toIntervalSecond"];
  return `${time} + ${unit}(${seconds / size})`;
}

/** A text in quotes, whatever it holds. */
function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

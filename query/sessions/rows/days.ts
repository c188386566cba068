import type { Reader, StoreTables } from "../../reader.ts";
import type { CountedStretches } from "../../settled/counted-hours.ts";
import { type FromServer, fromServer, type PartitionParts } from "../../settled/parts.ts";
import { ofProject, raw, type Statement, sql, statementOf } from "../../sql.ts";

/*
 * Days on which sessions came, of which all rows are kept (`settle.ts`). Each is a partition of the roll-up of sessions.
 */

/** Days as the ids of their partitions: `20261121`. */
export interface SettledDays {
  readonly days: readonly string[];
  /** That has them. */
  readonly server: string;
}

/** The id of the partition that a row of settled days or sessions is of (an expression). */
export const dayOf = "toString(toYYYYMMDD(Hour, 'UTC'))";

export function dayParts(parts: readonly PartitionParts[], { rollUps }: StoreTables): readonly PartitionParts[] {
  return parts.filter(({ Table, Partition }) => Table === rollUps.sessions && /^\d{8}$/.test(Partition));
}

interface DayRow extends FromServer {
  readonly Day: string;
  readonly Mark: string;
}

/** The days of a project to which nothing has come since their rows were kept. */
export async function settledDays(
  { tables }: Reader,
  project: string,
  { parts, remembered }: Pick<CountedStretches<unknown>, "parts" | "remembered">,
): Promise<SettledDays> {
  const now = new Map(dayParts(parts, tables).map((day) => [day.Partition, day]));
  const statement = daysStatement(project, tables);
  const kept = now.size === 0 ? [] : await remembered<DayRow>({ table: "settledSessionDays", statement });
  const holds = ({ Day, Mark, Server }: DayRow): boolean =>
    now.get(Day)?.Blocks === Mark && now.get(Day)?.Server === Server;
  return { days: kept.filter(holds).map(({ Day }) => Day), server: parts[0]?.Server ?? "" };
}

export function daysStatement(project: string, { settledSessionDays }: StoreTables): Statement {
  return statementOf(sql`SELECT ${raw(dayOf)} AS Day, Mark, ${fromServer}
FROM ${raw(settledSessionDays)} FINAL
WHERE ${ofProject(project)}`);
}
